package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke/localaws"
	"github.com/revokey-dev/revokey/sweep"
	"github.com/revokey-dev/revokey/sweep/sweeptest"
)

// natsOfTests is a NATS server in a process of its own: nats-of-tests PORT FOLDER.
func natsOfTests() {
	var port int
	fmt.Sscan(os.Args[1], &port)
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: os.Args[2], SyncAlways: true, NoSigs: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	s.Start()
	select {}
}

// inFull reports whether sweeps are to be tested at length.
func inFull() bool { return os.Getenv("SWEEP_CHAOS") != "" }

// field is where sweeps of a test happen: a forge, and a home.
type field struct {
	t    *testing.T
	site *sweeptest.Forge
	dir  string
	urls []string
}

func newField(t *testing.T) *field {
	return &field{t: t, site: sweeptest.NewForge(t), dir: t.TempDir()}
}

func (f *field) add(path string, files map[string]string) {
	f.site.Add(path, files)
	f.urls = append(f.urls, f.site.CloneURL(path))
}

// list writes the list of all repositories.
func (f *field) list() string {
	f.t.Helper()
	path := filepath.Join(f.dir, "list")
	if err := os.WriteFile(path, []byte(strings.Join(f.urls, "\n")), 0o600); err != nil {
		f.t.Fatal(err)
	}
	return path
}

func (f *field) command(args ...string) *exec.Cmd {
	cmd := exec.Command("revokey", args...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + f.dir, "XDG_STATE_HOME=" + filepath.Join(f.dir, "state"), "XDG_CONFIG_HOME=" + filepath.Join(f.dir, "config"),
		"TMPDIR=" + f.dir, "GITEA_SERVER_URL=" + f.site.URL, "GITEA_TOKEN=" + sweeptest.Token,
		"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull, "AWS_EC2_METADATA_DISABLED=true",
	}
	return cmd
}

// run runs the command, and returns its findings (in jsonl), exit code and what it said.
func (f *field) run(args ...string) (records []report.Record, code int, said string) {
	f.t.Helper()
	cmd := f.command(args...)
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	_ = cmd.Run() // its exit code tells
	if strings.Contains(err.String()+out.String(), sweeptest.Token) {
		f.t.Error("the token was told")
	}
	records, readErr := report.Read(&out)
	if readErr != nil {
		f.t.Fatalf("%v: %s", readErr, err.String())
	}
	return records, cmd.ProcessState.ExitCode(), err.String()
}

// leak is a key as it leaks.
func leak(i int) (id, text string) {
	id = localaws.NewKeyID(nil, localaws.PrefixKey, foreignAccount)
	return id, fmt.Sprintf("# %d\naws_access_key_id = %s\naws_secret_access_key = %s\n", i, id, localaws.NewSecret(nil))
}

// organisations fills the field with n repositories of two organisations, and what organisations have.
func (f *field) organisations(n int) (keys []string) {
	for i := range n {
		id, text := leak(i)
		keys = append(keys, id)
		f.add(fmt.Sprintf("org%d/r%d", i%2, i), map[string]string{"creds": text, "readme": fmt.Sprint("number ", i)})
	}
	for _, name := range []string{"org0/tools", "org1/tools"} { // of the same last name
		id, text := leak(0)
		keys = append(keys, id)
		f.add(name, map[string]string{"a": text})
	}
	id, text := leak(0)
	keys = append(keys, id)
	f.add("org0/pulled", map[string]string{"a": "clean"})
	f.site.Commit("org0/pulled", "refs/pull/1/head", map[string]string{"secret": text})
	f.add("org0/empty", nil)
	return keys
}

// troubled adds what cannot be scanned.
func (f *field) troubled() []string {
	for _, name := range []string{"org1/gone", "org1/hang", "org1/garbage"} {
		f.add(name, map[string]string{"a": "1"})
	}
	f.site.Remove("org1/gone")
	f.site.Treat("org1/hang", "hang")
	f.site.Treat("org1/garbage", "garbage")
	return []string{"org1/gone", "org1/hang", "org1/garbage"}
}

