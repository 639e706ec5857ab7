package contract

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/versity/versitygw/iamapi"
	"github.com/versity/versitygw/iamapi/storage"
)

// What the server's process is told.
const (
	envDir  = "REVOKEY_TEST_VERSITYGW_DIR"
	envAddr = "REVOKEY_TEST_VERSITYGW_ADDR"
)

// TestMain is versitygw instead of the tests where it is told to be: a process of
// its own, so that nothing but the network joins it to what is tested.
func TestMain(m *testing.M) {
	if os.Getenv(envDir) == "" {
		os.Exit(m.Run())
	}
	if err := serveHere(os.Getenv(envDir), os.Getenv(envAddr)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serveHere serves until standard input ends. The root key comes on its first
// line.
func serveHere(dir, addr string) error {
	in := bufio.NewReader(os.Stdin)
	line, err := in.ReadString('\n')
	if err != nil {
		return err
	}
	id, secret, _ := strings.Cut(strings.TrimSpace(line), " ")
	st, err := storage.NewInternal(dir)
	if err != nil {
		return err
	}
	srv, err := iamapi.New(st, iamapi.RootCredentials{Access: id, Secret: secret},
		iamapi.WithQuiet(), iamapi.WithKeepAlive(), iamapi.WithOnListen(func() { fmt.Println("listening") }))
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.ServeMultiPort([]string{addr}) }()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, in) // its end is all that matters
	}()
	select {
	case err := <-failed:
		return err
	case <-ended:
		return srv.Shutdown()
	}
}

// serve runs versitygw in a process of its own, on a free port, until the test
// ends, and returns its address.
func serve(t *testing.T, dir string, root aws.Credentials) string {
	t.Helper()
	addr := freePort(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envDir+"="+dir, envAddr+"="+addr)
	cmd.Stderr = t.Output()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	fmt.Fprintf(in, "%s %s\n", root.AccessKeyID, root.SecretAccessKey)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if lines.Text() == "listening" {
			return addr
		}
	}
	t.Fatal("versitygw did not start")
	return ""
}
