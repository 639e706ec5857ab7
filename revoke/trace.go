package revoke

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// TraceSchema names the schema of a [Trace]. Fields may be added to it.
const TraceSchema = "revokey.trace/v1"

// Trace is what CloudTrail's event history tells of a key: management events of
// the last 90 days, some minutes late. What was read of or written to a bucket, a
// table or a queue is not among them.
type Trace struct {
	Schema   string         `json:"schema"`
	KeyID    string         `json:"key_id"`
	Account  string         `json:"account"`
	Since    time.Time      `json:"since"`
	Until    time.Time      `json:"until"`
	Regions  []string       `json:"regions"` // that were asked
	Events   int            `json:"events"`
	First    time.Time      `json:"first,omitzero"`
	Last     time.Time      `json:"last,omitzero"`
	Calls    []TracedCall   `json:"calls"`    // the gravest first, then the most frequent
	Sources  []TracedSource `json:"sources"`  // the most frequent first
	Errors   map[string]int `json:"errors"`   // by AWS's code
	Sessions []Minted       `json:"sessions"` // that the key made, oldest first
	Missing  []string       `json:"missing"`  // what could not be asked, and why; empty is that the trace is whole
}

// Gravity says why a call deserves to be looked at. The words are a contract.
type Gravity string

// The gravities.
const (
	Persistence Gravity = "persistence" // it leaves a way in
	Cost        Gravity = "cost"        // it costs money
	Hiding      Gravity = "hiding"      // it keeps others from seeing
	Ordinary    Gravity = ""
)

// TracedCall is what was called how often, by the key or a session that it made.
type TracedCall struct {
	Service string    `json:"service"` // as in iam.amazonaws.com
	Name    string    `json:"name"`
	Gravity Gravity   `json:"gravity,omitempty"`
	Count   int       `json:"count"`
	Refused int       `json:"refused"` // of these, with an error
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Regions []string  `json:"regions"`
}