func keyIDs(records []report.Record) []string {
	var ids []string
	for _, r := range records {
		ids = append(ids, report.Value(r.KeyID))
	}
	return ids
}

func sameKeys(t *testing.T, records []report.Record, keys []string) {
	t.Helper()
	got, want := slices.Sorted(slices.Values(keyIDs(records))), slices.Sorted(slices.Values(keys))
	if !slices.Equal(got, want) {
		t.Errorf("found %d credentials, want %d; lost %v", len(got), len(want), slices.DeleteFunc(want, func(k string) bool { return slices.Contains(got, k) }))
	}
	for _, r := range records {
		if len(r.Repositories) == 0 || len(r.Occurrences) == 0 {
			t.Errorf("%s has no place", *r.KeyID)
		}
		for i, o := range r.Occurrences {
			for _, p := range r.Occurrences[:i] {
				if report.Value(o.Repository) == report.Value(p.Repository) && report.Value(o.Object) == report.Value(p.Object) && o.Offset == p.Offset && report.Value(o.Path) == report.Value(p.Path) {
					t.Errorf("%s is told of twice at %s of %s", *r.KeyID, report.Value(o.Path), report.Value(o.Repository))
				}
			}
		}
	}
}

// TestSweepOfOrganisations sweeps two organisations over real HTTP, again without and with a cache, and after
// changes.
func TestSweepOfOrganisations(t *testing.T) {
	t.Parallel()
	f := newField(t)
	n := 30
	if inFull() {
		n = 200
	}
	keys := f.organisations(n)
	troubled := f.troubled()
	args := []string{"sweep", "list:" + f.list(), "--format", "jsonl", "--stall-timeout", "1s", "--attempts", "2", "--workers", "6"}
	records, code, said := f.run(args...)
	if code != exitTrouble {
		t.Errorf("exit code %d: %s", code, said)
	}
	sameKeys(t, records, keys)
	for _, name := range troubled {
		if !strings.Contains(said, "not scanned: "+strings.TrimPrefix(f.site.URL, "http://")+"/"+name+": ") {
			t.Errorf("%s is not named: %s", name, said)
		}
	}

	t.Log("the second asks each once for its refs, and fetches what changed")
	fixed := f.urls[:len(f.urls)-len(troubled)]
	f.urls = fixed
	id, text := leak(7)
	keys = append(keys, id)
	f.site.Commit("org1/r1", "refs/heads/more", map[string]string{"more": text})
	f.site.Rename("org0/r2", "org0/renamed")
	before := f.site.Asked("org0/r4")
	args[1] = "list:" + f.list()
	records, code, said = f.run(args...)
	sameKeys(t, records, keys)
	if asked := f.site.Asked("org0/r4") - before; code != exitFindings || asked != 1 {
		t.Errorf("exit code %d, %d requests: %s", code, asked, said)
	}
	if _, _, said := f.run("sweep", "results", "--format", "jsonl"); !strings.Contains(said, fmt.Sprintf("%d of %d repositories swept, of which 1 hold nothing", len(fixed), len(fixed))) {
		t.Errorf("results: %s", said)
	}

	t.Log("with a cache, what was found can be read again")
	cached := append(slices.Clone(args), "--cache", filepath.Join(f.dir, "cache"), "--state-dir", filepath.Join(f.dir, "other"))
	f.run(cached...)
	f.site.Commit("org1/r1", "refs/heads/more", map[string]string{"yet": "more"})
	records, _, _ = f.run(cached...)
	sameKeys(t, records, keys)
	if o := records[0].Occurrences[0]; o.Mirror == nil || !strings.HasPrefix(*o.Mirror, f.dir) {
		t.Errorf("mirror %v", report.Value(o.Mirror))
	}
	left, _ := filepath.Glob(filepath.Join(f.dir, "revokey-sweep-*"))
	if len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
	noTokenIn(t, f.dir)
}

