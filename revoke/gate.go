package revoke

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"golang.org/x/time/rate"
)

// Exchange is one request to AWS and what came back. It holds no secret.
type Exchange struct {
	Time       time.Time `json:"time"` // when it was sent
	Action     string    `json:"action"`
	Host       string    `json:"host"`
	SignedBy   string    `json:"signed_by"`             // a key ID
	Seconds    float64   `json:"seconds"`               // until the answer
	HTTPStatus int       `json:"http_status,omitempty"` // 0: no answer
	Code       string    `json:"code,omitempty"`        // AWS's error code
	RequestID  string    `json:"request_id,omitempty"`
	Answer     string    `json:"answer"` // what came back, in words for people; may change
}

type traceKey struct{}

// WithTrace returns a context under which each request of this package to AWS,
// retries included, is told to hear when it is answered: one at a time, but for those
// that the SDK makes for the operator's credentials, which may come meanwhile, or
// after whoever needed them has given up.
func WithTrace(ctx context.Context, hear func(Exchange)) context.Context {
	return context.WithValue(ctx, traceKey{}, hear)
}

// gate is what every attempt of every call passes before it is signed: so that
// none waits with a signature that ages.
type gate struct{ limiter *rate.Limiter }

const gateName = "RevokeyGate"

// attach puts the gate into a client's stack, once.
func (g gate) attach(stack *middleware.Stack) error {
	if _, there := stack.Finalize.Get(gateName); there {
		return nil
	}
	return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc(gateName, g.pass), "Signing", middleware.Before)
}

func (g gate) pass(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (
	out middleware.FinalizeOutput, md middleware.Metadata, err error,
) {
	asking, _ := ctx.Value(askingKey{}).(*asking)
	if err := g.wait(ctx, asking); err != nil {
		return out, md, &aws.RequestCanceledError{Err: err}
	}
	ctx, done := asking.begin(ctx)
	began := time.Now()
	out, md, err = next.HandleFinalize(ctx, in)
	done()
	if h, ok := ctx.Value(hearingKey{}).(*hearing); ok && err != nil && unheard(err) == InDoubt {
		h.lost.Store(true)
	}
	if hear, ok := ctx.Value(traceKey{}).(func(Exchange)); ok {
		hear(exchange(ctx, in.Request, md, err, began))
	}
	return out, md, err
}

type hearingKey struct{}

// hearing is whether AWS was heard in each attempt of a call. The SDK makes a call
// again whose answer is lost, and returns the last answer only: a refusal then says
// nothing of what the first attempt has done.
type hearing struct{ lost atomic.Bool }

// listening returns a context under which the attempts of one call are listened to.
func listening(ctx context.Context) (context.Context, *hearing) {
	h := &hearing{}
	return context.WithValue(ctx, hearingKey{}, h), h
}

// outcome is what is known of a call that came to the error.
func (h *hearing) outcome(err error) EntryOutcome {
	if h.lost.Load() {
		return InDoubt
	}
	return unheard(err)
}

// wait waits for the key ID's turn, then for everybody's.
func (g gate) wait(ctx context.Context, a *asking) error {
	if err := a.wait(ctx); err != nil {
		return err
	}
	if g.limiter == nil {
		return nil
	}
	err := g.limiter.Wait(ctx)
	if _, limited := ctx.Deadline(); err != nil && limited {
		<-ctx.Done() // the limiter foresees it; ctx's cause is known only then
		return ctx.Err()
	}
	return err
}

func exchange(ctx context.Context, request any, md middleware.Metadata, err error, began time.Time) Exchange {
	e := Exchange{
		Time: began.UTC(), Seconds: time.Since(began).Seconds(),
		Action:     strings.ToLower(awsmiddleware.GetServiceID(ctx)) + ":" + awsmiddleware.GetOperationName(ctx),
		HTTPStatus: httpStatus(err), Code: quoted(errorCode(err)), RequestID: requestID(err), Answer: "done",
	}
	if r, ok := request.(*smithyhttp.Request); ok {
		e.Host, e.SignedBy = r.URL.Host, signer(r.Header.Get("Authorization"))
	}
	if resp, ok := awsmiddleware.GetRawResponse(md).(*smithyhttp.Response); ok && e.HTTPStatus == 0 {
		e.HTTPStatus = resp.StatusCode
	}
	if e.RequestID == "" {
		e.RequestID = requestIDOf(md)
	}
	if err != nil {
		e.Answer = describe(err)
	}
	return e
}

// signer returns the key ID of an Authorization header.
func signer(authorization string) string {
	_, scope, _ := strings.Cut(authorization, "Credential=")
	keyID, _, _ := strings.Cut(scope, "/")
	return keyID
}

type askingKey struct{}

// asking is a check of one key ID under way. Only the time that answers take is
// counted: one's turn may be long in coming. A nil asking counts nothing.
type asking struct {
	left  time.Duration // that answers may take yet
	every time.Duration // from one request to the next in the same partition
	last  *time.Time    // when the last was sent
	sleep func(context.Context, time.Duration) error
	now   func() time.Time
}

func (a *asking) wait(ctx context.Context) error {
	switch {
	case a == nil:
		return ctx.Err()
	case a.left <= 0:
		return context.DeadlineExceeded
	}
	if pause := a.last.Add(a.every).Sub(a.now()); pause > 0 {
		if err := a.sleep(ctx, pause); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// begin starts the clock; what it returns stops it.
func (a *asking) begin(ctx context.Context) (context.Context, func()) {
	if a == nil {
		return ctx, func() {}
	}
	*a.last = a.now()
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, a.left)
	return ctx, func() {
		cancel()
		a.left -= time.Since(began)
	}
}
