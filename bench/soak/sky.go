package main

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// sky is an AWS with weather.
type sky struct {
	*localaws.Server
	http *httptest.Server

	mu     sync.Mutex
	random *rand.Rand
	storm  float64        // the share of requests that go wrong
	struck map[string]int // what went wrong, how often
}

func newSky(seed uint64) *sky {
	s := &sky{Server: localaws.New(localaws.Options{}), random: rand.New(rand.NewPCG(seed, 2)), struck: make(map[string]int)}
	s.http = httptest.NewServer(s)
	return s
}

// setStorm sets the share of requests that go wrong from now on.
func (s *sky) setStorm(share float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.storm = share
}

// strikes are what may become of a request, as often as they stand here.
var strikes = []string{"throttle", "throttle", "500", "502", "cut before", "cut after", "cut after", "hang", "slow"}

func (s *sky) strike() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.random.Float64() >= s.storm {
		return ""
	}
	what := strikes[s.random.IntN(len(strikes))]
	s.struck[what]++
	return what
}

func (s *sky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch s.strike() {
	case "throttle":
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte("<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error><RequestId>1-2-3</RequestId></ErrorResponse>"))
	case "500":
		w.WriteHeader(http.StatusInternalServerError)
	case "502":
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write([]byte("<html>Bad gateway</html>"))
	case "cut before":
		panic(http.ErrAbortHandler)
	case "cut after": // it takes effect, and nobody hears of it
		s.Server.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	case "hang":
		select {
		case <-time.After(2 * time.Second):
		case <-r.Context().Done():
		}
		panic(http.ErrAbortHandler)
	case "slow":
		time.Sleep(time.Second)
		s.Server.ServeHTTP(w, r)
	default:
		s.Server.ServeHTTP(w, r)
	}
}
