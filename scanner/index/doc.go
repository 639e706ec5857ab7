// Package index reads git's index, the list of what the next commit will hold: every
// version (2, 3, 4), split, sparse and without a checksum, with names by SHA-1 and
// SHA-256.
//
// An index of a monorepo has hundreds of thousands of entries, of which a commit
// changes a few. So nothing is decoded before it is asked for: [Parse] looks at the
// lengths of the entries alone, and [Index.Walk] passes over the folders that the
// caller says are as they were, by the names of trees that git keeps for its own
// next commit (the cache-tree).
//
// What it does not know it refuses by [ErrUnknown], so that the caller asks git.
//
// # Sources
//
// The format is that of https://git-scm.com/docs/index-format; what that leaves open
// is as git's read-cache.c, split-index.c and ewah/ do it.
package index
