package sweep

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/revokey-dev/revokey/sweep/forge"
)

// Job is one repository to scan in one run. It is what the queue carries.
type Job struct {
	Run        string           `json:"run"`
	Repository forge.Repository `json:"repository"`
}

// Key names the job's repository in the queue and in the ledger.
func (j Job) Key() string { return KeyOf(j.Repository) }

// KeyOf returns what names a repository in the queue and in the ledger: letters and digits
// alone, and the same for as long as the forge's own ID of it is.
func KeyOf(r forge.Repository) string {
	h := sha256.New()
	for _, part := range []string{r.Forge, r.Host, r.Kind, r.ID} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Delivery is a job that was handed to one worker, which has it until it tells the queue
// otherwise, or is not heard of for the queue's time.
type Delivery struct {
	Job
	Attempt int // how often the job was handed out, this time included
	Handle  any // the queue's own
}

// ErrNone is returned by [Queue.Next] where no job came for a while.
var ErrNone = errors.New("there is no job to do")

// Queue hands out jobs at least once each: a job of which nothing is heard for the queue's
// time is handed out again. It is safe for concurrent use.
type Queue interface {
	// Enqueue adds jobs, and returns when none of them can be lost any more. One that
	// is in the queue already is not added again.
	Enqueue(ctx context.Context, jobs []Job) error

	// Next waits a few seconds for a job: [ErrNone] if there was none.
	Next(ctx context.Context) (*Delivery, error)

	// InProgress tells that the job is being worked on. [Queue.Beat] says how often it has to.
	InProgress(ctx context.Context, d *Delivery) error

	// Ack takes the job out of the queue, for good when it returns.
	Ack(ctx context.Context, d *Delivery) error

	// Retry gives the job back, to be handed out again after the delay.
	Retry(ctx context.Context, d *Delivery, delay time.Duration) error

	// Dead takes the job out of the queue and keeps it where people look after it.
	Dead(ctx context.Context, d *Delivery, reason string) error

	// Beat is how often InProgress is to be called.
	Beat() time.Duration
}

// Depth is how full a queue is.
type Depth struct {
	Waiting int `json:"waiting"`
	InHand  int `json:"in_hand"` // handed out, and not done
}
