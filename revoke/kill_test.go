//go:build unix

package revoke

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// doomed is what the process that is killed gets to know.
type doomed struct {
	URL, Journal string
	Keys         []string
	Clock        int   // it dies at this look at the clock; 0: it does not
	Call         int   // or before this call
	Answered     int   // or after that
	Room         int64 // bytes that the journal may take; 0: no limit
}

const doomedEnv = "REVOKEY_TEST_DOOMED"

// run starts the test binary again as the doomed process and returns its output.
func (d doomed) run(admin localaws.Key) (string, error) {
	spec, err := json.Marshal(d)
	if err != nil {
		return "", err
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestDoomed$")
	cmd.Env = append(os.Environ(), doomedEnv+"="+string(spec),
		"AWS_ACCESS_KEY_ID="+admin.ID, "AWS_SECRET_ACCESS_KEY="+admin.Secret, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func die() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} }

// mortal returns IAM, before or after whose calls the process dies.
func mortal(api iamAPI, before, after *int) iamAPI {
	update := api.UpdateAccessKey
	api.UpdateAccessKey = func(ctx context.Context, in *iam.UpdateAccessKeyInput, opts ...func(*iam.Options)) (*iam.UpdateAccessKeyOutput, error) {
		if *before--; *before == 0 {
			die()
		}
		out, err := update(ctx, in, opts...)
		if *after--; *after == 0 {
			die()
		}
		return out, err
	}
	return api
}

// TestDoomed is the process that is killed in the middle of its work.
func TestDoomed(t *testing.T) {
	spec := os.Getenv(doomedEnv)
	if spec == "" {
		t.Skip("is started by others")
	}
	var d doomed
	if err := json.Unmarshal([]byte(spec), &d); err != nil {
		t.Fatal(err)
	}
	op, err := NewOperator(t.Context(), OperatorOptions{Endpoint: d.URL})
	if err != nil {
		t.Fatal(err)
	}
	r := NewRevoker(op, nil, RevokerOptions{Accounts: []string{own}, Journal: openJournal(t, d.Journal), PollEvery: time.Millisecond, Workers: 1})
	var targets []Target
	for _, id := range d.Keys {
		targets = append(targets, Target{KeyID: id, Account: own})
	}
	plan := mustPlan(t, r, targets...)
	s, err := op.in(t.Context(), own)
	if err != nil {
		t.Fatal(err)
	}
	s.iam = mortal(s.iam, &d.Call, &d.Answered)
	r.now = func() time.Time {
		if d.Clock--; d.Clock == 0 {
			die()
		}
		return time.Now()
	}
	if d.Room > 0 {
		signal.Ignore(syscall.SIGXFSZ)
		room := syscall.Rlimit{Cur: uint64(d.Room), Max: uint64(d.Room)}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &room); err != nil {
			t.Fatal(err)
		}
	}
	results, err := r.Apply(t.Context(), plan)
	fmt.Println("applied", len(results), err)
}

// A process is killed at every point of an apply of twenty keys: at each look at
// the clock, which stand before each line of the journal and after each call, and
// right before and after each call. Nothing is lost, nothing done twice.
func TestKilled(t *testing.T) {
	const n = 20
	c := newCloud(t)
	as(t, c.admin)
	op, err := NewOperator(t.Context(), OperatorOptions{Endpoint: c.url})
	if err != nil {
		t.Fatal(err)
	}
	var cases []doomed
	for clock := 1; clock <= 2+5*n; clock++ { // begin, then intent, answer, result; look and proof; end
		cases = append(cases, doomed{Clock: clock})
	}
	for call := 1; call <= n; call++ {
		cases = append(cases, doomed{Call: call}, doomed{Answered: call})
	}
	if testing.Short() {
		cases = cases[:12]
	}
	queue := make(chan int)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i := range queue {
				surviveCase(t, c, op, cases[i], i, n)
			}
		})
	}
	for i := range cases {
		queue <- i
	}
	close(queue)
	group.Wait()
}

func surviveCase(t *testing.T, c *cloud, op *Operator, d doomed, number, n int) {
	for i := range n {
		d.Keys = append(d.Keys, c.AddKey(own, fmt.Sprintf("ci-%d-%d", number, i)).ID)
	}
	d.URL, d.Journal = c.url, fmt.Sprintf("%s/%d.jsonl", t.TempDir(), number)
	out, err := d.run(c.admin)
	if err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("%+v: not killed: %s (%v)", d, out, err)
		return
	}
	j, err := OpenJournal(d.Journal)
	if err != nil {
		t.Errorf("%+v: %v", d, err)
		return
	}
	defer j.Close()
	r := NewRevoker(op, nil, RevokerOptions{Accounts: []string{own}, Journal: j, PollEvery: time.Millisecond})
	r.now = func() time.Time { return time.Now().Add(time.Minute) } // in which a call under way has come to its end
	if err := resumeAll(t.Context(), r); err != nil {
		t.Errorf("%+v: %v", d, err)
	}
	want := 1
	if d.Clock == 1 { // before anything was said
		want = 0
	}
	for id, times := range c.done("UpdateAccessKey", d.Keys) {
		if times != want {
			t.Errorf("clock %d, call %d, answered %d: %s was deactivated %d times", d.Clock, d.Call, d.Answered, id, times)
		}
	}
	check, err := CheckJournal(d.Journal)
	if err != nil || check.Broken != "" || check.Unlinked != 0 || check.Torn != 0 || len(j.Unfinished()) != 0 || len(j.Interrupted()) != 0 || len(j.Undoable()) != n*want {
		t.Errorf("clock %d, call %d: %+v, %v; unfinished %d, interrupted %d, undoable %d", d.Clock, d.Call, check, err, len(j.Unfinished()), len(j.Interrupted()), len(j.Undoable()))
	}
}

// resumeAll does what `revokey revoke --resume --apply` does.
func resumeAll(ctx context.Context, r *Revoker) error {
	if _, err := r.Settle(ctx); err != nil {
		return err
	}
	for _, begin := range r.opts.Journal.Interrupted() {
		plan, err := r.PlanAgain(ctx, begin)
		if err != nil {
			return err
		}
		if _, err := r.Apply(ctx, plan); err != nil {
			return err
		}
	}
	return nil
}

// Where the disk is full, no call is made that cannot be recorded, and what was
// begun of a line is taken back. A limit on the file's size stands for the disk.
func TestDiskFull(t *testing.T) {
	c := newCloud(t)
	for _, room := range []int64{100, 3000, 3333, 5000} {
		t.Run(fmt.Sprint(room), func(t *testing.T) {
			d := doomed{URL: c.url, Journal: t.TempDir() + "/journal.jsonl", Room: room}
			for i := range 20 {
				d.Keys = append(d.Keys, c.AddKey(own, fmt.Sprintf("full-%d-%d", room, i)).ID)
			}
			out, err := d.run(c.admin)
			if err != nil || !strings.Contains(out, "file too large") {
				t.Fatalf("%s, %v", out, err)
			}
			j := openJournal(t, d.Journal)
			if j.Torn() != 0 {
				t.Errorf("%d bytes of a line were left", j.Torn())
			}
			called := 0
			for id, times := range c.done("UpdateAccessKey", d.Keys) {
				called += times
				if times > 0 && len(j.of(id)) == 0 {
					t.Errorf("%s was deactivated without a record", id)
				}
			}
			if room == 100 && called > 0 || room > 100 && called == 0 || called == 20 {
				t.Errorf("%d calls", called)
			}
		})
	}
}