// noTokenIn looks for the token in all that a sweep leaves.
func noTokenIn(t *testing.T, dir string) {
	t.Helper()
	_ = filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if data, err := os.ReadFile(path); err == nil && bytes.Contains(data, []byte(sweeptest.Token)) {
			t.Errorf("%s holds the token", path)
		}
		return nil
	})
}

// TestOneQuestion has one credential in many repositories: one question to STS in a sweep, whoever asks.
func TestOneQuestion(t *testing.T) {
	t.Parallel()
	f := newField(t)
	aws, url := serveAWS(t)
	k := aws.AddKey(foreignAccount, "ci")
	n := 40
	if inFull() {
		n = 300
	}
	for i := range n {
		f.add(fmt.Sprintf("org/r%d", i), map[string]string{"creds": fmt.Sprintf("aws_access_key_id = %s\naws_secret_access_key = %s\n", k.ID, k.Secret)})
	}
	args := []string{"sweep", "list:" + f.list(), "--format", "jsonl", "--verify", "--aws-endpoint", url, "--workers", "4"}
	records, code, said := f.run(args...)
	if code != exitLive || len(records) != 1 || len(records[0].Repositories) != n {
		t.Fatalf("exit code %d, %d findings: %s", code, len(records), said)
	}
	if asked := len(aws.Requests()); asked != 1 {
		t.Errorf("STS was asked %d times", asked)
	}
	t.Log("the next sweep asks again, once, though nothing has changed")
	aws.SetStatus(k.ID, localaws.Inactive)
	if records, code, _ = f.run(args...); code != exitFindings || len(records) != 1 || len(aws.Requests()) != 2 {
		t.Errorf("exit code %d, %d questions", code, len(aws.Requests()))
	}
}

