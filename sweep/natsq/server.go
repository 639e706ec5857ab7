package natsq

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// ErrInUse is returned by [Start] where another process has the folder.
var ErrInUse = errors.New("another process works there")

// Embedded is a server in this process, with no port.
type Embedded struct {
	*Queue
	server *server.Server
	lock   *flock.Flock
}

// Start runs a server on the files in dir, which is made if it is not there, and which one
// process has at a time: the server itself would let two write to it, and lose both's jobs.
// Every change is on the disk before it is told of.
func Start(ctx context.Context, dir string, o Options) (*Embedded, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	waiting, cancel := context.WithTimeout(ctx, inPassing)
	defer cancel()
	switch ok, err := lock.TryLockContext(waiting, 50*time.Millisecond); {
	case ok:
	case err == nil || waiting.Err() != nil && ctx.Err() == nil:
		return nil, fmt.Errorf("opening %q: %w", dir, ErrInUse)
	default:
		return nil, fmt.Errorf("opening %q: %w", dir, err)
	}
	s, err := serve(dir, o.Log)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting the queue in %q: %w", dir, err), lock.Unlock())
	}
	e := &Embedded{server: s, lock: lock}
	nc, err := nats.Connect("", nats.InProcessServer(s), nats.Name("revokey"), nats.MaxReconnects(-1))
	if err == nil {
		e.Queue, err = open(ctx, nc, o)
	}
	if err != nil {
		return nil, errors.Join(err, e.stop())
	}
	return e, nil
}

// inPassing is how long another may have the folder who only looks into it, such as for a status.
const inPassing = time.Second

// ready is how long a server may take to read its files.
const ready = time.Minute

func serve(dir string, log *slog.Logger) (*server.Server, error) {
	s, err := server.NewServer(&server.Options{
		ServerName: "revokey", DontListen: true, NoSigs: true,
		JetStream: true, StoreDir: dir, SyncAlways: true,
	})
	if err != nil {
		return nil, err
	}
	if log != nil {
		s.SetLogger(logger{log}, false, false)
	}
	go s.Start()
	if !s.ReadyForConnections(ready) {
		s.Shutdown()
		return nil, errors.New("it does not come up")
	}
	return s, nil
}

// Close stops the server when all is written.
func (e *Embedded) Close() error {
	e.Queue.Close()
	return e.stop()
}

func (e *Embedded) stop() error {
	e.server.Shutdown()
	e.server.WaitForShutdown()
	return e.lock.Unlock()
}

// logger passes on what a server has to say, if it matters.
type logger struct{ to *slog.Logger }

func (l logger) Noticef(format string, v ...any) { l.to.Debug("queue: " + fmt.Sprintf(format, v...)) }
func (l logger) Warnf(format string, v ...any)   { l.to.Debug("queue: " + fmt.Sprintf(format, v...)) }
func (l logger) Errorf(format string, v ...any)  { l.to.Error("queue: " + fmt.Sprintf(format, v...)) }
func (l logger) Fatalf(format string, v ...any)  { l.to.Error("queue: " + fmt.Sprintf(format, v...)) }
func (l logger) Debugf(string, ...any)           {}
func (l logger) Tracef(string, ...any)           {}
