// Package scanner finds credentials in what git holds: git in, findings out.
//
// A [Source] (a whole history, what is staged, a range of commits, a commit's message,
// files on disk, standard input) cuts its content
// into parts. [Scanner.Scan] reads parts in parallel, hands each [Blob] to the
// detectors, gathers what they match by credential, and asks the source last
// where in its history the few matched objects stand. It emits a [Finding] for
// each credential, always in the same order.
//
// What is staged, and what a range brings, is told apart from what stood at the same path
// before: see [Staged] and [Range].
//
// What is larger than memory comes in windows, which are cut where nothing belongs
// together, so that each match is found once and as in the whole.
//
// It asks nobody whether a credential works, and prints nothing.
package scanner
