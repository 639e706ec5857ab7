package natsq

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/revokey-dev/revokey/sweep"
	"github.com/revokey-dev/revokey/sweep/sweeptest"
)

// TestMain runs the test binary as a NATS server of its own process where a test asks for one.
func TestMain(m *testing.M) {
	if dir := os.Getenv("NATSQ_TEST_SERVER"); dir != "" {
		s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: dir, SyncAlways: true, NoSigs: true})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		s.Start()
		if !s.ReadyForConnections(10 * time.Second) {
			os.Exit(1)
		}
		fmt.Println(s.ClientURL())
		select {}
	}
	os.Exit(m.Run())
}

// serverProcess starts a NATS server in a process of its own.
func serverProcess(t *testing.T) string {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "NATSQ_TEST_SERVER="+t.TempDir())
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	line := make([]byte, 100)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(line[:n]))
}

func TestEmbedded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	q, err := Start(t.Context(), dir, Options{Wait: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), dir, Options{}); !errors.Is(err, ErrInUse) {
		t.Errorf("opened twice: %v", err)
	}
	sweeptest.Queue(t, q, 2*time.Second, 2*time.Second)
	sweeptest.Store(t, q)
	jobs := []sweep.Job{sweeptest.JobOf("r2", "x"), sweeptest.JobOf("r2", "y")}
	if err := q.Enqueue(t.Context(), jobs); err != nil {
		t.Fatal(err)
	}
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}

	q, err = Start(t.Context(), dir, Options{Wait: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	if d, err := q.Depth(t.Context()); err != nil || d.Waiting != 2 {
		t.Errorf("after a restart: %+v, %v", d, err)
	}
	if err := q.Drop(t.Context(), "r2"); err != nil {
		t.Fatal(err)
	}
	if d, err := q.Depth(t.Context()); err != nil || d.Waiting != 0 {
		t.Errorf("dropped: %+v, %v", d, err)
	}
}

func TestServer(t *testing.T) {
	t.Parallel()
	q, err := Connect(t.Context(), serverProcess(t), Options{Wait: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	sweeptest.Queue(t, q, 2*time.Second, 2*time.Second)
	sweeptest.Store(t, q)
}

// TestOthersWait has somebody look at a queue who does not say for how long it is to wait.
func TestOthersWait(t *testing.T) {
	t.Parallel()
	url := serverProcess(t)
	for _, wait := range []time.Duration{time.Minute, 0, 2 * time.Minute, 0} {
		q, err := Connect(t.Context(), url, Options{Wait: wait})
		if err != nil {
			t.Fatal(err)
		}
		info, err := q.consumer.Info(t.Context())
		if err != nil || info.Config.AckWait < time.Minute || q.Beat() != info.Config.AckWait/4 {
			t.Errorf("opened with %v: the queue waits %v, a beat is %v, %v", wait, info.Config.AckWait, q.Beat(), err)
		}
		q.Close()
	}
}

func TestNoServer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := Connect(ctx, "nats://127.0.0.1:1", Options{}); err == nil || !strings.Contains(err.Error(), "connecting to the queue") {
		t.Errorf("got %v", err)
	}
}
