package localaws

import (
	"slices"
	"time"
)

// Request is one request as the log keeps it. Nothing in it is secret.
type Request struct {
	Time      time.Time
	Action    string // as asked for, known or not
	KeyID     string // that signed, or claims to have
	Account   string // of KeyID, if the server knows it
	CallerARN string // who signed, once the signature is verified
	Target    string // the AccessKeyId parameter
	Status    int    // HTTP status; 0 where nothing was answered
	Code      string // AWS's error code; "" where there was none
}

// Requests returns the requests so far, in the order in which they were
// answered.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

func (s *Server) record(c *call, a answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, Request{
		Time: c.start, Action: c.action, KeyID: c.sig.keyID, Account: c.account(),
		CallerARN: c.callerARN, Target: c.form.Get("AccessKeyId"), Status: a.status, Code: a.code,
	})
}
