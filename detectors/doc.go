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
// characters that look random and are not hexadecimal) and session tokens.
// Then they are paired, each with at most one other: by structure first, by
// distance next. A key ID without a secret is a match. A secret without a key
// ID is one only where its name says that it is AWS's. A session token is
// never one by itself.
//
// # Limits
//
// Bytes are read as they stand: nothing is decoded. A key ID and its secret
// must lie within 4 KiB of each other to be paired.
package detectors
