// Package html writes findings, the journal and traces as one page for people.
//
// The page is one file. It asks nothing of any network, and its own policy forbids it
// to: no script, style, picture or font but what stands in it, each by its hash. Its
// script only sorts and filters; without it all stands there, the worst first.
//
// What comes from a repository, a journal or CloudTrail is hostile: it is escaped by
// html/template, has lost what is not printable before, and lost every secret of which
// a finding knows the hash. Links lead to https alone.
package html
