package leaktest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A goroutine that is left is seen with its stack; one that ends in time is none.
func TestWait(t *testing.T) {
	stuck, late := make(chan bool), time.NewTimer(100*time.Millisecond)
	go waiter(stuck)
	go func() { <-late.C }()
	left := wait(time.Second)
	if len(left) != 1 || !strings.Contains(left[0], "leaktest.waiter") {
		t.Errorf("left are %q", left)
	}
	close(stuck)
	if left := wait(time.Second); len(left) > 0 {
		t.Errorf("left are %q", left)
	}
}

// An idle connection is no leak; an answer that nobody closed is one.
func TestConnections(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write(make([]byte, 1<<20))
	}))
	defer s.Close()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	ours := func() (n int) {
		for _, stack := range others() {
			if strings.Contains(stack, "persistConn") {
				n++
			}
		}
		return n
	}
	resp, err := client.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	if ours() == 0 {
		t.Error("an answer that is open is not seen")
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	for end := time.Now().Add(time.Second); ours() > 0 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
	}
	if n := ours(); n > 0 {
		t.Errorf("%d goroutines of an idle connection are taken for left", n)
	}
}

func waiter(c chan bool) { <-c }
