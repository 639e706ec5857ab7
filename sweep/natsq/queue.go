package natsq

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/revokey-dev/revokey/sweep"
)

// Options tune a queue. The zero value is useful.
type Options struct {
	// Wait is for how long a worker may be silent before its jobs are handed out
	// again; 0: as the queue has it, 30 s of a new one. What is said here holds for all of the queue; who is at
	// work is heard of as often as before, so that it can be raised meanwhile, but not lowered.
	Wait time.Duration

	Log *slog.Logger // nil: nothing is logged

	// Of a server only:
	Credentials string // a file as `nsc` writes it; "": none
	CA          string // a file with the certificates that the server's is checked by; "": the system's
	Cert, Key   string // files of the client's own certificate; "": none
	Name        string // what streams and buckets begin with; "": "revokey"
}

// Queue is both the queue and the store of a sweep.
type Queue struct {
	nc       *nats.Conn
	js       jetstream.JetStream
	o        Options
	consumer jetstream.Consumer
	buckets  map[sweep.Bucket]jetstream.KeyValue
}

var (
	_ sweep.Queue = (*Queue)(nil)
	_ sweep.Store = (*Queue)(nil)
)

// Connect connects to a server, such as nats://host:4222 or tls://host:4222, and goes on
// through its restarts. A password does not belong into the URL: credentials come from a file.
func Connect(ctx context.Context, url string, o Options) (*Queue, error) {
	opts := []nats.Option{nats.Name("revokey"), nats.MaxReconnects(-1), nats.ReconnectWait(time.Second), nats.Timeout(10 * time.Second), nats.PingInterval(10 * time.Second)}
	if o.Credentials != "" {
		opts = append(opts, nats.UserCredentials(o.Credentials))
	}
	if o.CA != "" {
		opts = append(opts, nats.RootCAs(o.CA))
	}
	if o.Cert != "" {
		opts = append(opts, nats.ClientCert(o.Cert, o.Key))
	}
	if o.Log != nil {
		opts = append(opts,
			nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { o.Log.Warn("the queue's server is away", "error", err) }),
			nats.ReconnectHandler(func(*nats.Conn) { o.Log.Info("the queue's server is back") }))
	}
	nc, err := nats.Connect(url, opts...)
	if err != nil {
		return nil, fmt.Errorf("connecting to the queue: %w", err)
	}
	return open(ctx, nc, o)
}

// open makes the streams and buckets that are not there yet.
func open(ctx context.Context, nc *nats.Conn, o Options) (*Queue, error) {
	if o.Name == "" {
		o.Name = "revokey"
	}
	js, err := jetstream.New(nc)
	if err != nil {
		nc.Close()
		return nil, err
	}
	q := &Queue{nc: nc, js: js, o: o, buckets: make(map[sweep.Bucket]jetstream.KeyValue)}
	if err := errors.Join(q.makeStreams(ctx), q.makeBuckets(ctx)); err != nil {
		nc.Close()
		return nil, fmt.Errorf("making the queue's streams: %w", err)
	}
	return q, nil
}

// Close ends the connection.
func (q *Queue) Close() { q.nc.Close() }

func (q *Queue) stream(kind string) string { return strings.ToUpper(q.o.Name) + "_" + kind }

// makeStreams makes what is not there. What is stays as it is: replicas and limits are its owner's matter.
func (q *Queue) makeStreams(ctx context.Context) error {
	err := q.makeStream(ctx, jetstream.StreamConfig{
		Name: q.stream("JOBS"), Subjects: []string{q.o.Name + ".jobs.>"}, Retention: jetstream.WorkQueuePolicy,
		// One job a repository and run: another is refused as long as that is there.
		Discard: jetstream.DiscardNew, DiscardNewPerSubject: true, MaxMsgsPerSubject: 1,
	})
	if err != nil {
		return err
	}
	err = q.makeStream(ctx, jetstream.StreamConfig{
		Name: q.stream("DEAD"), Subjects: []string{q.o.Name + ".dead.>"}, MaxMsgsPerSubject: 1, MaxAge: 90 * 24 * time.Hour,
	})
	if err != nil {
		return err
	}
	return q.makeConsumer(ctx)
}

func (q *Queue) makeStream(ctx context.Context, c jetstream.StreamConfig) error {
	_, err := q.js.Stream(ctx, c.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		_, err = q.js.CreateOrUpdateStream(ctx, c)
	}
	return err
}

// makeConsumer makes what hands out jobs. Only who says how long to wait changes that.
func (q *Queue) makeConsumer(ctx context.Context) (err error) {
	if q.o.Wait == 0 {
		q.consumer, err = q.js.Consumer(ctx, q.stream("JOBS"), workers)
		if err == nil {
			q.o.Wait = q.consumer.CachedInfo().Config.AckWait
		}
		if !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return err
		}
		q.o.Wait = 30 * time.Second
	}
	q.consumer, err = q.js.CreateOrUpdateConsumer(ctx, q.stream("JOBS"), jetstream.ConsumerConfig{
		Durable: workers, AckPolicy: jetstream.AckExplicitPolicy, AckWait: q.o.Wait, MaxDeliver: -1, MaxAckPending: 10_000,
	})
	return err
}

