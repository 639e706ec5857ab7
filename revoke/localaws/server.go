package localaws

import (
	"context"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// maxBody bounds a request's body. The longest that our callers send is an
// inline policy, for which AWS's own limit is 2,048 characters.
const maxBody = 64 << 10

// Options are the seams of a [Server]. The zero value is what the demo uses.
type Options struct {
	Now  func() time.Time // nil: time.Now
	Rand io.Reader        // nil: crypto/rand. The server reads it one call at a time
}

// Server is an STS and IAM endpoint with its own accounts, users, roles and
// keys. All of its methods are safe for concurrent use.
type Server struct {
	clock func() time.Time
	rand  io.Reader

	mu        sync.Mutex // guards all that follows
	state     state
	log       []Request
	faults    []Fault
	partition string
	skew      time.Duration
	lag       time.Duration
	latency   time.Duration
	quirk     bool
	life      time.Duration // of the sessions that it makes; 0 is what is asked for
	http      *http.Server
	done      chan struct{} // closed when http has stopped accepting
}

// New returns a server without accounts in the partition "aws". It can be
// served by [Server.Start], or as an [http.Handler].
func New(opts Options) *Server {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Server{clock: opts.Now, rand: opts.Rand, state: newState(), partition: "aws"}
}

// Start listens on a free port of 127.0.0.1 and returns the URL to send
// requests to. A server is started once.
func (s *Server) Start() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http != nil {
		return "", errors.New("localaws: server was started before")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	s.done = make(chan struct{})
	go func() {
		defer close(s.done)
		_ = s.http.Serve(l) // always ErrServerClosed, from Close
	}()
	return "http://" + l.Addr().String(), nil
}

// Close stops listening and drops every open connection. Closing a server that
// is not listening does nothing.
func (s *Server) Close() error {
	s.mu.Lock()
	srv, done := s.http, s.done
	s.mu.Unlock()
	if srv == nil {
		return nil
	}
	err := srv.Close()
	<-done
	return err
}

// call is one request on its way through the server.
type call struct {
	id        string // the request ID of its answer
	start     time.Time
	action    string
	form      url.Values
	json      bool // else XML
	sig       signature
	key       *accessKey // set once the signature is verified
	callerARN string
}

func (c *call) caller() *identity { return c.key.owner }

// account is the account of the key that signed, or that the key's ID carries.
func (c *call) account() string {
	if c.key != nil {
		return c.key.Account
	}
	account, _ := accountOf(c.sig.keyID)
	return account
}

func (c *call) namespace() string {
	if ns, ok := namespaces[c.sig.service]; ok {
		return ns
	}
	return namespaces["sts"]
}

// ServeHTTP answers one request of the query protocol.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	c := s.newCall(r, body)
	fault, wait := s.weather(c.action)
	pause(r.Context(), wait)
	switch {
	case err != nil:
		s.send(w, c, failure(c, errorf(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Request body is too large.")))
	case fault != nil:
		s.spoil(w, r, c, *fault, body)
	default:
		s.send(w, c, s.answer(r, body, c))
	}
}

func (s *Server) newCall(r *http.Request, body []byte) *call {
	if action, form, ok := jsonCall(r, body); ok {
		s.mu.Lock()
		defer s.mu.Unlock()
		return &call{id: newRequestID(s.rand), start: s.clock(), action: action, form: form, json: true}
	}
	form := r.URL.Query()
	if t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); t == "application/x-www-form-urlencoded" {
		fields, _ := url.ParseQuery(string(body))
		for k, v := range fields {
			form[k] = append(form[k], v...)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return &call{id: newRequestID(s.rand), start: s.clock(), action: form.Get("Action"), form: form}
}

// answer does what c asks for.
func (s *Server) answer(r *http.Request, body []byte, c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.authenticate(r, body, c); err != nil {
		return failure(c, err)
	}
	do, ok := actions[c.sig.service+":"+c.action]
	if !ok {
		return failure(c, errorf(http.StatusBadRequest, "InvalidAction",
			"Could not find operation %s for version %s", c.action, c.form.Get("Version")))
	}
	result, err := do(s, c)
	return reply(c, result, err)
}

// send records a and writes it.
func (s *Server) send(w http.ResponseWriter, c *call, a answer) {
	s.record(c, a)
	s.mu.Lock()
	now := s.clock().Add(s.skew)
	s.mu.Unlock()
	h := w.Header()
	if a.typ != "" {
		h.Set("Content-Type", a.typ)
	}
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	h.Set("Date", now.UTC().Format(http.TimeFormat)) // from which SDKs correct their clock
	h.Set("X-Amzn-Requestid", c.id)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that left needs no answer
}

// pause waits for d, or until ctx is done.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
