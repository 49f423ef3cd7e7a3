package enrich

import "strings"

// isRole reports whether a local part names a function and not a person (RFC 2142 and what is usual in several languages).
func isRole(local string) bool {
	name, _, _ := strings.Cut(strings.ToLower(local), "+")
	switch name {
	case "abuse", "noc", "security", "postmaster", "hostmaster", "webmaster", "www", "root", "mailer-daemon", // RFC 2142
		"info", "information", "contact", "contacts", "contactus", "hello", "hi", "hey", "mail", "email", "enquiries", "enquiry", "inquiries", "inquiry",
		"admin", "administrator", "administration", "office", "reception", "secretary", "team", "staff", "all", "everyone",
		"sales", "marketing", "press", "media", "pr", "news", "newsletter", "events", "partners", "partner", "orders", "order", "shop", "booking", "bookings",
		"support", "help", "helpdesk", "service", "customerservice", "customer-service", "customercare", "feedback", "care", "success",
		"billing", "accounts", "accounting", "finance", "invoice", "invoices", "payments", "purchasing", "procurement",
		"hr", "jobs", "job", "careers", "career", "recruiting", "recruitment", "legal", "privacy", "dpo", "gdpr", "compliance", "it", "dev", "tech",
		"noreply", "no-reply", "no_reply", "donotreply", "do-not-reply", "notifications", "alerts", "test",
		"kontakt", "buero", "büro", "vertrieb", "verkauf", "anfrage", "anfragen", "buchhaltung", "rechnung", "rechnungen", "bewerbung", "personal",
		"datenschutz", "presse", "zentrale", "sekretariat", "verwaltung", "einkauf", // de
		"accueil", "bonjour", "commercial", "ventes", "direction", "secretariat", "comptabilite", "compta", "facturation", "recrutement", "bureau", // fr
		"contacto", "hola", "ventas", "administracion", "soporte", "ayuda", "facturacion", "pedidos", "oficina", // es
		"contato", "ola", "vendas", "comercial", "suporte", "ajuda", "financeiro", "atendimento", "escritorio", // pt
		"informazioni", "vendite", "amministrazione", "segreteria", "assistenza", "ufficio": // it
		return true
	}
	return false
}
