package scanner

import (
	"reflect"
	"testing"

	"github.com/revokey-dev/revokey/detectors"
)

// TestCovers holds that each secret that a match can have makes it new beside what had
// none, or another; and that less than what was there before is not.
func TestCovers(t *testing.T) {
	t.Parallel()
	alone := detectors.Match{KeyID: "id"}
	match := reflect.TypeOf(alone)
	secrets := 0
	for i := range match.NumField() {
		if match.Field(i).Type != reflect.TypeOf(detectors.Secret{}) {
			continue
		}
		secrets++
		with := func(secret string) detectors.Match {
			m := alone
			reflect.ValueOf(&m).Elem().Field(i).Set(reflect.ValueOf(detectors.NewSecret(secret)))
			return m
		}
		if one := with("one"); covers(alone, one) || covers(with("other"), one) || !covers(one, one) || !covers(one, alone) {
			t.Errorf("%s beside a known ID is taken for known, or what was known for new", match.Field(i).Name)
		}
	}
	if secrets < 3 {
		t.Errorf("a match has %d secrets: is this test blind?", secrets)
	}
}