// TracedSource is from where the key was used, and by what.
type TracedSource struct {
	Address string    `json:"address"`
	Agent   string    `json:"agent"`
	Count   int       `json:"count"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
}

// Minted is a session that the key made, and what was done with it.
type Minted struct {
	KeyID  string       `json:"key_id"`
	By     string       `json:"by"` // the call that made it
	Role   string       `json:"role,omitempty"`
	Made   time.Time    `json:"made"`
	Events int          `json:"events"`
	Calls  []TracedCall `json:"calls"`
}

// TraceOptions bound a trace. The zero value is all that CloudTrail keeps.
type TraceOptions struct {
	Since    time.Time // 0: 90 days ago
	Regions  []string  // nil: all that are enabled
	Events   int       // at most of a key in a region; 0 is 5000
	Sessions int       // that are followed; 0 is 50
	// OnProgress, if set, gets how many of all event histories were read, one at a
	// time.
	OnProgress func(n, all int)
}

// kept is how long CloudTrail's event history goes back.
const kept = 90 * 24 * time.Hour

// Trace asks the event history of every enabled region of the key's account, which
// must be one of ours, what was done with the key and with the sessions that it
// made. Its error says why nothing could be asked.
func (r *Revoker) Trace(ctx context.Context, keyID, account string, opts TraceOptions) (Trace, error) {
	state := KeyState{KeyID: keyID, Account: account}
	if err := r.locate(ctx, &state); err != nil {
		return Trace{}, err
	}
	if r.opts.Canaries.inAccount(state.Account) || !r.owns(state.Account) {
		return Trace{}, errors.New(foreign(state.Account))
	}
	s, err := r.op.in(ctx, state.Account)
	if err != nil {
		return Trace{}, err
	}
	t := r.newTrace(state, opts)
	var note string
	if t.Regions = opts.Regions; len(t.Regions) == 0 {
		if t.Regions, note = r.op.enabledRegions(ctx, s, Identity{ARN: s.as}.partition()); note != "" {
			t.Missing = append(t.Missing, note)
		}
	}
	return r.trace(ctx, t, r.op.trails(s, t.Regions), opts)
}

func (r *Revoker) newTrace(key KeyState, opts TraceOptions) Trace {
	until := r.now().UTC()
	t := Trace{
		Schema: TraceSchema, KeyID: key.KeyID, Account: key.Account, Until: until, Since: opts.Since.UTC(),
		Errors: map[string]int{}, Missing: []string{}, Sessions: []Minted{},
	}
	if oldest := until.Add(-kept); t.Since.Before(oldest) {
		t.Since = oldest
	}
	return t
}

func (r *Revoker) trace(ctx context.Context, t Trace, histories *trails, opts TraceOptions) (Trace, error) {
	opts.Events, opts.Sessions = cmp.Or(opts.Events, 5000), cmp.Or(opts.Sessions, 50)
	if opts.OnProgress == nil {
		opts.OnProgress = func(int, int) {}
	}
	own := r.read(ctx, &t, histories, t.KeyID, t.Since, opts, 0)
	t.Events, t.First, t.Last, t.Errors, t.Sources = own.events, own.first, own.last, own.errors, own.sources()
	made := own.minted()
	if len(made) > opts.Sessions {
		t.Missing = append(t.Missing, fmt.Sprintf("the key made %d sessions, of which the first %d were followed", len(made), opts.Sessions))
	}
	all := own
	for i, m := range made {
		if i < opts.Sessions && ctx.Err() == nil {
			used := r.read(ctx, &t, histories, m.KeyID, m.Made.Add(-time.Minute), opts, i+1)
			m.Events, m.Calls = used.events, used.sorted()
			all.join(used)
		}
		t.Sessions = append(t.Sessions, m)
	}
	t.Calls = all.sorted()
	return t, ctx.Err()
}

// read reads one key's events in every region at once.
func (r *Revoker) read(ctx context.Context, t *Trace, histories *trails, keyID string, since time.Time, opts TraceOptions, before int) *tally {
	all := newTally()
	var mu sync.Mutex
	_ = each(ctx, len(t.Regions), len(t.Regions), func(i int) (string, error) {
		region := t.Regions[i]
		more, err := histories.clients[region].lookUp(ctx, types.LookupAttributeKeyAccessKeyId, keyID, since, t.Until, opts.Events, func(e types.Event) {
			mu.Lock()
			defer mu.Unlock()
			all.add(e)
		})
		switch {
		case err != nil:
			return fmt.Sprintf("%s in %s: %v", keyID, region, err), nil
		case more:
			return fmt.Sprintf("%s in %s: only the newest %d events were read", keyID, region, opts.Events), nil
		}
		return "", nil
	}, func(i int, missing string) {
		if missing != "" {
			t.Missing = append(t.Missing, missing)
		}
		opts.OnProgress(before*len(t.Regions)+i+1, (before+1)*len(t.Regions))
	})
	return all
}

// event is what is read of CloudTrail's JSON. Addresses, agents and names are
// whatever the caller made them.
type event struct {
	Time    time.Time `json:"eventTime"`
	Source  string    `json:"eventSource"`
	Name    string    `json:"eventName"`
	Region  string    `json:"awsRegion"`
	Address string    `json:"sourceIPAddress"`
	Agent   string    `json:"userAgent"`
	Error   string    `json:"errorCode"`
	Request struct {
		RoleARN string `json:"roleArn"`
	} `json:"requestParameters"`
	Response struct {
		Credentials struct {
			AccessKeyID string `json:"accessKeyId"`
		} `json:"credentials"`
	} `json:"responseElements"`
}

// readEvent takes from the JSON what it tells, and from around it what that does
// not.
func readEvent(e types.Event) event {
	var read event
	_ = json.Unmarshal([]byte(aws.ToString(e.CloudTrailEvent)), &read) // a part of another shape is left out
	read.Source, read.Name = cmp.Or(aws.ToString(e.EventSource), read.Source), cmp.Or(aws.ToString(e.EventName), read.Name)
	if e.EventTime != nil {
		read.Time = *e.EventTime
	}
	read.Time = read.Time.UTC()
	return read
}

// tally counts events.
type tally struct {
	events      int
	first, last time.Time
	errors      map[string]int
	calls       map[[2]string]*TracedCall
	from        map[[2]string]*TracedSource
	made        []Minted
}

func newTally() *tally {
	return &tally{errors: map[string]int{}, calls: map[[2]string]*TracedCall{}, from: map[[2]string]*TracedSource{}}
}

func (t *tally) add(raw types.Event) {
	e := readEvent(raw)
	t.events++
	t.first, t.last = within(t.first, t.last, e.Time)
	call := t.calls[[2]string{e.Source, e.Name}]
	if call == nil {
		call = &TracedCall{Service: e.Source, Name: e.Name, Gravity: gravity(e.Source, e.Name)}
		t.calls[[2]string{e.Source, e.Name}] = call
	}
	call.Count++
	call.First, call.Last = within(call.First, call.Last, e.Time)
	if e.Region != "" && !slices.Contains(call.Regions, e.Region) {
		call.Regions = append(call.Regions, e.Region)
	}
	if e.Error != "" {
		call.Refused++
		t.errors[e.Error]++
	}
	source := t.from[[2]string{e.Address, e.Agent}]
	if source == nil {
		source = &TracedSource{Address: e.Address, Agent: e.Agent}
		t.from[[2]string{e.Address, e.Agent}] = source
	}
	source.Count++
	source.First, source.Last = within(source.First, source.Last, e.Time)
	if id := e.Response.Credentials.AccessKeyID; isSession(id) {
		t.made = append(t.made, Minted{KeyID: id, By: e.Name, Role: e.Request.RoleARN, Made: e.Time})
	}
}

func within(first, last, t time.Time) (time.Time, time.Time) {
	if first.IsZero() || t.Before(first) {
		first = t
	}
	if t.After(last) {
		last = t
	}
	return first, last
}

// join adds the calls of another tally.
func (t *tally) join(other *tally) {
	for key, c := range other.calls {
		mine := t.calls[key]
		if mine == nil {
			copied := *c
			t.calls[key] = &copied
			continue
		}
		mine.Count += c.Count
		mine.Refused += c.Refused
		mine.First, mine.Last = within(mine.First, mine.Last, c.First)
		mine.First, mine.Last = within(mine.First, mine.Last, c.Last)
		for _, region := range c.Regions {
			if !slices.Contains(mine.Regions, region) {
				mine.Regions = append(mine.Regions, region)
			}
		}
	}
}

func (t *tally) minted() []Minted {
	return slices.SortedFunc(slices.Values(t.made), func(a, b Minted) int {
		return cmp.Or(a.Made.Compare(b.Made), strings.Compare(a.KeyID, b.KeyID))
	})
}

// sorted returns copies of the calls, the gravest first.
func (t *tally) sorted() []TracedCall {
	calls := []TracedCall{}
	for _, c := range t.calls {
		copied := *c
		copied.Regions = slices.Sorted(slices.Values(c.Regions))
		calls = append(calls, copied)
	}
	rank := []Gravity{Persistence, Cost, Hiding, Ordinary}
	slices.SortFunc(calls, func(a, b TracedCall) int {
		return cmp.Or(cmp.Compare(slices.Index(rank, a.Gravity), slices.Index(rank, b.Gravity)),
			cmp.Compare(b.Count, a.Count), strings.Compare(a.Service, b.Service), strings.Compare(a.Name, b.Name))
	})
	return calls
}

func (t *tally) sources() []TracedSource {
	sources := []TracedSource{}
	for _, s := range t.from {
		sources = append(sources, *s)
	}
	slices.SortFunc(sources, func(a, b TracedSource) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Address, b.Address), strings.Compare(a.Agent, b.Agent))
	})
	return sources
}
