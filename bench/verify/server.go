package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"
)

// server is an STS to which everybody is known.
type server struct {
	*httptest.Server
	asked atomic.Int64
}

const identity = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>` +
	`<Arn>arn:aws:iam::111122223333:user/%s</Arn><UserId>AIDA</UserId><Account>111122223333</Account></GetCallerIdentityResult>` +
	`<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>`

// serve answers on loopback, each time after the latency.
func serve(latency time.Duration) *server {
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		time.Sleep(latency)
		_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
		keyID, _, _ := strings.Cut(scope, "/")
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprintf(w, identity, keyID)
	}))
	return s
}
