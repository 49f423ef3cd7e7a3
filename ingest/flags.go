package ingest

// flags is a set of Flag, kept as bits while a body is read.
type flags uint16

// flagOrder is the fixed order of the flags of a Submission.
var flagOrder = [...]Flag{FlagDuplicateKeys, FlagSanitised, FlagNotScalar, FlagMappingCut, FlagSigned, FlagNoCaptcha, FlagKeyConflict, FlagKeyInvalid, FlagImported}

func (f *flags) set(flag Flag) {
	for i, known := range flagOrder {
		if known == flag {
			*f |= 1 << i
		}
	}
}

// list returns the flags in their fixed order, nil if there are none.
func (f flags) list() []Flag {
	var list []Flag
	for i, known := range flagOrder {
		if f&(1<<i) != 0 {
			list = append(list, known)
		}
	}
	return list
}
