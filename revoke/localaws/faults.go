package localaws

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"time"
)

// FaultKind is what the server does instead of answering.
type FaultKind int

// The kinds of fault. Under Throttle, HTTPError and Drop the request has no
// effect; under EmptyBody and HalfBody it takes effect and only the answer is
// lost; under Hang it takes effect if the wait ends before the client leaves.
const (
	Throttle  FaultKind = iota // 400 Throttling "Rate exceeded"
	HTTPError                  // Status (0: 500), ContentType and Body as given: a proxy's 403, a 502 in HTML
	Drop                       // the connection is closed without an answer
	Hang                       // no answer before Delay has passed; with a Delay of 0, never
	EmptyBody                  // Status (0: that of the answer) and no body
	HalfBody                   // the connection is closed half way through the body
)

// Fault spoils the next Times requests of Action. The zero Action is any;
// Times 0 counts as 1, and a negative Times never ends. Any kind of fault first
// waits for Delay.
type Fault struct {
	Action      string
	Times       int
	Kind        FaultKind
	Status      int
	Body        string
	ContentType string
	Delay       time.Duration
}

// Inject adds f. Of the faults that fit a request the one injected first
// strikes; it is gone once it has struck Times times.
func (s *Server) Inject(f Fault) {
	if f.Times == 0 {
		f.Times = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
}

// SetSkew makes the server's clock run d ahead of ours (behind, if negative),
// for the dates of signatures and in the Date of answers. AWS, and this server,
// refuse a signature whose date is more than 15 minutes off.
func (s *Server) SetSkew(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skew = d
}

// SetLatency makes every answer take at least d.
func (s *Server) SetLatency(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latency = d
}

// SetQuirk turns on what AWS does when two secrets are tried for one key ID
// within five seconds: the second is refused with SignatureDoesNotMatch even if
// it is right; submitted again, it is accepted. It is off in a new server.
//
// Source: the AWS detector of trufflehog, which describes the experiment.
func (s *Server) SetQuirk(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quirk = on
}

// weather returns the fault that strikes a request of the action, if any, and
// how long the request has to wait.
func (s *Server) weather(action string) (*Fault, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.Action != "" && f.Action != action {
			continue
		}
		if s.faults[i].Times--; f.Times == 1 {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
		}
		return &f, s.latency + f.Delay
	}
	return nil, s.latency
}

// spoil treats one request as f has it.
func (s *Server) spoil(w http.ResponseWriter, r *http.Request, c *call, f Fault, body []byte) {
	c.sig, _ = parseSignature(r) // for the log
	switch f.Kind {
	case Throttle:
		s.send(w, c, failure(c, errorf(http.StatusBadRequest, "Throttling", "Rate exceeded")))
	case HTTPError:
		s.send(w, c, answer{status: cmp.Or(f.Status, http.StatusInternalServerError), body: []byte(f.Body), typ: f.ContentType})
	case Drop:
		s.drop(c)
	case Hang:
		s.hang(w, r, c, f, body)
	case EmptyBody:
		a := s.answer(r, body, c)
		a.status, a.body = cmp.Or(f.Status, a.status), nil
		s.send(w, c, a)
	case HalfBody:
		s.half(w, c, s.answer(r, body, c))
	}
}

// drop ends the request without an answer.
func (s *Server) drop(c *call) {
	s.record(c, answer{})
	panic(http.ErrAbortHandler)
}

func (s *Server) hang(w http.ResponseWriter, r *http.Request, c *call, f Fault, body []byte) {
	if f.Delay == 0 {
		<-r.Context().Done()
	}
	if context.Cause(r.Context()) != nil {
		s.drop(c)
	}
	s.send(w, c, s.answer(r, body, c))
}

// half promises the whole of a and sends half of it.
func (s *Server) half(w http.ResponseWriter, c *call, a answer) {
	s.record(c, a)
	w.Header().Set("Content-Type", a.typ)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body[:len(a.body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
