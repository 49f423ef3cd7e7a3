package ingest

// What a body may hold. Anything within these limits is stored; anything beyond is answered 413 (MaxBody) or 400 with a code
// that names the limit. Lengths are in bytes of the UTF-8 text as it is stored: after escapes are decoded and faults are mended.
const (
	MaxBody     = 256 << 10 // a whole body
	MaxDepth    = 32        // objects and lists within each other, the outermost object counted
	MaxMembers  = 256       // members of all objects of a body together, or fields of a form
	MaxName     = 128       // the name of a member or field
	MaxString   = 16 << 10  // a string
	MaxNumber   = 40        // a number as it is written
	MaxExponent = 308       // the absolute exponent of a number; beyond it, readers that calculate get infinity or run out of memory
	MaxEmail    = 254       // the known field "email" (RFC 5321)
	MaxKey      = 255       // an idempotency key
)

// maxUserAgent and maxContentType bound what is kept of two headers.
const (
	maxUserAgent   = 512
	maxContentType = 255
)
