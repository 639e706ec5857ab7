package sqsq

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/revokey-dev/revokey/sweep"
	"github.com/revokey-dev/revokey/sweep/sweeptest"
)

// server speaks as much of SQS's JSON protocol as the queue needs:
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/Welcome.html
type server struct {
	mu       sync.Mutex
	messages []*message
	n        int
	full     bool
}

type message struct {
	body     string
	handle   string
	hidden   time.Time
	received int
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct {
		QueueUrl, ReceiptHandle            string
		VisibilityTimeout, WaitTimeSeconds int
		Entries                            []struct{ Id, MessageBody string }
	}
	action := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || !strings.HasSuffix(in.QueueUrl, "/111122223333/sweep") || !strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/sqs/") {
		http.Error(w, `{"__type":"com.amazonaws.sqs#QueueDoesNotExist"}`, http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	out := map[string]any{}
	switch action {
	case "SendMessageBatch":
		out = s.send(in.Entries)
	case "ReceiveMessage":
		for until := time.Now().Add(time.Duration(in.WaitTimeSeconds) * time.Second); ; time.Sleep(50 * time.Millisecond) {
			if m := s.receive(in.VisibilityTimeout); m != nil {
				out["Messages"] = []any{m}
				break
			}
			if time.Now().After(until) {
				break
			}
		}
	case "ChangeMessageVisibility", "DeleteMessage":
		if !s.change(in.ReceiptHandle, action, in.VisibilityTimeout) {
			w.WriteHeader(http.StatusBadRequest)
			out["__type"] = "com.amazonaws.sqs#ReceiptHandleIsInvalid"
		}
	case "GetQueueAttributes":
		out["Attributes"] = s.depth()
	}
	json.NewEncoder(w).Encode(out)
}

func (s *server) send(entries []struct{ Id, MessageBody string }) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ok, failed []any
	for _, e := range entries {
		if s.full {
			failed = append(failed, map[string]any{"Id": e.Id, "Code": "Throttled", "Message": "too much", "SenderFault": false})
			continue
		}
		s.messages = append(s.messages, &message{body: e.MessageBody})
		sum := md5.Sum([]byte(e.MessageBody))
		ok = append(ok, map[string]any{"Id": e.Id, "MessageId": e.Id, "MD5OfMessageBody": hex.EncodeToString(sum[:])})
	}
	return map[string]any{"Successful": ok, "Failed": failed}
}

func (s *server) receive(seconds int) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.messages {
		if time.Now().After(m.hidden) {
			s.n++
			m.received++
			m.handle, m.hidden = fmt.Sprint("handle", s.n), time.Now().Add(time.Duration(seconds)*time.Second)
			sum := md5.Sum([]byte(m.body))
			return map[string]any{
				"Body": m.body, "ReceiptHandle": m.handle, "MessageId": "x", "MD5OfBody": hex.EncodeToString(sum[:]),
				"Attributes": map[string]string{"ApproximateReceiveCount": fmt.Sprint(m.received)},
			}
		}
	}
	return nil
}

func (s *server) change(handle, action string, seconds int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, m := range s.messages {
		if m.handle != handle {
			continue
		}
		if action == "DeleteMessage" {
			s.messages = append(s.messages[:i], s.messages[i+1:]...)
		} else {
			m.hidden = time.Now().Add(time.Duration(seconds) * time.Second)
		}
		return true
	}
	return false
}

func (s *server) depth() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	hidden := 0
	for _, m := range s.messages {
		if time.Now().Before(m.hidden) {
			hidden++
		}
	}
	return map[string]string{"ApproximateNumberOfMessages": fmt.Sprint(len(s.messages) - hidden), "ApproximateNumberOfMessagesNotVisible": fmt.Sprint(hidden)}
}

func queue(t *testing.T) (*Queue, *server) {
	s := &server{}
	site := httptest.NewServer(s)
	t.Cleanup(site.Close)
	client := sqs.New(sqs.Options{Region: "eu-west-1", BaseEndpoint: &site.URL, Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider("id", "secret", ""))})
	a, err := ParseAddress("sqs://eu-west-1/111122223333/sweep")
	if err != nil {
		t.Fatal(err)
	}
	q := New(client, a.URL(site.URL), 2*time.Second)
	q.poll = time.Second
	return q, s
}

func TestQueue(t *testing.T) {
	t.Parallel()
	q, s := queue(t)
	// SQS keeps no doubles out: the suite's is taken away.
	sweeptest.Queue(t, noDoubles{Queue: q, seen: make(map[string]bool)}, 2*time.Second, 2*time.Second)
	var jobs []sweep.Job
	for i := range 23 {
		jobs = append(jobs, sweeptest.JobOf("r", fmt.Sprint(i)))
	}
	if err := q.Enqueue(t.Context(), jobs); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d, err := q.Depth(t.Context()); err != nil || d != (sweep.Depth{Waiting: 22, InHand: 1}) {
		t.Errorf("%+v, %v", d, err)
	}
	s.full = true
	if err := q.Enqueue(t.Context(), jobs); err == nil || !strings.Contains(err.Error(), "10 of 10 were refused: too much") {
		t.Errorf("refused: %v", err)
	}
}

type noDoubles struct {
	*Queue
	seen map[string]bool
}

func (n noDoubles) Enqueue(ctx context.Context, jobs []sweep.Job) error {
	var fresh []sweep.Job
	for _, j := range jobs {
		if !n.seen[j.Key()] {
			fresh = append(fresh, j)
		}
		n.seen[j.Key()] = true
	}
	return n.Queue.Enqueue(ctx, fresh)
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"sqs://eu-west-1/111122223333/sweep":        "https://sqs.eu-west-1.amazonaws.com/111122223333/sweep",
		"sqs://us-gov-west-1/111122223333/s_1.fifo": "https://sqs.us-gov-west-1.amazonaws.com/111122223333/s_1.fifo",
		"sqs://cn-north-1/111122223333/sweep":       "https://sqs.cn-north-1.amazonaws.com.cn/111122223333/sweep",
		"sqs://eu-west-1/1/sweep":                   "",
		"sqs://evil.example.com/111122223333/sweep": "",
		"sqs://eu-west-1/111122223333/a/b":          "",
	} {
		a, err := ParseAddress(word)
		if (err == nil) != (want != "") || err == nil && a.URL("") != want {
			t.Errorf("%s: %+v, %v", word, a, err)
		}
	}
}
