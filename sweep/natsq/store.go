package natsq

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/revokey-dev/revokey/sweep"
)

// workersStay is how long the entry of a worker stays that is not heard of.
const workersStay = time.Minute

func (q *Queue) makeBuckets(ctx context.Context) error {
	for _, b := range sweep.Buckets() {
		c := jetstream.KeyValueConfig{Bucket: q.o.Name + "_" + string(b), History: 1, MaxValueSize: sweep.MaxValue + 1024}
		if b == sweep.Workers {
			c.TTL = workersStay
		}
		kv, err := q.js.KeyValue(ctx, c.Bucket)
		if errors.Is(err, jetstream.ErrBucketNotFound) {
			kv, err = q.js.CreateOrUpdateKeyValue(ctx, c)
		}
		if err != nil {
			return err
		}
		q.buckets[b] = kv
	}
	return nil
}

// Get returns an entry.
func (q *Queue) Get(ctx context.Context, b sweep.Bucket, key string) (sweep.Entry, error) {
	e, err := q.buckets[b].Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) || errors.Is(err, jetstream.ErrKeyDeleted) {
		return sweep.Entry{}, sweep.ErrNotFound
	}
	if err != nil {
		return sweep.Entry{}, err
	}
	return sweep.Entry{Value: e.Value(), Revision: e.Revision()}, nil
}

// Create adds an entry.
func (q *Queue) Create(ctx context.Context, b sweep.Bucket, key string, value []byte) error {
	_, err := q.buckets[b].Create(ctx, key, value)
	return exists(err)
}

// Put sets an entry.
func (q *Queue) Put(ctx context.Context, b sweep.Bucket, key string, value []byte) error {
	_, err := q.buckets[b].Put(ctx, key, value)
	return err
}

// Update sets an entry that still has the revision.
func (q *Queue) Update(ctx context.Context, b sweep.Bucket, key string, value []byte, revision uint64) error {
	_, err := q.buckets[b].Update(ctx, key, value, revision)
	return exists(err)
}

// exists tells the server's refusal to overwrite from trouble.
func exists(err error) error {
	var api *jetstream.APIError
	if errors.Is(err, jetstream.ErrKeyExists) || errors.As(err, &api) && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence {
		return sweep.ErrExists
	}
	return err
}

// Keys returns the keys below prefix.
func (q *Queue) Keys(ctx context.Context, b sweep.Bucket, prefix string) ([]string, error) {
	filter := ">"
	if prefix != "" {
		filter = prefix + ".>"
	}
	list, err := q.buckets[b].ListKeysFiltered(ctx, filter)
	if errors.Is(err, jetstream.ErrNoKeysFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var keys []string
	for k := range list.Keys() {
		keys = append(keys, k)
	}
	return keys, context.Cause(ctx) // which ends the list too
}

// Delete takes an entry out, and leaves no mark of it.
func (q *Queue) Delete(ctx context.Context, b sweep.Bucket, key string) error {
	return q.purge(ctx, b, key)
}

// Clear takes out all below prefix.
func (q *Queue) Clear(ctx context.Context, b sweep.Bucket, prefix string) error {
	return q.purge(ctx, b, prefix+".>")
}

func (q *Queue) purge(ctx context.Context, b sweep.Bucket, keys string) error {
	bucket := q.o.Name + "_" + string(b)
	s, err := q.js.Stream(ctx, "KV_"+bucket)
	if err != nil {
		return err
	}
	return s.Purge(ctx, jetstream.WithPurgeSubject(strings.Join([]string{"$KV", bucket, keys}, ".")))
}
