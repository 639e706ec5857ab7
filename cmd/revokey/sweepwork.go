package main

import (
	"context"
	"log/slog"
	"net/url"
	"runtime"
	"sync"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/sweep"
	"github.com/revokey-dev/revokey/sweep/fetch"
	"github.com/revokey-dev/revokey/sweep/forge"
)

func workerCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:  "worker",
		Usage: "work off what a sweep on another machine has put into a queue",
		Description: `Takes repositories from --queue, as many at a time as --workers says, until it is stopped:
with Ctrl-C, or as any process is killed. What it had in hand is then given to others. Start
and stop as many as there are machines. The tokens of the forges, and the credentials for AWS
where --verify is given, are this machine's own: no queue carries any.`,
		Flags: append(append([]cli.Flag{
			&cli.BoolFlag{Name: "drain", Usage: "end when the queue is empty"},
		}, queueFlags()...), append(append(workFlags(), askFlags()...), awsFlags()...)...),
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usagef("worker takes no arguments").withHint("`revokey sweep SOURCE --queue URL` puts work into the queue")
			}
			q, err := queueOptionsOf(c)
			if err != nil {
				return err
			}
			if q.url == "" {
				return usagef("a worker needs the queue that it is to work off").withHint("pass --queue nats://HOST; on one machine `revokey sweep` has workers of its own")
			}
			w, err := workOptionsOf(c)
			if err != nil {
				return err
			}
			if w.workers == 0 {
				return usagef("--workers takes a number above 0")
			}
			return runWorker(c.Context, q, w, c.Bool("drain"), std)
		},
	}
}

func runWorker(ctx context.Context, o queueOptions, work workOptions, drain bool, std streams) error {
	log := newLog(std, true, func(tell func()) { tell() })
	q, err := o.open(ctx, log)
	if err != nil {
		return err
	}
	defer q.close()
	work.aws.endpointSaid(work.verify, std)
	w, closeWorker, err := work.worker(ctx, q, log, std)
	if err != nil {
		return err
	}
	defer closeWorker()
	stop, err := work.serve(w, func(ctx context.Context) (sweep.Status, error) {
		depth, err := q.depth(ctx)
		return sweep.Status{Workers: []sweep.WorkerStatus{w.Status()}, Queue: depth}, err
	}, log)
	if err != nil {
		return err
	}
	defer stop()
	log.Info("at work", "worker", w.Name, "repositories", w.Parallel, "queue", o.url)
	working, cancel := context.WithCancel(ctx)
	defer cancel()
	if drain {
		w.Idle = cancel
	}
	err = w.Run(working)
	if ctx.Err() != nil {
		log.Info("stopped; what was in hand is given back", "worker", w.Name)
		return err // stopping is how a worker ends
	}
	return err
}

// endpointSaid says where AWS calls go, if there are any.
func (o awsOptions) endpointSaid(m verifyMode, std streams) {
	if m != verifyOff {
		o.sayEndpoint(std)
	}
}

// worker returns one that works here.
func (o workOptions) worker(ctx context.Context, q openQueue, log *slog.Logger, std streams) (*sweep.Worker, func(), error) {
	s := sweepScanner{memory: o.memory, endpoint: o.aws.endpoint}
	if o.verify != verifyOff {
		var err error
		if s.judge, err = newJudge(ctx, o.aws, o.ask, std); err != nil {
			return nil, nil, err
		}
	}
	tokens := &tokens{o: forge.Options{Insecure: o.insecure}}
	o.fetch.Log, o.fetch.Authorization = log, tokens.of
	f, err := fetch.New(o.fetch)
	if err != nil {
		return nil, nil, err
	}
	w := &sweep.Worker{
		Queue: q.Queue, Ledger: q.ledger, Fetcher: f, Scanner: s, Name: sweep.NewName(), Log: log,
		Parallel: o.workers, Scans: runtime.GOMAXPROCS(0), Attempts: o.attempts, ScanTimeout: o.scanning,
	}
	w.Tell = func(e sweep.Event) {
		if !e.Retried {
			log.Info("done", "repository", e.Result.Repository.Name, "outcome", e.Result.Outcome, "findings", e.Result.Findings.Count,
				"blobs", e.Result.Scan.Blobs, "fetch", e.Result.FetchTime, "scan", e.Result.ScanTime, "took", e.Took)
		}
	}
	return w, func() { f.Close() }, nil
}

// tokens gives leave to fetch, by the forges that repositories are of.
type tokens struct {
	o      forge.Options
	mu     sync.Mutex
	forges map[string]forge.Forge
}

func (t *tokens) of(ctx context.Context, r forge.Repository) (string, error) {
	f, err := t.forge(r)
	if err != nil {
		return "", err
	}
	return f.Authorization(ctx, r)
}

// forge returns the forge of a repository, of which one serves all of its host.
func (t *tokens) forge(r forge.Repository) (forge.Forge, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	host := r.Host
	if u, err := url.Parse(r.URL); err == nil {
		host += " " + u.Host
	}
	key := r.Forge + " " + host
	if f, ok := t.forges[key]; ok {
		return f, nil
	}
	f, err := forge.For(r, t.o)
	if err != nil {
		return nil, err
	}
	if t.forges == nil {
		t.forges = make(map[string]forge.Forge)
	}
	t.forges[key] = f
	return f, nil
}