// TestKilledSweep kills a sweep of one process, and goes on with it.
func TestKilledSweep(t *testing.T) {
	t.Parallel()
	f := newField(t)
	keys := f.organisations(30)
	f.list()
	args := []string{"sweep", "list:" + filepath.Join(f.dir, "list"), "--format", "jsonl", "--workers", "2", "--queue-wait", "2s", "--attempts", "50"}
	for i := range 4 {
		cmd := f.command(args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(300+200*i) * time.Millisecond)
		cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		if i == 0 {
			args = append(args, "--resume")
		}
	}
	records, code, said := f.run(args...)
	if code != exitFindings {
		t.Errorf("exit code %d: %s", code, said)
	}
	sameKeys(t, records, keys)
	if left, _ := filepath.Glob(filepath.Join(f.dir, "revokey-sweep-*", "repository-*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

// chaos are the processes of a sweep on several machines, and who kills them.
type chaos struct {
	f       *field
	port    int
	running map[string]*exec.Cmd
	kills   map[string]int
}

func (c *chaos) url(port int) string { return fmt.Sprintf("nats://127.0.0.1:%d", port) }

func (c *chaos) start(name string, cmd *exec.Cmd) {
	out, err := os.OpenFile(filepath.Join(c.f.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		c.f.t.Error(err)
		return
	}
	cmd.Stderr = out
	if err := cmd.Start(); err != nil {
		c.f.t.Error(err)
	}
	c.running[name] = cmd
	out.Close()
}

func (c *chaos) startNATS() {
	cmd := exec.Command("nats-of-tests", fmt.Sprint(c.port), filepath.Join(c.f.dir, "nats"))
	c.start("nats", cmd)
	for range 100 {
		if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", c.port)); err == nil {
			conn.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	c.f.t.Error("the server does not come up")
}

func (c *chaos) kill(name string) {
	if cmd := c.running[name]; cmd != nil {
		cmd.Process.Kill()
		_ = cmd.Wait()
		c.kills[name]++
	}
}

// proxy passes connections on, until each is cut after a while.
func (c *chaos) proxy() int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.f.t.Fatal(err)
	}
	c.f.t.Cleanup(func() { l.Close() })
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer from.Close()
				to, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", c.port))
				if err != nil {
					return
				}
				defer to.Close()
				go bufio.NewReader(from).WriteTo(to)
				cut := time.AfterFunc(3*time.Second, func() { from.Close(); to.Close() })
				defer cut.Stop()
				bufio.NewReader(to).WriteTo(from)
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

// TestChaos sweeps with a server, a filler and three workers, one of them behind a connection that is cut
// every three seconds, and kills any of them at random: every repository is scanned, and each finding is there
// once. SWEEP_CHAOS says for how long (two minutes, say), and SWEEP_CHAOS_REPOSITORIES of how many.
func TestChaos(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes a while")
	}
	span, n := 6*time.Second, 60
	if s := os.Getenv("SWEEP_CHAOS"); s != "" {
		span, _ = time.ParseDuration(s)
		fmt.Sscan(cmp.Or(os.Getenv("SWEEP_CHAOS_REPOSITORIES"), "400"), &n)
	}
	f := newField(t)
	keys := f.organisations(n)
	list := f.list()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &chaos{f: f, port: l.Addr().(*net.TCPAddr).Port, running: make(map[string]*exec.Cmd), kills: make(map[string]int)}
	l.Close()
	c.startNATS()
	cut := c.proxy()
	t.Cleanup(func() {
		for name := range c.running {
			c.kill(name)
		}
	})
	common := []string{"--queue-wait", "2s", "--attempts", "1000"}
	restart := map[string]func(){
		"nats": c.startNATS,
		"filler": func() {
			args := []string{"sweep", "list:" + list, "--queue", c.url(c.port), "--run", "chaos", "--output", "jsonl=" + filepath.Join(f.dir, "out"), "--state-dir", filepath.Join(f.dir, "filler")}
			c.start("filler", f.command(append(args, common...)...))
		},
	}
	for i := range 3 {
		port := c.port
		if i == 0 {
			port = cut
		}
		name := fmt.Sprint("worker", i)
		restart[name] = func() {
			c.start(name, f.command(append([]string{"worker", "--queue", c.url(port), "--workers", "2", "--cache", filepath.Join(f.dir, "cache-"+name)}, common...)...))
		}
		restart[name]()
	}
	restart["filler"]()
	names := []string{"worker0", "worker1", "worker2", "worker0", "worker1", "worker2", "filler", "nats"}
	total := 0
	for until := time.Now().Add(span); time.Now().Before(until); total++ {
		time.Sleep(time.Duration(300+rand.IntN(900)) * time.Millisecond)
		name := names[rand.IntN(len(names))]
		c.kill(name)
		time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
		restart[name]()
	}
	t.Logf("%d kills: %v", total, c.kills)
	finish := f.command(append([]string{"sweep", "list:" + list, "--queue", c.url(c.port), "--run", "chaos", "--format", "jsonl", "--state-dir", filepath.Join(f.dir, "last")}, common...)...)
	c.kill("filler")
	var out, said bytes.Buffer
	finish.Stdout, finish.Stderr = &out, &said
	_ = finish.Run() // its exit code tells
	var records []report.Record
	if strings.Contains(said.String(), "there was a sweep") { // the filler had got through
		records, _, _ = f.run("sweep", "results", "--run", "chaos", "--queue", c.url(c.port), "--format", "jsonl")
	} else if records, err = report.Read(&out); err != nil || finish.ProcessState.ExitCode() != exitFindings {
		t.Errorf("exit code %d, %v: %s", finish.ProcessState.ExitCode(), err, said.String())
	}
	sameKeys(t, records, keys)
	status := f.command("sweep", "status", "--json", "--run", "chaos", "--queue", c.url(c.port))
	data, err := status.Output()
	var s sweep.Status
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil || s.Done != len(f.urls) || s.Queue == nil || *s.Queue != (sweep.Depth{}) || len(s.Trouble) > 0 {
		t.Errorf("status %s, %v", data, err)
	}
	noTokenIn(t, f.dir)
}
