package main

import "slices"

// stat is one figure of all rounds.
type stat struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// statOf returns the median and the spread of values, of which there is one at least.
func statOf(values []float64) stat {
	s := slices.Sorted(slices.Values(values))
	n := len(s)
	return stat{Median: (s[(n-1)/2] + s[n/2]) / 2, Min: s[0], Max: s[n-1]}
}

// ratioOf returns the ratio of the medians of a and b, and the least and the
// largest ratio of a round: the two stand in it side by side, so that what slows
// the machine for a while slows both.
func ratioOf(a, b []float64) stat {
	rounds := make([]float64, len(a))
	for i := range a {
		rounds[i] = quotient(a[i], b[i])
	}
	s := statOf(rounds)
	s.Median = quotient(statOf(a).Median, statOf(b).Median)
	return s
}

// quotient is 0 where there is none, for JSON knows no infinity.
func quotient(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
