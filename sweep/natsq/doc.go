// Package natsq has the queue and the store of a sweep in NATS JetStream: in this process, on
// files, with no open port ([Start]), or on a server for many machines ([Connect]). What is
// kept, and how, is the same.
//
// Jobs are in a stream of work-queue retention, one message a repository and run. A message that
// is not acknowledged within the wait of its consumer is delivered again, without end: how
// often is the worker's to judge (the server's own limit would leave the message in the stream,
// and never deliver it again: https://github.com/nats-io/nats-server/issues/5564). Dead jobs are
// copied to a stream of their own. Each [sweep.Bucket] is a key-value bucket.
package natsq
