// Package sqsq has the queue of a sweep in Amazon SQS. It keeps no results: those go to a folder
// that all workers share (package folder), and what makes a result count once is there, not in SQS.
//
// A job is a message that is invisible while somebody works on it, for as long as that is said again:
// twelve hours at most, which SQS counts from its receipt. How often a message was received is its
// ApproximateReceiveCount. A job that is given up is deleted, as its result says why; a redrive policy of the
// queue is not needed, and where there is one its maxReceiveCount has to be higher than --attempts.
package sqsq

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/revokey-dev/revokey/sweep"
)

// Queue is a queue in SQS.
type Queue struct {
	client *sqs.Client
	url    string
	fifo   bool
	wait   time.Duration
	poll   time.Duration
}

var _ sweep.Queue = (*Queue)(nil)

// Address is where a queue is.
type Address struct{ Region, Account, Name string }

var addressForm = regexp.MustCompile(`^sqs://([a-z]{2}(?:-[a-z]+)+-\d)/(\d{12})/([A-Za-z0-9_-]{1,80}(?:\.fifo)?)$`)

// ParseAddress reads sqs://REGION/ACCOUNT/NAME.
func ParseAddress(s string) (Address, error) {
	m := addressForm.FindStringSubmatch(s)
	if m == nil {
		return Address{}, fmt.Errorf("the queue %q is not sqs://REGION/ACCOUNT/NAME, such as sqs://eu-west-1/111122223333/sweep", s)
	}
	return Address{m[1], m[2], m[3]}, nil
}

// URL returns the queue's URL: https://sqs.REGION.amazonaws.com/ACCOUNT/NAME, or below an endpoint.
func (a Address) URL(endpoint string) string {
	if endpoint == "" {
		endpoint = "https://sqs." + a.Region + ".amazonaws.com"
		if strings.HasPrefix(a.Region, "cn-") {
			endpoint += ".cn"
		}
	}
	return strings.TrimSuffix(endpoint, "/") + "/" + a.Account + "/" + a.Name
}

// New returns the queue at the URL. A job of which nothing is heard for wait is handed out again.
func New(client *sqs.Client, url string, wait time.Duration) *Queue {
	return &Queue{client: client, url: url, fifo: strings.HasSuffix(url, ".fifo"), wait: wait, poll: 5 * time.Second}
}

// Beat is often enough for three beats to be lost.
func (q *Queue) Beat() time.Duration { return q.wait / 4 }

// maxBatch is how many messages SQS takes at a time.
const maxBatch = 10

// Enqueue adds jobs. SQS itself keeps doubles out of FIFO queues only; elsewhere a double finds the
// result of the first there.
func (q *Queue) Enqueue(ctx context.Context, jobs []sweep.Job) error {
	for len(jobs) > 0 {
		n := min(len(jobs), maxBatch)
		if err := q.send(ctx, jobs[:n]); err != nil {
			return err
		}
		jobs = jobs[n:]
	}
	return nil
}

func (q *Queue) send(ctx context.Context, jobs []sweep.Job) error {
	in := &sqs.SendMessageBatchInput{QueueUrl: &q.url}
	for i, j := range jobs {
		data, err := json.Marshal(j)
		if err != nil {
			return err
		}
		e := types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(string(data))}
		if q.fifo {
			e.MessageGroupId, e.MessageDeduplicationId = aws.String(j.Key()), aws.String(j.Key()+j.Run)
		}
		in.Entries = append(in.Entries, e)
	}
	out, err := q.client.SendMessageBatch(ctx, in)
	if err != nil {
		return fmt.Errorf("sending jobs: %w", err)
	}
	if len(out.Failed) > 0 {
		return fmt.Errorf("sending jobs: %d of %d were refused: %s", len(out.Failed), len(jobs), aws.ToString(out.Failed[0].Message))
	}
	return nil
}

// receipt is what SQS knows a delivery by.
func receipt(d *sweep.Delivery) *string { return d.Handle.(*string) }

// Next waits for a job.
func (q *Queue) Next(ctx context.Context) (*sweep.Delivery, error) {
	out, err := q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &q.url, MaxNumberOfMessages: 1, WaitTimeSeconds: int32(q.poll.Seconds()), VisibilityTimeout: int32(q.wait.Seconds()),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameApproximateReceiveCount},
	})
	if err != nil {
		return nil, fmt.Errorf("receiving a job: %w", err)
	}
	if len(out.Messages) == 0 {
		return nil, sweep.ErrNone
	}
	m := out.Messages[0]
	d := &sweep.Delivery{Handle: m.ReceiptHandle}
	if err := json.Unmarshal([]byte(aws.ToString(m.Body)), &d.Job); err != nil || d.Run == "" {
		return nil, errors.Join(errors.New("the queue holds a message that is no job: is it used for something else?"), err)
	}
	if d.Attempt, err = strconv.Atoi(m.Attributes["ApproximateReceiveCount"]); err != nil {
		return nil, fmt.Errorf("a job without a count of its receipts: %w", err)
	}
	return d, nil
}

// InProgress keeps the job from others.
func (q *Queue) InProgress(ctx context.Context, d *sweep.Delivery) error {
	return q.hide(ctx, d, q.wait)
}

// MaxWait is the longest that SQS keeps a message from others.
const MaxWait = 12 * time.Hour

func (q *Queue) hide(ctx context.Context, d *sweep.Delivery, t time.Duration) error {
	_, err := q.client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
		QueueUrl: &q.url, ReceiptHandle: receipt(d), VisibilityTimeout: int32(t.Seconds()),
	})
	return err
}

// Ack takes the job out.
func (q *Queue) Ack(ctx context.Context, d *sweep.Delivery) error {
	_, err := q.client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &q.url, ReceiptHandle: receipt(d)})
	return err
}

// Retry gives the job back.
func (q *Queue) Retry(ctx context.Context, d *sweep.Delivery, delay time.Duration) error {
	return q.hide(ctx, d, delay)
}

// Dead takes the job out: what it died of is in its result.
func (q *Queue) Dead(ctx context.Context, d *sweep.Delivery, reason string) error {
	return q.Ack(ctx, d)
}

// Depth returns how many jobs there are, about.
func (q *Queue) Depth(ctx context.Context) (sweep.Depth, error) {
	out, err := q.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &q.url, AttributeNames: []types.QueueAttributeName{
		types.QueueAttributeNameApproximateNumberOfMessages, types.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
	}})
	if err != nil {
		return sweep.Depth{}, err
	}
	waiting, err := strconv.Atoi(out.Attributes[string(types.QueueAttributeNameApproximateNumberOfMessages)])
	inHand, err2 := strconv.Atoi(out.Attributes[string(types.QueueAttributeNameApproximateNumberOfMessagesNotVisible)])
	return sweep.Depth{Waiting: waiting, InHand: inHand}, errors.Join(err, err2)
}
