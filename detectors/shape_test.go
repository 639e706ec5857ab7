package detectors

import (
	"testing"
)

// TestEvidenceChance computes how often random base64 falls short of
// leastEvidence, exactly, and holds the figure that looksRandom states.
func TestEvidenceChance(t *testing.T) {
	share := [4]float64{isUpper: 26. / 64, isLower: 26. / 64, isDigit: 10. / 64, isSymbol: 2. / 64}
	type state struct{ last, sum int }
	chance := make(map[state]float64)
	for kind, p := range share {
		chance[state{kind, 0}] = p
	}
	for range secretLen - 1 {
		next := make(map[state]float64)
		for s, p := range chance {
			for kind, q := range share {
				next[state{kind, s.sum + evidence[s.last][kind]}] += p * q
			}
		}
		chance = next
	}
	short := 0.0
	for s, p := range chance {
		if s.sum < leastEvidence {
			short += p
		}
	}
	if short < 5.9e-5 || short > 6.1e-5 {
		t.Errorf("a random secret is turned away with probability %.2g, not 6.0e-5", short)
	}
}

func TestLooksRandom(t *testing.T) {
	for s, want := range map[string]bool{
		"wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "3kQz8Vd0Lm": true,
		"je7MtGbClwBF/2Zp9Utk/h3yCo8nvb" + "1kQz8Vd0Lm": true,
		"/Zq8s7dJ2kLmN0pQrStUvWxYz1A3b5C7" + "d9EfGhI+": true,
		"0123456789abcdef0123456789abcdef01234567":      false,
		"DA39A3EE5E6B4B0D3255BFEF95601890AFD80709":      false,
		"organisation/department/team/repositorys":      false,
		"ResultIsConcreteTypeConvertedToInterface":      false,
		"/home/user/src/go/pkg/mod/Cache/Download":      false,
		"THISISASHOUTEDCONSTANTINAHEADERFILE12345":      false,
	} {
		if got := len(s) == secretLen && looksRandom([]byte(s)); got != want {
			t.Errorf("looksRandom(%q) = %v, of %d characters", s, got, len(s))
		}
	}
}
