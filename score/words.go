package score

import "strings"

// The word lists of DefaultRubric, in English, German, French, Spanish and Portuguese. Accents are left out where it is easier to
// read so: they do not matter.

func words(lists ...string) []string {
	var all []string
	for _, list := range lists {
		for phrase := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || r == '\n' }) {
			if phrase = strings.TrimSpace(phrase); phrase != "" {
				all = append(all, phrase)
			}
		}
	}
	return all
}

func demoWords() []string {
	return words(`
demo, demos, walkthrough, product tour, free trial, trial account, trial version, trial access, schedule a call, book a call, set up a call,
give me a call, give us a call, call me, call us, call back, phone call, quick call, a call with, have a call, arrange a meeting, schedule a meeting,
book a meeting, set up a meeting, meet with, talk to sales, contact sales, speak to someone, talk to someone, speak with, talk to your team,
proof of concept, poc, pilot project, start a pilot, see it in action, show us, show me`, `
Vorführung, Produktvorführung, Vorfuehrung, Testzugang, Testversion, Testphase, kostenlos testen, rufen Sie, Rückruf, Rueckruf, zurückrufen, zurueckrufen,
Termin vereinbaren, Termin ausmachen, Terminvereinbarung, Gespräch vereinbaren, Beratungstermin, Beratungsgespräch, Beratungsgespraech, Erstgespräch, einen Termin,
telefonieren, Pilotprojekt, zeigen Sie uns, Präsentation`, `
démo, démonstration, essai gratuit, version d'essai, rappelez-moi, rappelez-nous, me rappeler, nous rappeler, être rappelé, prendre rendez-vous, un rendez-vous,
entretien téléphonique, un appel, une présentation, projet pilote`, `
demostración, prueba gratuita, prueba gratis, llámenme, llamadme, me llamen, nos llamen, agendar una llamada, agendar una reunión, concertar una cita,
una reunión, una llamada, proyecto piloto`, `
demonstração, teste grátis, teste gratuito, período de teste, me liguem, me ligar, me ligue, agendar uma reunião, marcar uma reunião, agendar uma chamada,
marcar uma chamada, uma reunião, uma ligação, projeto piloto`)
}

func informationWords() []string {
	return words(`
more information, more info, further information, tell me more, tell us more, learn more, know more, find out more, interested in, we are interested, more details, brochure, send me information`, `
mehr Informationen, weitere Informationen, mehr erfahren, Infomaterial, Informationsmaterial, Prospekt, Interesse an, interessiere mich, interessieren uns`, `
plus d'informations, en savoir plus, renseignements, intéressé par, intéressée par, intéressés par, je m'intéresse, documentation`, `
más información, saber más, me interesa, nos interesa, estamos interesados, estoy interesado, estoy interesada, folleto`, `
mais informações, saber mais, tenho interesse, temos interesse, me interessa, estou interessado, estou interessada, folheto`)
}

func priceWords() []string {
	return words(`
price, prices, pricing, price list, quote, quotes, quotation, how much, cost, costs, budget, buy, purchase, purchase order, place an order, proposal, rfp, rfq, discount,
annual plan, enterprise plan, <number> seats, <number> users, <number> licenses, <number> licences`, `
Preis, Preise, Preisen, Preisliste, Preisanfrage, Preisauskunft, Angebot, Angebote, Kostenvoranschlag, Kosten, kostet, wie viel, wieviel, wie teuer, kaufen, bestellen,
Offerte, Rabatt, <number> Lizenzen, <number> Nutzer, <number> Benutzer`, `
prix, tarif, tarifs, tarification, devis, combien, coût, coûts, coûte, acheter, commander, offre commerciale, proposition commerciale, <number> utilisateurs,
<number> licences`, `
precio, precios, presupuesto, cotización, cotizar, cuánto cuesta, cuánto cuestan, coste, costes, costo, costos, tarifa, tarifas, comprar, propuesta económica,
<number> usuarios, <number> licencias`, `
preço, preços, orçamento, cotação, quanto custa, quanto custam, custo, custos, proposta comercial, <number> usuários, <number> utilizadores, <number> licenças`)
}

