package detectors_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/detectors/detectorstest"
)

func TestAccountID(t *testing.T) {
	for _, tt := range []struct{ id, want string }{
		{"ASIA" + "Y34FZKBOKMUTVV7A", "609629065308"}, // Aidan Steele's
		{"AKIA" + "RZPUZDIKMV7WWWTS", "123456789012"}, // moto's
		{"AKIA" + "XYZDQCEN4B6JSJQI", "534261010715"}, // canaries
		{"AKIA" + "YVP4CIPPERUVIFXG", "595918472158"},
		{"AKIA" + "6ODU5DHTROGBLLPV", "992382622183"},
		{"AKIA" + "IOSFODNN7EXAMPLE", ""}, // old generation
		{"AKIA" + "PZZZZZZZZZZZZZZZ", ""},
		{"AKIA" + "7777777777777777", ""}, // more than 12 digits
		{"AIDA" + "Y34FZKBOKMUTVV7A", ""},
		{"", ""},
	} {
		got, ok := detectors.AccountID(tt.id)
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("AccountID(%q) = %q, %v, want %q", tt.id, got, ok, tt.want)
		}
	}
}

func TestAccountIDOfMinted(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		account := fmt.Sprintf("%012d", r.Uint64N(1e12))
		id := detectorstest.Mint(r, "AKIA", account)
		if got, ok := detectors.AccountID(id); got != account || !ok {
			t.Fatalf("AccountID(%q) = %q, %v, want %q", id, got, ok, account)
		}
	}
}

func TestValidKeyID(t *testing.T) {
	tail := strings.Repeat("Z7", 8)
	for id, want := range map[string]bool{
		"AKIA" + tail: true, "ASIA" + tail: true, "ABIA" + tail: true, "ACCA" + tail: true,
		"AIDA" + tail: false, "AROA" + tail: false, "LKIA" + tail: false, "akia" + tail: false,
		"AKIA" + tail + "A": false, "AKIA" + tail[1:]: false, "AKIA" + tail[1:] + "1": false,
		" AKIA" + tail: false, "AKIA" + tail[1:] + "\n": false, "": false,
	} {
		if got := detectors.ValidKeyID(id); got != want {
			t.Errorf("ValidKeyID(%q) = %v", id, got)
		}
	}
}

func TestClassifyKeyID(t *testing.T) {
	for _, tt := range []struct {
		tail string
		want detectors.Class
	}{
		{"IOSFODNN7EXAMPLE", detectors.Example},
		{"I44QH8DHBEXAMPLE", detectors.Real}, // printed by AWS, but 8 is no base32
		{"EXAMPLEPBUMBC3GA", detectors.Example},
		{"32P3D2JDNMVAJLGF", detectors.Example},
		{"J5C56P35AEBRX2QQ", detectors.Example},
		{"XXXXXXXXXXXXXXXX", detectors.Placeholder},
		{"TESTTESTTESTTEST", detectors.Placeholder},
		{"ABCDEFGHIJKLMNOP", detectors.Placeholder},
		{"QZ234567XKCDPTOM", detectors.Placeholder},
		{"KLPOIUYTZ7QKBX5W", detectors.Placeholder}, // POIUYT
		{"QAAAAAAALX6GRE2E", detectors.Placeholder}, // LocalStack's
		{"RZPUZDIKMV7WWWTS", detectors.Real},
		{"XTESTYOURFULLERQ", detectors.Real}, // words may stand in a real one
	} {
		if got := detectors.ClassifyKeyID("AKIA" + tt.tail); got != tt.want {
			t.Errorf("ClassifyKeyID(AKIA%s) = %v, want %v", tt.tail, got, tt.want)
		}
	}
}

// TestRandomKeysAreReal draws 100,000 keys: hardly any may be classed otherwise,
// as ClassifyKeyID says.
func TestRandomKeysAreReal(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	wrong := 0
	for range 100_000 {
		if detectors.ClassifyKeyID(detectorstest.Mint(r, "AKIA", "123456789012")) != detectors.Real {
			wrong++
		}
	}
	if wrong > 1 {
		t.Errorf("%d of 100,000 random key IDs are not Real", wrong)
	}
}
