// Package sweep scans many repositories: one machine or many take them from a [Queue],
// and whatever dies in the middle, each is scanned and its findings count once.
//
// A [Filler] puts a [Job] for each repository into the queue and waits for the end. A
// [Worker] takes jobs: it looks whether the repository has changed since an earlier sweep,
// fetches it, has it scanned, and commits what came out to the [Ledger]: findings first,
// under the name of this attempt, then the result, then what to remember of the repository,
// then the queue is told. The queue delivers a job again when its worker has died. So an attempt
// may happen twice, but the result is created by the first that gets there, and it names
// whose findings count: work is repeated, a finding is neither lost nor doubled.
//
// What a job carries is the name of a repository. No token, and no secret, goes into the
// queue or the ledger.
//
// The package knows no git and no detector: [Worker.Fetch] and [Worker.Scan] are given to it.
// Queues and stores are in packages of their own: natsq (in this process, or a server for many),
// sqsq (AWS's), folder (a shared folder as the store).
package sweep
