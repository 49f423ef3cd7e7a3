package emailaddr

// ParseASCII lets the tests compare the quick path with the full one.
var ParseASCII = parseASCII
