package main

import (
	"context"
	"fmt"
	"time"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/revokey-dev/revokey/sweep/sqsq"
)

// openSQS opens a queue in SQS with this machine's own credentials for AWS. What is known is in
// --store.
func (o queueOptions) openSQS(ctx context.Context) (openQueue, error) {
	address, err := sqsq.ParseAddress(o.url)
	if err != nil {
		return openQueue{}, usagef("%s", err)
	}
	cfg, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(address.Region))
	if err != nil {
		return openQueue{}, fmt.Errorf("reading our own AWS configuration for the queue: %w", err)
	}
	wait := o.nats.Wait
	if wait == 0 {
		wait = 30 * time.Second
	}
	client := sqs.NewFromConfig(cfg, func(s *sqs.Options) {
		s.BaseEndpoint = nil // nothing in the environment sends it elsewhere
		if o.endpoint != "" {
			s.BaseEndpoint = &o.endpoint
		}
	})
	return openQueue{Queue: sqsq.New(client, address.URL(o.endpoint), wait), close: func() error { return nil }}, nil
}
