package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/sweep"
	"github.com/revokey-dev/revokey/sweep/folder"
	"github.com/revokey-dev/revokey/sweep/natsq"
	"github.com/revokey-dev/revokey/sweep/sqsq"
)

// queueOptions say where the work waits, and where what is known of it is kept.
type queueOptions struct {
	url   string // "": in this process
	dir   string // of the queue in this process, and of the status
	store string // a folder that several share; "": with the queue
	nats  natsq.Options

	endpoint string // --aws-endpoint, which is SQS's too; "": AWS
}

func queueFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "state-dir", Usage: "keep the queue, and what is known, in the folder `DIR`", DefaultText: "revokey/sweep in the user's state folder", Category: "Queue"},
		&cli.StringFlag{Name: "queue", Usage: "use the queue at `URL` for many machines: nats://HOST, tls://HOST or sqs://REGION/ACCOUNT/NAME", DefaultText: "one in this process", Category: "Queue"},
		&cli.StringFlag{Name: "queue-credentials", Usage: "`FILE` of the credentials for a NATS server, as nsc writes it", Category: "Queue"},
		&cli.StringFlag{Name: "queue-ca", Usage: "`FILE` of the certificates that the queue's server is checked by", Category: "Queue"},
		&cli.StringFlag{Name: "queue-cert", Usage: "`FILE` of our own certificate for it", Category: "Queue"},
		&cli.StringFlag{Name: "queue-key", Usage: "`FILE` of the key of that certificate", Category: "Queue"},
		&cli.DurationFlag{Name: "queue-wait", Usage: "hand a job out again after `DURATION` without a word from its worker", DefaultText: "30s; 10s in this process", Category: "Queue"},
		&cli.StringFlag{Name: "store", Usage: "keep what is known in the folder `DIR`, which all workers share; for sqs, and for shards", Category: "Queue"},
	}
}

func queueOptionsOf(c *cli.Context) (o queueOptions, err error) {
	o = queueOptions{url: c.String("queue"), dir: c.String("state-dir"), store: c.String("store"), nats: natsq.Options{
		Wait: c.Duration("queue-wait"), Credentials: c.String("queue-credentials"), CA: c.String("queue-ca"), Cert: c.String("queue-cert"), Key: c.String("queue-key"),
	}}
	o.endpoint = c.String("aws-endpoint")
	scheme, rest, _ := strings.Cut(o.url, "://")
	switch {
	case o.url != "" && (rest == "" || scheme != "nats" && scheme != "tls" && scheme != "sqs"):
		return o, usagef("the queue %q is none of nats://HOST, tls://HOST and sqs://REGION/ACCOUNT/NAME", withoutUser(o.url))
	case strings.Contains(rest, "@"):
		return o, usagef("the URL of a queue holds no password, which others could read").withHint("give it in a file with --queue-credentials")
	case scheme == "sqs" && o.nats.Wait > sqsq.MaxWait:
		return o, usagef("SQS keeps a job from others for twelve hours at most: --queue-wait is less")
	case scheme == "sqs" && o.store == "":
		return o, usagef("sqs keeps no results: name a folder that all workers share with --store DIR")
	case (o.nats.Cert == "") != (o.nats.Key == ""):
		return o, usagef("--queue-cert and --queue-key go together")
	case o.nats.Wait < 0 || o.nats.Wait > 0 && o.nats.Wait < time.Second:
		return o, usagef("--queue-wait takes a time of a second at least")
	}
	if o.dir == "" {
		o.dir, err = sweepFolder()
	}
	return o, err
}

// withoutUser returns the URL without what may be a password.
func withoutUser(url string) string {
	if scheme, rest, ok := strings.Cut(url, "://"); ok && strings.Contains(rest, "@") {
		return scheme + "://…@" + rest[strings.LastIndexByte(rest, '@')+1:]
	}
	return url
}

// openQueue is a queue with what is known.
type openQueue struct {
	sweep.Queue
	ledger sweep.Ledger
	close  func() error
	alone  bool                                        // nobody else uses it
	drop   func(ctx context.Context, run string) error // nil: it cannot
}

// depth asks the queue how full it is; nil of one that does not tell.
func (q openQueue) depth(ctx context.Context) (*sweep.Depth, error) {
	deep, ok := q.Queue.(interface {
		Depth(context.Context) (sweep.Depth, error)
	})
	if !ok {
		return nil, nil
	}
	d, err := deep.Depth(ctx)
	return &d, err
}

func (o queueOptions) open(ctx context.Context, log *slog.Logger) (q openQueue, err error) {
	scheme, _, _ := strings.Cut(o.url, "://")
	o.nats.Log = log
	switch scheme {
	case "sqs":
		q, err = o.openSQS(ctx)
	case "nats", "tls":
		var remote *natsq.Queue
		if remote, err = natsq.Connect(ctx, o.url, o.nats); err == nil {
			q = openQueue{Queue: remote, ledger: sweep.Ledger{Store: remote}, close: func() error { remote.Close(); return nil }}
		}
	default:
		if o.nats.Wait == 0 {
			o.nats.Wait = 10 * time.Second // who worked is known to be dead by now
		}
		var own *natsq.Embedded
		if own, err = natsq.Start(ctx, filepath.Join(o.dir, "queue"), o.nats); err == nil {
			q = openQueue{Queue: own, ledger: sweep.Ledger{Store: own}, close: own.Close, alone: true, drop: own.Drop}
		}
	}
	if errors.Is(err, natsq.ErrInUse) {
		return q, &hintedError{fmt.Errorf("another sweep is at work with the state in %q", o.dir), "`revokey sweep status` tells how far it is; --state-dir names another folder"}
	}
	if err != nil {
		return q, err
	}
	if o.store != "" {
		store, err := folder.Open(o.store)
		if err != nil {
			return q, errors.Join(err, q.close())
		}
		q.ledger = sweep.Ledger{Store: store}
	}
	return q, nil
}

// openLedger opens what is known alone, if it is not kept with the queue.
func (o queueOptions) openLedger(ctx context.Context) (openQueue, error) {
	if o.store == "" {
		return o.open(ctx, nil)
	}
	store, err := folder.Open(o.store)
	return openQueue{ledger: sweep.Ledger{Store: store}, close: func() error { return nil }}, err
}

// statusFile is where a sweep in one process tells others how far it is.
func (o queueOptions) statusFile() string { return filepath.Join(o.dir, "status.json") }

// writeAtomically replaces a file as a whole; only we can read it.
func writeAtomically(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".revokey-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
