// Package contract checks what package report writes against what its readers demand:
// SARIF by Microsoft's validator, with its own rules and GitHub's; GitLab's reports by
// the demands of GitLab's schema. It is a module of its own, so that the product's go.mod
// knows nothing of what it takes.
//
// It holds tests only.
package contract
