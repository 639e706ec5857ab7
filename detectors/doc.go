// Package detectors finds AWS credentials in bytes: bytes in, matches out.
//
// It knows nothing of git, of the network or of the clock, and needs the
// standard library only. Detection proposes; whether a credential works is for
// package revoke to say.
package detectors