func soonWords() []string {
	return words(`
asap, urgent, urgently, as soon as possible, immediately, right away, deadline, this week, next week, this month, next month, this quarter, next quarter, q1, q2, q3, q4,
end of year, end of the year, end of month, end of the month, end of the quarter, by end of, by the end of, within <number> days, within <number> weeks, within <number> months,
in <number> days, in <number> weeks, in <number> months, by <weekday>, by <month>, before <month>, before <weekday>, until <month>, until <weekday>, on <weekday>, next <weekday>,
this <weekday>, starting <month>, starting in <month>, start in <month>, tomorrow, before christmas, go live, <number> <month>, <number> of <month>, <month> <number>, <number> st of <month>,
<year> <number> <number>, <number> <number> <year>`, `
dringend, sofort, schnellstmöglich, baldmöglichst, so schnell wie möglich, so bald wie möglich, diese Woche, dieser Woche, nächste Woche, nächster Woche, kommende Woche,
diesen Monat, nächsten Monat, dieses Quartal, nächstes Quartal, bis <weekday>, bis <month>, bis Ende, bis Anfang, bis Mitte, bis zum, ab <month>, im <month>, am <weekday>, Frist,
in <number> Tagen, in <number> Wochen, innerhalb von, Jahresende, Monatsende, Quartalsende`, `
urgente, dès que possible, le plus vite possible, au plus vite, cette semaine, la semaine prochaine, ce mois, le mois prochain, ce trimestre, prochain trimestre, avant le,
avant la fin, avant <month>, d'ici, d'ici fin, en <month>, fin <month>, fin d'année, dans <number> jours, dans <number> semaines, dans <number> mois, échéance`, `
lo antes posible, cuanto antes, esta semana, próxima semana, semana que viene, este mes, próximo mes, mes que viene, este trimestre, próximo trimestre, antes de <month>,
antes del, para el <number>, para <month>, <number> de <month>, fin de mes, fin de año, finales de, en <number> días, en <number> semanas, en <number> meses, fecha límite`, `
o mais rápido possível, o quanto antes, semana que vem, mês que vem, próximo mês, este mês, antes de <month>, até <month>, até <weekday>, até o dia, até dia, até o fim, até ao fim,
em <month>, fim do mês, fim do ano, final do mês, em <number> dias, em <number> semanas, em <number> meses, prazo`)
}

func laterWords() []string {
	return words(`
next year, some day, someday, no rush, no hurry, just browsing, just looking, in the future, not urgent, at some point, early stage`, `
nächstes Jahr, irgendwann, keine Eile, nicht dringend, in Zukunft`, `
l'année prochaine, plus tard, pas pressé, pas urgent`, `
el próximo año, más adelante, sin prisa, no es urgente`, `
no próximo ano, mais tarde, sem pressa, não é urgente`)
}

func deciderWords() []string {
	return words(`
CEO, CTO, CFO, COO, CIO, CMO, CRO, CISO, founder, co-founder, cofounder, owner, president, vice president, VP, SVP, EVP, director, head of, chief`, `
Geschäftsführer, Geschäftsführerin, Geschaeftsfuehrer, Geschäftsleitung, Inhaber, Inhaberin, Vorstand, Leiter, Leiterin, Bereichsleiter, Bereichsleiterin, Abteilungsleiter,
Abteilungsleiterin, Prokurist, Prokuristin, Gründer, Gründerin`, `
directeur, directrice, directeur général, gérant, gérante, PDG, fondateur, fondatrice, dirigeant, dirigeante`, `
directora, gerente, dueño, dueña, fundador, fundadora, jefe de, jefa de, propietario, propietaria`, `
diretor, diretora, sócio, sócia, proprietário, proprietária, dono, dona da`)
}

func managerWords() []string {
	return words(`
manager, team lead, team leader, project lead, lead engineer, supervisor, procurement, purchasing`, `
Teamleiter, Teamleiterin, Projektleiter, Projektleiterin, Einkauf, Einkäufer, Einkäuferin`, `
responsable, chef de projet, cheffe de projet, acheteur, acheteuse`, `
encargado, encargada, coordinador, coordinadora, compras`, `
encarregado, coordenador, coordenadora, supervisora`)
}

