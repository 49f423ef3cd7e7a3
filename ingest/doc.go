// Package ingest is the door: an http.Handler that takes leads from forms and webhooks and hands them, decoded and checked, to a
// [Sink]. It knows sources and submissions and nothing about leads.
//
//	door := ingest.NewHandler(sources, sink, nil)
//	mux.Handle("/api/webhooks/", door)
//
// A submission is POSTed to any path whose last segment is the token of a source ([NewToken]). It is answered 200
// {"success":true} when the sink has made it durable, and not before. Bodies are JSON objects (application/json, +json, or
// text/plain as browsers send it without a preflight), URL-encoded forms and multipart forms. A form in a browser, which names
// text/html in Accept, is sent on with 303 or sees a small page; nobody else is ever redirected.
//
// # Fields
//
// The mappings of the source come first. Then email, firstName, lastName, phone and company are the known fields; utm_source and
// its kin, click identifiers such as gclid, and the members _utm, _referrer, _page, _landing and _touches are the
// attribution; _hp (a trap for bots), _t (the fill time in milliseconds), _id (an idempotency key), _redirect and _next are for
// the door itself; everything else is metadata. A known field that holds a number or bool becomes text, one that is null is absent,
// one that holds an object or list goes to the metadata with [FlagNotScalar]. Of two values for one known field the mapped one wins,
// else the later; the other goes to the metadata under the name it came with.
//
// An incoming name of a mapping may be a path into a nested payload, and a known sender needs no mappings at all: see
// Source.Mappings, Source.Preset and [Presets]. Preset mappings come after the source's own and before bare names.
//
// What is broken but readable is mended and flagged, never refused: see [Flag]. What is suspect is quarantined and answered 200:
// see [Spam] and [CaptchaSettings]. Beyond the limits ([MaxBody] and those beside it) a body is refused.
//
// # Errors
//
// Errors are {"success":false,"error":{"code":…,"message":…,"fields":[{"pointer":…,"message":…}]}}, or RFC 9457 for
// Accept: application/problem+json, or a page for a form in a browser. The codes are stable:
//
//	400 malformed_payload    not JSON, not an object, not UTF-8, a broken multipart body
//	400 empty_payload        no field at all
//	400 incomplete_body      the body ended early
//	400 too_deep, too_many_fields, name_too_long, string_too_long, number_too_long, number_out_of_range, email_too_long
//	401 invalid_signature    the source has a Signature, and the request is not signed by it
//	401 signature_expired    it is, but more than 5 minutes ago or ahead
//	403 origin_not_allowed   the source lists origins and the page is on another one
//	404 invalid_token        no source has this token
//	405 method_not_allowed   not POST (or OPTIONS, the CORS preflight, or the GET by which Meta confirms an address)
//	408 body_timeout         the body took longer than Options.Timeout
//	413 payload_too_large    beyond MaxBody
//	415 unsupported_media_type, unsupported_charset, unsupported_encoding
//	429 rate_limited         with Retry-After; see Options.PerMinute
//	500 internal_error       something panicked
//	503 unavailable          the store or the sink failed; with Retry-After
//	503 overloaded           too much at once; with Retry-After
//
// A fault of ours is never a 4xx or 3xx: senders give up on those for good.
package ingest
