package adaptertest

import "slices"

// Sentences returns what the cases quote, by their names.
func Sentences() map[string]string {
	sentences := map[string]string{
		"part/untouched": saysUntouched, "part/soon": saysSoon, "part/together": saysTogether,
		"enricher/no guess": saysNoGuess, "enricher/kept": saysTried, "enricher/learned": saysLearned, "enricher/again": saysAgain,
		"enricher/renewal": saysRenewal,
	}
	for _, c := range storeContracts() {
		sentences[c.name] = c.says
	}
	for suite, contracts := range map[string][]contract{"sequence": sequenceContracts(), "desk": deskContracts(), "deskstore": deskStoreContracts()} {
		for _, c := range contracts {
			sentences[suite+"/"+c.name] = c.says
		}
	}
	for _, c := range scorerContracts() {
		sentences["scorer/"+c.name] = c.says
	}
	return sentences
}

// Cases counts the sentences that are quoted, those of the suites of Store and Scorer once for each case.
func Cases() int {
	return 8 + len(storeContracts()) + len(sequenceContracts()) + len(deskContracts()) + len(deskStoreContracts()) + len(scorerContracts())
}

// FollowingCases returns the names of the cases about what people, desks, notifications and sequences need of a store.
func FollowingCases() []string {
	var names []string
	for suite, contracts := range map[string][]contract{
		"": slices.Concat(editContracts(), recordContracts(), effectContracts()), "sequence/": sequenceContracts(), "desk/": deskContracts(),
		"deskstore/": deskStoreContracts(),
	} {
		for _, c := range contracts {
			names = append(names, suite+c.name)
		}
	}
	return names
}
