// Package detectors finds AWS credentials in bytes: bytes in, matches out.
//
// It knows nothing of git, of the network or of the clock, and needs the
// standard library only. Detection proposes; whether a credential works is for
// package revoke to say. The same bytes give the same answer wherever they
// stand, in time linear in their length, whatever they are.
//
// # What is found
//
// Three shapes are marked: key IDs, secrets (runs of exactly 40 base64
// characters that look random and are not hexadecimal) and session tokens, and
// with them SES passwords. Then they are paired, each with at most one other: by
// structure first, by distance next. A key ID without a secret is a match. A
// secret without a key ID is one only where its name says that it is AWS's. A
// session token is never one by itself. Credentials of other shapes (API keys,
// service passwords, private keys beside their ID, AppSync keys, MWS tokens) are
// matches of their own kinds.
//
// # How
//
// [Detector.Quiet] looks for what every match needs, and is nearly all that runs:
// most text has none of it. Where it does, Detect puts what is encoded (escapes,
// UTF-16 and UTF-32, base64, hexadecimal, gzip within, strings in pieces) in its
// place in a view of the text that knows where each of its bytes comes from, and
// marks and pairs there, so that names and structure around what was encoded
// count. Quiet looks at what is near only, so that [Detector.Changed] can tell
// from the surroundings of a change that a text is quiet still.
//
// # Limits
//
// A key ID and its secret must lie within 4 KiB of each other to be paired. A
// key ID in pieces takes 48 bytes at most, a secret alone that is encoded 80.
// Archives are not opened. docs/detection.md has the whole list.
package detectors
