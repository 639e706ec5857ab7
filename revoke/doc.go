// Package revoke asks AWS whether leaked access keys still work, and switches
// them off. It takes key IDs and [aws.Credentials]; it knows neither git nor how
// keys are found.
//
// A [Verifier] asks STS, as the leaked pair itself, who it is. An [Operator] is
// the responder: it reads and changes keys through IAM. A [Judge] joins what both
// tell into a verdict. A [Revoker] makes a [Plan], carries it out, proves the
// outcome, and takes it back from the [Journal]. A [Rotation] replaces a key by a new
// one, whose secret goes to its [Destination].
//
// # Promises
//
// "Dead" is said only on proof. A timeout, a proxy's page, a skewed clock,
// throttling and an answer that cannot be read are all [Unknown], with a reason.
//
// Nothing is changed outside the accounts that the user listed, nor without an
// intent that is on disk first; never the key that signs our own calls, but by the
// key that takes its place, and never a canary's. Of an account that is not listed, nothing is asked either.
//
// No environment variable redirects a call: only the Endpoint of the options
// does. A leaked pair's client reads no profile, no environment and no metadata
// service; of the environment it honours HTTPS_PROXY and NO_PROXY alone.
//
// A secret stays in memory: no error, reason, journal line or printed struct
// holds one. A new key's goes to its destination, and nowhere else.
//
// # Limits
//
// Deactivating a key does not end the sessions that it minted: a [Containment]
// does, but for those that its documentation names. Root keys can only be deleted,
// from the organization's management account. A [Trace] knows management events
// only. Partitions cut off from the internet (aws-iso…) are not asked.
package revoke
