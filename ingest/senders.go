package ingest

// senders are the known senders. The shapes are those of the vendors' documentation; testdata/presets/README.md says which.
func senders() []preset {
	return []preset{
		{
			name: "typeform", title: "Typeform", signature: "typeform",
			shape: []test{{"event_type", "form_response"}, {"form_response", ""}},
			id:    []string{"form_response.token", "event_id"},
			keep: [][2]string{
				{"form_response.form_id", "form_id"}, {"form_response.definition.title", "form_name"}, {"form_response.submitted_at", "submitted_at"},
				{"form_response.calculated.score", "score"},
			},
			hoist: []string{"form_response.hidden"},
			drop:  []string{"event_id", "event_type", "form_response"},
		},
		{
			name: "tally", title: "Tally", signature: "tally",
			shape: []test{{"eventType", "FORM_RESPONSE"}, {"data", ""}},
			id:    []string{"eventId", "data.submissionId"},
			keep:  [][2]string{{"data.formId", "form_id"}, {"data.formName", "form_name"}, {"data.createdAt", "submitted_at"}},
			drop:  []string{"eventId", "eventType", "createdAt", "data"},
		},
		{
			name: "webflow", title: "Webflow", signature: "webflow",
			note:  "Only webhooks made through Webflow's API are signed; those made in its dashboard are not.",
			shape: []test{{"triggerType", "form_submission"}, {"payload", ""}},
			id:    []string{"payload.id"},
			keep:  [][2]string{{"payload.formId", "form_id"}, {"payload.name", "form_name"}, {"payload.submittedAt", "submitted_at"}, {"payload.pageUrl", "_page"}},
			hoist: []string{"payload.data"},
			drop:  []string{"triggerType", "payload"},
		},
		{
			name: "elementor", title: "Elementor Forms", note: "Takes the plain body and the one with advanced data.",
			keep: [][2]string{
				{`["form[id]"]`, "form_id"}, {`["form[name]"]`, "form_name"}, {`["meta[page_url][value]"]`, "_page"}, {`["Page URL"]`, "_page"},
			},
			drop: []string{"fields[*", "meta[*", "form[*", "Page URL", "Remote IP", "User Agent", "Powered by"},
		},
		{
			name: "gravityforms", title: "Gravity Forms",
			note: "The add-on sends the numbers of the fields and not their labels: names and addresses are found by what they hold, the rest needs mappings.",
			id:   []string{"form_id+id"},
			keep: [][2]string{{"source_url", "_page"}, {"date_created", "submitted_at"}},
			drop: []string{
				"id", "post_id", "date_updated", "is_starred", "is_read", "ip", "user_agent", "currency", "payment_*", "transaction_*",
				"is_fulfilled", "created_by", "status", "source_id", "date_created", "source_url", "is_approved",
			},
		},
		{
			name: "contactform7", title: "Contact Form 7", note: "With a plug-in that posts the fields under their names, such as CF7 to Webhook.",
			drop: []string{"_wpcf7*", "_wpnonce", "_wp_http_referer"},
		},
		{
			name: "hubspot", title: "HubSpot", signature: "hubspot",
			note: "For the workflow action \"Send a webhook\". Choose the properties to send: all of them are more than a submission may hold. The secret is the app's client secret.",
			keep: [][2]string{{"vid", "hubspot_id"}, {"objectId", "hubspot_id"}, {"hs_object_id", "hubspot_id"}},
			drop: []string{
				"vid", "objectId", "hs_object_id", "canonical-vid", "merged-vids", "portal-id", "is-contact", "properties", "form-submissions", "list-memberships",
				"identity-profiles", "merge-audits", "associated-company", "profile-token", "profile-url",
			},
		},
		{
			name: "formspree", title: "Formspree", signature: "formspree",
			keep:  [][2]string{{"form", "form_id"}},
			hoist: []string{"submission"},
			drop:  []string{"form", "submission", "keys"},
		},
		{
			name: "netlify", title: "Netlify Forms", signature: "netlify",
			shape: []test{{"ordered_human_fields", ""}, {"data", ""}, {"form_name", ""}},
			id:    []string{"id"},
			keep:  [][2]string{{"data.referrer", "_page"}, {"created_at", "submitted_at"}},
			drop: []string{
				"id", "number", "title", "summary", "body", "data", "created_at", "human_fields", "ordered_human_fields", "site_url", "name", "email",
				"first_name", "last_name", "company",
			},
		},
		{
			name: "jotform", title: "Jotform",
			shape: []test{{"rawRequest", ""}, {"formID", ""}, {"submissionID", ""}},
			id:    []string{"submissionID"},
			keep:  [][2]string{{"formID", "form_id"}, {"formTitle", "form_name"}},
			drop: []string{
				"formID", "formTitle", "submissionID", "rawRequest", "pretty", "username", "ip", "type", "webhookURL", "customParams", "product", "appID",
				"teamID", "subject", "isSilent", "customBody", "customTitle", "fromTable", "action", "event", "documentID", "parent", "unread", "errors",
			},
		},
		{
			name: "googleads", title: "Google Ads lead forms", signature: "googleads",
			note:  "Set Google's key as the secret of the signature: it comes with every lead. Test leads have is_test in their metadata.",
			shape: []test{{"user_column_data", ""}, {"lead_id", ""}},
			id:    []string{"lead_id"},
			keep:  [][2]string{{"gcl_id", "gclid"}},
			answers: []answers{{list: "user_column_data", name: []string{"column_name", "column_id"}, value: "string_value", kind: "column_id", kinds: map[string]target{
				"EMAIL": asEmail, "WORK_EMAIL": asEmail, "FULL_NAME": asFullName, "FIRST_NAME": asFirstName, "LAST_NAME": asLastName,
				"PHONE_NUMBER": asPhone, "WORK_PHONE": asPhone, "COMPANY_NAME": asCompany,
			}}},
			drop: []string{"google_key", "api_version", "user_column_data", "gcl_id"},
		},
		{
			name: "meta", title: "Meta lead ads", signature: "meta",
			note:  "Meta's webhook tells only that there is a lead and its number: the program has to fetch the lead from the Graph API and submit that, which this preset maps too. The verify token is the token of the source, the secret is the app's secret.",
			shape: []test{{"object", "page"}, {"entry", ""}},
			id:    []string{"entry[0].changes[0].value.leadgen_id", "id"},
			keep: [][2]string{
				{"entry[0].changes[0].value.leadgen_id", "leadgen_id"}, {"entry[0].changes[0].value.form_id", "form_id"}, {"entry[0].changes[0].value.page_id", "page_id"},
				{"entry[0].changes[0].value.ad_id", "ad_id"}, {"entry[0].changes[0].value.adgroup_id", "adgroup_id"}, {"entry[0].changes[0].value.created_time", "created_time"},
				{"id", "leadgen_id"},
			},
			answers: []answers{{list: "field_data", name: []string{"name"}, value: "values[0]"}},
			drop:    []string{"object", "id", "field_data", "entry"},
		},
		{
			name: "calendly", title: "Calendly", signature: "calendly",
			shape: []test{{"event", ""}, {"payload", ""}, {"created_by", ""}, {"created_at", ""}},
			id:    []string{"event+payload.uri"},
			keep: [][2]string{
				{"payload.email", "email"}, {"payload.first_name", "firstName"}, {"payload.last_name", "lastName"}, {"payload.name", fullName},
				{"payload.text_reminder_number", "phone"},
				{"payload.tracking.utm_source", "utm_source"}, {"payload.tracking.utm_medium", "utm_medium"}, {"payload.tracking.utm_campaign", "utm_campaign"},
				{"payload.tracking.utm_term", "utm_term"}, {"payload.tracking.utm_content", "utm_content"},
				{"payload.scheduled_event.name", "meeting"}, {"payload.scheduled_event.start_time", "meeting_start"}, {"payload.scheduled_event.end_time", "meeting_end"},
				{"payload.timezone", "time_zone"}, {"payload.status", "invitee_status"}, {"payload.cancellation.reason", "cancellation"},
			},
			answers: []answers{{list: "payload.questions_and_answers", name: []string{"question"}, value: "answer"}},
			drop:    []string{"payload", "created_by"},
		},
		{name: "zapier", title: "Zapier", note: "For the action \"Webhooks by Zapier: POST\". Known fields are found by their usual names."},
		{name: "make", title: "Make", note: "For the module \"HTTP: Make a request\". Known fields are found by their usual names."},
		{
			name: "n8n", title: "n8n", note: "For the node \"HTTP Request\", with fields of your own or with the whole item of a Webhook node.",
			hoist: []string{"body"},
			drop:  []string{"headers", "params", "query", "body", "webhookUrl", "executionMode"},
		},
		{name: "wpforms", title: "WPForms", note: "For the Webhooks add-on, with the fields under names of your own.", drop: []string{"entry_id", "form_id", "nonce", "_wp_http_referer"}},
		{name: "ninjaforms", title: "Ninja Forms", note: "For the Webhooks add-on, with the fields under their keys."},
		{name: "squarespace", title: "Squarespace", note: "Squarespace forms have no webhooks of their own: send them through Zapier or Make, or use the snippet."},
		{
			name: "framer", title: "Framer", signature: "framer", idHeader: "Framer-Webhook-Submission-Id",
		},
	}
}
