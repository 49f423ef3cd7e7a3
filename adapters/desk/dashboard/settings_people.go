package dashboard

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/notify"
)

// told are the kinds of notifications that a person chooses about.
var told = []leads.NotificationKind{
	leads.NotifyNew, leads.NotifyReturned, leads.NotifyHot, leads.NotifyAssigned, leads.NotifyReplied, leads.NotifyWaiting, leads.NotifyDead, leads.NotifyCustom,
}

// preferencesPage is what the user wants to hear of.
type preferencesPage struct {
	Kept    bool // what is chosen has an effect
	Person  notify.Person
	Kinds   []modeRow
	Modes   []notify.Mode
	Quiet   []spanRow
	Days    []dayBox
	Levels  []levelBox
	Sources []sourceBox
}

type modeRow struct {
	Kind leads.NotificationKind
	Mode notify.Mode
}

// spanRow is a span of time in the form.
type spanRow struct {
	N        int
	From, To string
	Days     []dayBox
}

type levelBox struct {
	Level leads.Qualification
	On    bool
}

type sourceBox struct {
	ID, Name string
	On       bool
}

// maxSpans bounds the spans of a form.
const maxSpans = 20

// kept reports whether what the user chooses has an effect: the host's people are those of desk.Directory, and the user is among them.
func (p *page) kept() bool {
	directory, ok := p.board.opts.People.(*desk.PeopleDirectory)
	if !ok {
		return false
	}
	people, err := directory.People(p.ctx(), p.user.Tenant)
	return err == nil && slices.ContainsFunc(people, func(x notify.Person) bool { return x.ID == p.user.ID })
}

func (p *page) me() notify.Person {
	if i := slices.IndexFunc(p.team, func(x notify.Person) bool { return x.ID == p.user.ID }); i >= 0 {
		return p.team[i]
	}
	return notify.Person{ID: p.user.ID, Name: p.user.Name}
}

func showPreferences(p *page) error {
	data, err := p.preferencesPage(p.me())
	if err != nil {
		return err
	}
	return p.show("preferences", p.part("me", data))
}

func (p *page) preferencesPage(me notify.Person) (preferencesPage, error) {
	x := me.Preferences
	data := preferencesPage{Kept: p.kept(), Person: me, Modes: []notify.Mode{notify.Instant, notify.Digest, notify.Off}, Quiet: spanRows(x.Quiet), Days: weekdayBoxes(x.DigestDays)}
	for _, kind := range told {
		data.Kinds = append(data.Kinds, modeRow{kind, cmp.Or(x.Modes[kind], notify.Instant)})
	}
	for _, level := range []leads.Qualification{leads.Hot, leads.Warm, leads.Cold} {
		data.Levels = append(data.Levels, levelBox{level, slices.Contains(x.Qualifications, level)})
	}
	sources, err := p.desk().Sources(p.ctx(), p.user)
	for _, s := range sources {
		data.Sources = append(data.Sources, sourceBox{s.ID, s.Name, slices.Contains(x.Sources, s.ID)})
	}
	return data, err
}

func weekdayBoxes(days []time.Weekday) []dayBox { return dayBoxes(days) }

// spanRows are the spans, and an empty row for one more.
func spanRows(hours notify.Hours) []spanRow {
	var rows []spanRow
	for i, s := range append(slices.Clone(hours), notify.Span{}) {
		rows = append(rows, spanRow{N: i, From: s.From, To: s.To, Days: weekdayBoxes(s.Days)})
	}
	return rows
}

// spans reads spans whose fields have a prefix in the form.
func (p *page) spans(prefix string) notify.Hours {
	f := reader{page: p}
	var hours notify.Hours
	for i := range maxSpans {
		from, to := p.form(fmt.Sprintf("%s%d.from", prefix, i)), p.form(fmt.Sprintf("%s%d.to", prefix, i))
		if from != "" || to != "" {
			hours = append(hours, notify.Span{Days: f.days(fmt.Sprintf("%s%d.days", prefix, i)), From: from, To: to})
		}
	}
	return hours
}

func savePreferences(p *page) error {
	if !p.kept() {
		return leads.ErrNotFound
	}
	f := reader{page: p}
	me := p.me()
	me.Zone = p.form("zone")
	me.Preferences = notify.Preferences{
		Modes: make(map[leads.NotificationKind]notify.Mode), Quiet: p.spans("quiet"), QuietHot: p.form("quietHot") != "",
		DigestAt: values(p.form("digestAt")), DigestDays: f.days("digestDays"), Sources: p.r.PostForm["source"], OwnOnly: p.form("ownOnly") != "",
	}
	for _, kind := range told {
		if mode := p.form("mode." + string(kind)); mode != "" {
			me.Preferences.Modes[kind] = notify.Mode(mode)
		}
	}
	for _, level := range p.r.PostForm["level"] {
		me.Preferences.Qualifications = append(me.Preferences.Qualifications, leads.Qualification(level))
	}
	err := p.desk().SetPreferences(p.ctx(), p.user, me)
	if err == nil {
		return p.done("/settings", "preferences.saved")
	}
	data, pageErr := p.preferencesPage(me)
	return cmp.Or(pageErr, p.invalid(err, "preferences", p.part("me", data)))
}

// teamPage is who is in the team, and how leads are handed out.
type teamPage struct {
	Kept    bool
	People  []teamRow
	Routing *notify.RouteOptions
	Names   map[string]string // of sources
}

type teamRow struct {
	notify.Person
	Hours []spanRow
	Edit  bool // its form is shown
}

func showTeam(p *page) error { return p.showTeam(nil) }

func (p *page) showTeam(wrong error) error {
	_, kept := p.board.opts.People.(*desk.PeopleDirectory)
	names, err := p.sourceNames()
	if err != nil {
		return err
	}
	data := teamPage{Kept: kept, Routing: p.board.opts.Routing, Names: names}
	for _, person := range p.team {
		data.People = append(data.People, teamRow{person, spanRows(person.Hours), wrong != nil && person.ID == p.form("person")})
	}
	if wrong != nil {
		return p.invalid(wrong, "team", p.part("team", data))
	}
	return p.show("team", p.part("team", data))
}

// Spans shows hours in words: "mon, tue 09:00–17:00".
func (v *view) Spans(hours notify.Hours) string {
	var spans []string
	for _, s := range hours {
		var days []string
		for _, d := range dayBoxes(s.Days) {
			if d.On {
				days = append(days, v.board.texts.word("day", d.Day))
			}
		}
		spans = append(spans, strings.TrimSpace(strings.Join(days, ", ")+" "+s.From+"–"+s.To))
	}
	return strings.Join(spans, "; ")
}

func saveShare(p *page) error {
	if _, kept := p.board.opts.People.(*desk.PeopleDirectory); !kept {
		return leads.ErrNotFound
	}
	i := slices.IndexFunc(p.team, func(x notify.Person) bool { return x.ID == p.form("person") })
	if i < 0 {
		return leads.ErrNotFound
	}
	who := notify.Person{ID: p.team[i].ID, Hours: p.spans("hours")}
	var errs [2]error
	who.Weight, errs[0] = strconv.Atoi(cmp.Or(p.form("weight"), "0"))
	who.Capacity, errs[1] = strconv.Atoi(cmp.Or(p.form("capacity"), "0"))
	if errs[0] != nil || errs[1] != nil {
		return errForm // the fields take numbers only
	}
	if err := p.desk().SetShare(p.ctx(), p.user, who); err != nil {
		if !isInvalid(err) {
			return err
		}
		return p.showTeam(err)
	}
	return p.done("/settings/team", "share.saved")
}
