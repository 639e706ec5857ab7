package sweep

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Listing is which repositories a run has, as far as they are listed. It is safe for concurrent use.
// The zero Listing has none.
type Listing struct {
	mu      sync.Mutex
	keys    map[string]bool
	unnamed int // listed earlier, of which the number alone is known
	over    bool
}

// Listed returns the listing of a run that was listed to its end by an earlier process.
func Listed(jobs int) *Listing { return &Listing{unnamed: jobs, over: true} }

// Count returns how many repositories there are, and whether that is all.
func (l *Listing) Count() (n int, over bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.keys) + l.unnamed, l.over
}

// add reports whether the repository is new to the listing.
func (l *Listing) add(key string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.keys == nil {
		l.keys = make(map[string]bool)
	}
	if l.keys[key] {
		return false
	}
	l.keys[key] = true
	return true
}

func (l *Listing) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
}

// missing returns how many repositories are not among those that are done. What is done and
// was not listed, such as what an earlier listing had, makes up for none.
func (l *Listing) missing(done []string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	both := 0
	for _, key := range done {
		if l.keys[key] {
			both++
		}
	}
	return len(l.keys) - both + max(0, l.unnamed-(len(done)-both))
}

// ErrVanished is returned by [Ledger.Wait] where jobs are neither in the queue nor done.
var ErrVanished = errors.New("jobs have vanished from the queue")

// vanished is for how long a queue has to be empty before what is missing is taken for lost: SQS
// needs a minute to know how much it holds, and a shared folder until a result is seen.
const vanished = 2 * time.Minute

// Wait returns when every repository that is listed has a result, and the listing is over. It calls
// tell with how many have, now and then.
func (l Ledger) Wait(ctx context.Context, q Queue, run string, listing *Listing, tell func(done, all int)) error {
	held := time.Now() // when the queue last had something
	for every := 200 * time.Millisecond; ; {
		start := time.Now()
		all, over := listing.Count()
		done, err := l.Done(ctx, run)
		if err == nil {
			left := listing.missing(done)
			tell(all-left, all)
			if over && left == 0 {
				return nil
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !over || err != nil || !isEmpty(ctx, q) {
			held = time.Now()
		}
		if time.Since(held) > vanished {
			return ErrVanished
		}
		every = min(max(every, 20*time.Since(start)), 10*time.Second) // asking is to cost little
		if !sleep(ctx, every) {
			return context.Cause(ctx)
		}
	}
}

// isEmpty reports whether a queue says that nothing is in it, or in anybody's hand.
func isEmpty(ctx context.Context, q Queue) bool {
	deep, ok := q.(interface {
		Depth(context.Context) (Depth, error)
	})
	if !ok {
		return false
	}
	d, err := deep.Depth(ctx)
	return err == nil && d.Waiting+d.InHand == 0
}
