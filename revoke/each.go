package revoke

import (
	"context"
	"sync/atomic"

	"github.com/sourcegraph/conc/stream"
)

// each does fn for 0 to n-1, workers at a time, and hands what came of each to
// tell, in order and one at a time. After an error, or when ctx is done, it begins
// nothing more, and returns that error; what is under way is waited for and told.
func each[T any](ctx context.Context, workers, n int, fn func(int) (T, error), tell func(int, T)) error {
	var stop atomic.Pointer[error]
	do := func(i int) func() {
		v, err := fn(i)
		if err != nil {
			stop.CompareAndSwap(nil, &err)
		}
		return func() { tell(i, v) }
	}
	st := stream.New().WithMaxGoroutines(max(workers, 1))
	for i := range n {
		if stop.Load() != nil || ctx.Err() != nil {
			break
		}
		if workers <= 1 {
			do(i)()
		} else {
			st.Go(func() stream.Callback { return do(i) })
		}
	}
	st.Wait()
	if err := stop.Load(); err != nil {
		return *err
	}
	return ctx.Err()
}
