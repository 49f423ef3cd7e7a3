package bunstore

import "github.com/openleads/leads"

// fold merges the members into their leads, in order, and returns what is to be written.
func fold(members []*member) (*changes, error) {
	c := &changes{
		submissions: make([]*submissionRow, 0, len(members)),
		events:      make([]eventRow, 0, len(members)),
		tasks:       make([]taskRow, 0, len(members)),
		leads:       make([]leadRow, 0, len(members)),
	}
	for _, m := range members {
		if m.got.Repeated {
			continue
		}
		var lead uid
		if m.person != nil {
			if err := m.fold(c); err != nil {
				return nil, err
			}
			lead = m.person.leadID
		}
		if err := m.record(c, lead); err != nil {
			return nil, err
		}
	}
	answerRepeats(members)
	return c, c.addLeads(members)
}

// fold merges one member into its lead.
func (m *member) fold(c *changes) error {
	p := m.person
	if p.lead.Version == 0 {
		p.lead = leads.Lead{Tenant: p.tenant, ID: p.leadID.String()}
	}
	before := p.lead
	folded := leads.Fold(p.lead, m.sub)
	if folded.Lead.ID != before.ID {
		if err := c.leave(p, &folded.Lead); err != nil {
			return err
		}
	}
	p.changed = p.changed || folded.Created || folded.Lead.Version != before.Version
	p.lead = folded.Lead
	m.sub.DuplicateOf = folded.DuplicateOf
	m.got.LeadID, m.got.Created, m.got.DuplicateOf = folded.Lead.ID, folded.Created, folded.DuplicateOf
	if m.release {
		folded.Events = append(folded.Events, leads.Event{
			Tenant: p.tenant, ID: leads.NewID(), LeadID: folded.Lead.ID, Kind: leads.EventReleased, At: m.sub.Received, SubmissionID: m.sub.ID,
		})
	}
	c.announce = c.announce || len(folded.Tasks) > 0
	return c.add(folded.Events, folded.Tasks)
}

// leave writes what has become of the person's lead so far, because the identity now belongs to another one.
func (c *changes) leave(p *person, to *leads.Lead) error {
	if p.changed {
		if err := c.addLead(&p.lead); err != nil {
			return err
		}
		p.changed = false
	}
	id, err := checkID("Lead.ID", to.ID, false)
	p.leadID = id
	c.repoints = append(c.repoints, p)
	return err
}

// record adds the member's submission.
func (m *member) record(c *changes, lead uid) error {
	if err := m.row.fill(&m.sub, lead); err != nil {
		return err
	}
	m.row.ID, m.row.SourceID = m.id, m.source
	c.submissions = append(c.submissions, &m.row)
	if use := m.use; use != nil && use.first == m {
		use.lead = lead
		if lead != use.ownLead {
			c.keys = append(c.keys, use)
		}
	}
	return nil
}

// answerRepeats answers the members that repeat an earlier submission, be it of this batch or stored long ago.
func answerRepeats(members []*member) {
	for _, m := range members {
		if m.got.Repeated {
			m.got.SubmissionID, m.got.LeadID = m.use.submission.String(), m.use.lead.String()
		}
	}
}

func (c *changes) addLeads(members []*member) error {
	for _, m := range members {
		if p := m.person; p != nil && p.changed {
			p.changed = false
			if err := c.addLead(&p.lead); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *changes) addLead(lead *leads.Lead) error {
	r, err := rowOfLead(lead)
	c.leads = append(c.leads, r)
	return err
}

func (c *changes) add(events []leads.Event, tasks []leads.Task) error {
	for i := range events {
		r, err := rowOfEvent(&events[i])
		if err != nil {
			return err
		}
		c.events = append(c.events, r)
	}
	for i := range tasks {
		r, err := rowOfTask(&tasks[i])
		if err != nil {
			return err
		}
		c.tasks = append(c.tasks, r)
	}
	return nil
}
