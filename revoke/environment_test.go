package revoke

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// variable is how the SDK's source names a variable of the environment.
var variable = regexp.MustCompile(`"(_?(?:AWS|X_AMZN)_[A-Z0-9_]+)"`)

// The hostile environment of the tests leaves out no variable that the SDK's
// source names, in any package that this one is built with.
func TestHostileIsComplete(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{range .GoFiles}}{{$.Dir}}/{{.}}\n{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for file := range strings.FieldsSeq(string(out)) {
		if !strings.Contains(filepath.ToSlash(file), "aws-sdk-go-v2") && !strings.Contains(file, "smithy-go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range variable.FindAllSubmatch(source, -1) {
			named = append(named, string(match[1]))
		}
	}
	slices.Sort(named)
	named = slices.Compact(named)
	if len(named) < 30 {
		t.Fatalf("the SDK names %q only: is it still searched rightly?", named)
	}
	hostile(t)
	for _, name := range named {
		if _, set := os.LookupEnv(name); !set {
			t.Errorf("%s is not set", name)
		}
	}
}

// What the environment says of retries changes nothing about a leaked pair's.
func TestRetriesIgnoreEnvironment(t *testing.T) {
	retried := func() (answers []string) {
		c := newCloud(t)
		c.Inject(localaws.Fault{Kind: localaws.Throttle, Times: 2})
		v := NewVerifier(VerifierOptions{Endpoint: c.url})
		v.every = 0
		if got := v.Check(t.Context(), pair(c.AddKey(own, "ci")), own); got.Status != Live {
			t.Errorf("got %+v", got)
		}
		for _, r := range c.Requests() {
			answers = append(answers, r.Action+" "+r.Code)
		}
		return answers
	}
	before := retried()
	hostile(t)
	if after := retried(); !slices.Equal(before, after) {
		t.Errorf("got %q, want %q", after, before)
	}
	r := newRetryer()
	for attempt, most := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 4 * time.Second} {
		for range 20 {
			if d, err := r.RetryDelay(attempt, &smithy.GenericAPIError{Code: "Throttling"}); err != nil || d > most {
				t.Errorf("attempt %d waits %v, %v", attempt, d, err)
			}
		}
	}
}
