// Package report writes findings and verdicts for people and for programs, and
// reads them again.
//
// A [Record] is one credential in the schema that scripts depend on, written
// down in docs/findings.md. No record holds a secret: its SHA-256 tells it apart.
package report