// workers is what all of them get their jobs by.
const workers = "workers"

// patience is how long is waited for a job at a time.
const patience = 2 * time.Second

// Beat is often enough for three beats to be lost.
func (q *Queue) Beat() time.Duration { return q.o.Wait / 4 }

// Enqueue adds jobs.
func (q *Queue) Enqueue(ctx context.Context, jobs []sweep.Job) error {
	var pending []jetstream.PubAckFuture
	for _, j := range jobs {
		data, err := json.Marshal(j)
		if err != nil {
			return err
		}
		f, err := q.js.PublishAsync(q.o.Name+".jobs."+j.Run+"."+j.Key(), data)
		if err != nil {
			return err
		}
		pending = append(pending, f)
	}
	late := time.NewTimer(30 * time.Second)
	defer late.Stop()
	for _, f := range pending {
		select {
		case <-f.Ok():
		case err := <-f.Err():
			if !isQueued(err) {
				return err
			}
		case <-late.C:
			return errors.New("the queue does not answer")
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// tooManyPerSubject is the server's code for a subject that has its message already.
const tooManyPerSubject = 10077

func isQueued(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == tooManyPerSubject && strings.Contains(api.Description, "per subject")
}

// Next waits for a job. One is asked for at a time: what waits at a worker is not another's.
func (q *Queue) Next(ctx context.Context) (*sweep.Delivery, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	msg, err := q.consumer.Next(jetstream.FetchContext(ctx))
	switch {
	case errors.Is(err, nats.ErrTimeout) || errors.Is(err, jetstream.ErrNoMessages) || ctx.Err() != nil && err != nil:
		return nil, sweep.ErrNone
	case err != nil:
		return nil, err
	}
	meta, err := msg.Metadata()
	if err != nil {
		return nil, err
	}
	d := &sweep.Delivery{Attempt: int(meta.NumDelivered), Handle: msg}
	if err := json.Unmarshal(msg.Data(), &d.Job); err != nil {
		return nil, errors.Join(fmt.Errorf("a job that is none: %w", err), msg.TermWithReason("not a job"))
	}
	return d, nil
}

func message(d *sweep.Delivery) jetstream.Msg { return d.Handle.(jetstream.Msg) }

// InProgress tells that the job is being worked on.
func (q *Queue) InProgress(ctx context.Context, d *sweep.Delivery) error {
	return message(d).InProgress()
}

// Ack takes the job out, and waits for the server to say so.
func (q *Queue) Ack(ctx context.Context, d *sweep.Delivery) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	return message(d).DoubleAck(ctx)
}

// answerWithin is how long a server may take for an answer.
const answerWithin = 20 * time.Second

// flush returns when the server has got what was sent.
func (q *Queue) flush(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	return q.nc.FlushWithContext(ctx)
}

// Retry gives the job back.
func (q *Queue) Retry(ctx context.Context, d *sweep.Delivery, delay time.Duration) error {
	give := message(d).Nak // at once: the server takes a delay of 0 for none given, and waits
	if delay > 0 {
		give = func() error { return message(d).NakWithDelay(delay) }
	}
	return errors.Join(give(), q.flush(ctx))
}

// Dead copies the job to the stream of the dead and takes it out.
func (q *Queue) Dead(ctx context.Context, d *sweep.Delivery, reason string) error {
	msg := nats.NewMsg(q.o.Name + ".dead." + d.Run + "." + d.Key())
	msg.Data = message(d).Data()
	msg.Header.Set("Reason", strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return ' '
		}
		return r
	}, reason))
	if _, err := q.js.PublishMsg(ctx, msg, jetstream.WithMsgID("dead."+d.Run+"."+d.Key())); err != nil {
		return err
	}
	return errors.Join(message(d).TermWithReason("dead"), q.flush(ctx))
}

// Depth returns how many jobs there are.
func (q *Queue) Depth(ctx context.Context) (sweep.Depth, error) {
	info, err := q.consumer.Info(ctx)
	if err != nil {
		return sweep.Depth{}, err
	}
	return sweep.Depth{Waiting: int(info.NumPending), InHand: info.NumAckPending}, nil
}

// Drop takes all jobs of a run out of the queue.
func (q *Queue) Drop(ctx context.Context, run string) error {
	s, err := q.js.Stream(ctx, q.stream("JOBS"))
	if err != nil {
		return err
	}
	return s.Purge(ctx, jetstream.WithPurgeSubject(q.o.Name+".jobs."+run+".>"))
}
