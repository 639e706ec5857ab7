//go:build unix

package revoke

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// doomedRotation is what a process that rotates, and is killed, gets to know.
type doomedRotation struct {
	URL, Journal string
	Aim          RotationAim
	Clock        int // it dies at this look at the clock; 0: it does not
}

const doomedRotationEnv = "REVOKEY_TEST_DOOMED_ROTATION"

// TestDoomedRotation is the process.
func TestDoomedRotation(t *testing.T) {
	spec := os.Getenv(doomedRotationEnv)
	if spec == "" {
		t.Skip("is started by others")
	}
	var d doomedRotation
	if err := json.Unmarshal([]byte(spec), &d); err != nil {
		t.Fatal(err)
	}
	op, err := NewOperator(t.Context(), OperatorOptions{Endpoint: d.URL})
	if err != nil {
		t.Fatal(err)
	}
	r := NewRevoker(op, hasty(d.URL, 0), RevokerOptions{Accounts: []string{own}, Journal: openJournal(t, d.Journal), PollEvery: time.Millisecond, PollFor: 5 * time.Second})
	r.now = func() time.Time {
		if d.Clock--; d.Clock == 0 {
			die()
		}
		return time.Now()
	}
	p := mustPlanRotation(t, r, d.Aim)
	results, err := r.Rotate(t.Context(), p)
	fmt.Println("rotated", len(results), err)
}

// executioner is an AWS that kills who asks it: at the Nth request, before it is
// carried out or after it, and without an answer.
type executioner struct {
	*localaws.Server
	mu     sync.Mutex
	nth    int
	after  bool
	victim *os.Process
}

func (x *executioner) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	x.mu.Lock()
	x.nth--
	now := x.nth == 0
	x.mu.Unlock()
	if !now {
		x.Server.ServeHTTP(w, req)
		return
	}
	body, _ := io.ReadAll(req.Body) // only then is it noticed that the connection closes
	req.Body = io.NopCloser(bytes.NewReader(body))
	if x.after {
		x.Server.ServeHTTP(httptest.NewRecorder(), req)
	}
	_ = x.victim.Kill()
	<-req.Context().Done() // the connection of the dead is closed
}

// A process is killed at every point of a rotation: at each look at the clock, which
// stand before each line of the journal and around what is stored, and at each
// request, before AWS carries it out and after. Gone on with, it comes to the same
// end: the old key is off, one new one is stored and works, and nothing is left over.
func TestRotationKilled(t *testing.T) {
	for _, kind := range []string{"profile", "secret"} {
		for _, way := range []string{"clock", "before", "after"} {
			t.Run(kind+" "+way, func(t *testing.T) {
				for n := 1; ; n++ {
					if !rotationSurvives(t, kind, way, n) {
						if least := map[string]int{"clock": 12, "before": 10, "after": 10}[way]; n <= least {
							t.Errorf("it was killed at %d points only", n-1)
						}
						break
					}
					if testing.Short() && n == 5 || t.Failed() {
						break
					}
				}
			})
		}
	}
}

// rotationSurvives kills one process at the nth point; false is that it came to its
// end before.
func rotationSurvives(t *testing.T, kind, way string, n int) bool {
	c := newCloud(t)
	old, off := c.AddKey(own, "ci"), c.AddKey(own, "ci")
	c.SetStatus(off.ID, localaws.Inactive)
	d := doomedRotation{Journal: filepath.Join(t.TempDir(), "journal.jsonl"), Aim: RotationAim{KeyID: old.ID, Account: own, To: Destination{Secret: "ci"}, DeleteInactive: true}}
	if kind == "profile" {
		d.Aim.To = intoProfile(t)
	}
	x := &executioner{Server: c.Server, after: way == "after"}
	if way == "clock" {
		d.Clock = n
	} else {
		x.nth = n
	}
	server := httptest.NewServer(x)
	defer server.Close()
	d.URL = server.URL
	if out, killed := d.run(t, c.admin, x); !killed {
		if !strings.Contains(out, "rotated 4 <nil>") {
			t.Errorf("%s %d: %s", way, n, out)
		}
		return false
	}
	as(t, c.admin)
	op, err := NewOperator(t.Context(), OperatorOptions{Endpoint: d.URL})
	if err != nil {
		t.Fatal(err)
	}
	j, err := OpenJournal(d.Journal)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	r := NewRevoker(op, hasty(d.URL, 0), RevokerOptions{Accounts: []string{own}, Journal: j, PollEvery: time.Millisecond, PollFor: 5 * time.Second})
	r.now = func() time.Time { return time.Now().Add(time.Minute) } // in which a call under way has come to its end
	begun := len(j.Entries()) > 0
	rotatesOn(t, r)
	c.wantRotated(t, r, d, begun, fmt.Sprintf("%s %d", way, n))
	return true
}

// run starts the process; killed is whether it was.
func (d doomedRotation) run(t *testing.T, admin localaws.Key, x *executioner) (out string, killed bool) {
	t.Helper()
	spec, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.Background(), os.Args[0], "-test.run=^TestDoomedRotation$")
	cmd.Env = append(os.Environ(), doomedRotationEnv+"="+string(spec),
		"AWS_ACCESS_KEY_ID="+admin.ID, "AWS_SECRET_ACCESS_KEY="+admin.Secret, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull)
	var buf bytes.Buffer
	cmd.Stdout, cmd.Stderr = &buf, &buf
	x.mu.Lock() // until its process is known
	err = cmd.Start()
	x.victim = cmd.Process
	x.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	err = cmd.Wait()
	return buf.String(), err != nil && strings.Contains(err.Error(), "killed")
}

// wantRotated demands that everything is as after a rotation that nothing disturbed,
// or, if it was not begun, as before.
func (c *cloud) wantRotated(t *testing.T, r *Revoker, d doomedRotation, begun bool, when string) {
	t.Helper()
	keys, pair := c.keysOf(t, r, "ci"), pairIn(t, r, d.Aim.To)
	check, err := CheckJournal(d.Journal)
	if !begun {
		if len(keys) != 2 || keys[d.Aim.KeyID] != "Active" || pair.AccessKeyID != "" {
			t.Errorf("%s: not begun, but %v", when, keys)
		}
		return
	}
	if err != nil || check.Broken != "" || check.Torn != 0 {
		t.Errorf("%s: %+v, %v", when, check, err)
	}
	if len(keys) != 2 || keys[d.Aim.KeyID] != "Inactive" || keys[pair.AccessKeyID] != "Active" || pair.AccessKeyID == "" {
		t.Errorf("%s: %v, and %s is stored", when, keys, pair.AccessKeyID)
	}
	if v := r.verifier.Check(t.Context(), pair, own); v.Status != Live {
		t.Errorf("%s: what is stored is %s", when, v.Reason)
	}
	if n := c.done("UpdateAccessKey", []string{d.Aim.KeyID})[d.Aim.KeyID]; n != 1 {
		t.Errorf("%s: the old key was deactivated %d times", when, n)
	}
	keptSecret(t, r, pair.SecretAccessKey)
	if d.Aim.To.File == "" {
		return
	}
	if left, err := os.ReadDir(filepath.Dir(d.Aim.To.File)); err != nil || len(left) != 2 { // the file and its lock
		t.Errorf("%s: %v, %v", when, left, err)
	}
}