func spamWords() []string {
	return words(`
casino, viagra, cialis, porn, escort, forex, crypto investment, bitcoin investment, investment opportunity, earn money, make money, passive income, backlinks, backlink,
guest post, guest posts, guest posting, link insertion, rank your website, rank your site, first page of Google, page one of Google, our SEO services, affordable SEO, SEO package, SEO packages, buy followers,
loan offer, inheritance, million dollars, weight loss, increase your traffic, boost your traffic`, `
Kreditangebot, Geld verdienen, Besucherzahlen steigern, Platz 1 bei Google`, `
gagner de l'argent, première page de Google, référencement de votre site`, `
ganar dinero, primera página de Google, posicionamiento de su web`, `
ganhar dinheiro, primeira página do Google`)
}

func sellerWords() []string {
	return words(`
web design services, website redesign, redesign your website, app development services, software development services, lead generation services, outsourcing partner, outsourcing company,
offer our services, offer you our services, our services to you, email list, contact list of, we can help you grow, offshore development`, `
unsere Dienstleistungen anbieten, bieten Ihnen unsere, wir bieten Ihnen`, `
nous vous proposons nos, proposer nos services, vous proposer nos`, `
ofrecemos nuestros servicios, ofrecerles nuestros servicios, ofrecerle nuestros`, `
oferecemos nossos serviços, oferecer nossos serviços, apresentar nossos serviços`)
}

func jobWords() []string {
	return words(`
job application, apply for the, apply for a job, applying for, my resume, my CV, my résumé, internship, job opening, open position, looking for a job, are you hiring`, `
Bewerbung, Initiativbewerbung, Praktikum, Lebenslauf, offene Stelle, Stellenangebot, Ausbildungsplatz`, `
candidature, mon CV, lettre de motivation, un stage`, `
mi currículum, mi CV, oferta de trabajo, busco trabajo, prácticas profesionales`, `
meu currículo, meu CV, estágio, vaga de emprego, trabalhe conosco`)
}

func studyWords() []string {
	return words(`
I am a student, I'm a student, im a student, as a student, student here, my thesis, homework, school project, university project, class project, college project, dissertation`, `
ich bin Student, ich bin Studentin, bin Student, bin Studentin, Bachelorarbeit, Masterarbeit, Abschlussarbeit, Hausarbeit, Studienarbeit`, `
je suis étudiant, je suis étudiante, mon mémoire, projet scolaire`, `
soy estudiante, mi tesis, trabajo de clase, proyecto escolar`, `
sou estudante, meu TCC, trabalho de faculdade, trabalho da faculdade, projeto escolar`)
}

func monthWords() []string {
	return words(`
January, February, March, April, May, June, July, August, September, October, November, December, Jan, Feb, Apr, Jun, Jul, Aug, Sept, Oct, Nov, Dec`, `
Januar, Jänner, Februar, März, Mai, Juni, Juli, Oktober, Dezember`, `
janvier, février, mars, avril, juin, juillet, août, septembre, octobre, novembre, décembre`, `
enero, febrero, marzo, abril, mayo, junio, julio, agosto, septiembre, octubre, noviembre, diciembre`, `
janeiro, fevereiro, março, maio, junho, julho, setembro, outubro, novembro, dezembro`)
}

func weekdayWords() []string {
	return words(`
Monday, Tuesday, Wednesday, Thursday, Friday`, `
Montag, Dienstag, Mittwoch, Donnerstag, Freitag`, `
lundi, mardi, mercredi, jeudi, vendredi`, `
lunes, martes, miércoles, jueves, viernes`, `
segunda, terça, quarta, quinta, sexta`)
}

// negationWords has the "t" of "don't", which is a word of its own here.
func negationWords() []string {
	return words(`
no, not, never, without, t, dont`, `
kein, keine, keinen, keiner, nicht, ohne`, `
pas, sans, aucun, aucune`, `
sin, nunca, ningún, ninguna`, `
não, sem, nenhum, nenhuma`)
}

// fillerWords stand between a negation and what it negates.
func fillerWords() []string {
	return words(`
a, an, any, the, in, for, to, of, your, our, need, want, require, book, schedule, interested, looking, wish, get, see, give, me, us, have`, `
ein, eine, einen, einer, den, die, das, ihr, ihre, für, brauchen, benötigen, interessiert`, `
de, du, des, le, la, les, un, une, d'un, l'un, en, besoin, intéressé`, `
el, los, las, una, del, quiero, queremos, necesito, necesitamos, interesado`, `
o, os, as, um, uma, do, da, em, quero, preciso, precisamos, interessado`)
}
