package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
	"github.com/revokey-dev/revokey/revoke/localaws"
	"github.com/revokey-dev/revokey/scanner/gittest"
)

// smallDisk mounts a file system of 64 KiB, in which fill leaves no room. It takes root.
func smallDisk(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("NOT TESTED: what happens on a full disk: mounting one: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func fill(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "fill"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 4096; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
}

func readOnly(t *testing.T, dir string) {
	t.Helper()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
}

// spoilings are the ways in which a disk takes nothing more.
var spoilings = map[string]func(*testing.T, string){"full": fill, "read-only": readOnly}

// leaky makes a repository with a key, and returns its folder.
func leaky(t *testing.T, k localaws.Key) string {
	r := gittest.New(t)
	r.WriteCommit("keys", fmt.Sprintf("aws_access_key_id = %s\naws_secret_access_key = %s\n", k.ID, k.Secret))
	return r.Dir
}

// TestDiskTakesNoReport holds that a report, or a state, that cannot be written is trouble, which is told; that what stood
// there before stays as it was; and that nothing is left beside it.
func TestDiskTakesNoReport(t *testing.T) {
	s, _ := serveAWS(t)
	repo := leaky(t, s.AddKey(ourAccount, "ci"))
	for label, spoil := range spoilings {
		t.Run(label, func(t *testing.T) {
			dir := smallDisk(t)
			before := map[string][]byte{}
			for _, name := range []string{"report", "state"} {
				if exit, _, said := program(t, nil, "", "scan", repo, "--"+map[string]string{"report": "output", "state": "state"}[name], filepath.Join(dir, name)); exit != exitFindings {
					t.Fatalf("exit code %d: %s", exit, said)
				}
				before[name], _ = os.ReadFile(filepath.Join(dir, name))
			}
			spoil(t, dir)
			names := listing(t, dir)
			gittest.At(t, repo).WriteCommit("more", label)
			for _, args := range [][]string{{"--format", "json", "--output", filepath.Join(dir, "report")}, {"--output", filepath.Join(dir, "other")}, {"--state", filepath.Join(dir, "state")}} {
				exit, out, said := program(t, nil, "", append([]string{"scan", repo}, args...)...)
				if exit != exitTrouble || !strings.Contains(said, "no space left") && !strings.Contains(said, "read-only") {
					t.Errorf("%v: exit code %d: %s", args, exit, said)
				}
				if args[0] == "--state" && !strings.Contains(out, "1 credential") {
					t.Errorf("what was found is not told: %s", out)
				}
			}
			for name, was := range before {
				if now, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(now, was) || len(now) == 0 {
					t.Errorf("%s was %d bytes, and is %d: %v", name, len(was), len(now), err)
				}
			}
			if now := listing(t, dir); fmt.Sprint(now) != fmt.Sprint(names) {
				t.Errorf("there was %q, and is %q", names, now)
			}
		})
	}
}

// TestDiskTakesNoJournal holds that nothing is done at AWS that cannot be written down first.
func TestDiskTakesNoJournal(t *testing.T) {
	for label, spoil := range spoilings {
		for _, begun := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, begun %v", label, begun), func(t *testing.T) {
				dir := smallDisk(t)
				s, url := serveAWS(t)
				s.AddAdmin(ourAccount, "admin")
				admin, other := s.AddKey(ourAccount, "admin"), s.AddKey(ourAccount, "ci")
				var keys []string // enough that what is left of the journal's last page does not do
				for i := range 20 {
					keys = append(keys, s.AddKey(ourAccount, fmt.Sprint("user", i)).ID)
				}
				for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": admin.ID, "AWS_SECRET_ACCESS_KEY": admin.Secret, "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull} {
					t.Setenv(name, value)
				}
				journal := filepath.Join(dir, "journal")
				switchOff := func(ids ...string) (int, string) {
					args := append([]string{"revoke"}, ids...)
					exit, _, said := program(t, nil, "", append(args, "--apply", "--yes", "--journal", journal, "--aws-endpoint", url, "--account", ourAccount, "--config", os.DevNull)...)
					return exit, said
				}
				if begun {
					if exit, said := switchOff(other.ID); exit != exitClean {
						t.Fatalf("exit code %d: %s", exit, said)
					}
				}
				spoil(t, dir)
				calls := len(s.Requests())
				if exit, said := switchOff(keys...); exit != exitTrouble || !strings.Contains(said, "journal") {
					t.Errorf("exit code %d: %s", exit, said)
				}
				entries, check, err := revoke.ReadJournal(journal)
				if begun && (err != nil || check.Broken != "" || check.Torn > 0) {
					t.Errorf("the journal is not whole any more: %+v, %v", check, err)
				}
				for _, r := range s.Requests()[calls:] {
					if r.Action == "UpdateAccessKey" && !slices.ContainsFunc(entries, func(e revoke.Entry) bool {
						return e.KeyID == r.Target && e.Phase == revoke.PhaseIntent
					}) {
						t.Errorf("%s was switched off, and nothing says so", r.Target)
					}
				}
			})
		}
	}
}

// TestOutputFails holds that a report that nobody gets is no success, in any format.
func TestOutputFails(t *testing.T) {
	t.Parallel()
	s, _ := serveAWS(t)
	repo := leaky(t, s.AddKey(ourAccount, "ci"))
	for _, format := range report.Formats() {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		var said bytes.Buffer
		cmd := exec.Command("revokey", "scan", repo, "--format", format)
		cmd.Stdout, cmd.Stderr = full, &said
		_ = cmd.Run()
		full.Close()
		if code := cmd.ProcessState.ExitCode(); code != exitTrouble || !strings.Contains(said.String(), "no space left on device") {
			t.Errorf("%s to a full device: exit code %d: %s", format, code, &said)
		}
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		read.Close()
		cmd = exec.Command("revokey", "scan", repo, "--format", format)
		cmd.Stdout = write
		_ = cmd.Run()
		write.Close()
		status := cmd.ProcessState.Sys().(syscall.WaitStatus)
		if !(status.Signaled() && status.Signal() == syscall.SIGPIPE) && status.ExitStatus() != exitTrouble {
			t.Errorf("%s to nobody: %v", format, cmd.ProcessState)
		}
	}
}
