package detectors

import "time"

// Kind says what a match is. The values are part of the output's schema.
type Kind string

const (
	// AccessKey is an AKIA or ASIA key ID, with its secret and session token
	// where they were found with it.
	AccessKey Kind = "aws-access-key"
	// BearerID is the ID of a credential that signs nothing: an STS bearer
	// token (ABIA) or a context-specific credential (ACCA). It has no secret.
	BearerID Kind = "aws-bearer-id"
	// SecretKey is a secret alone, where its name says what it is.
	SecretKey Kind = "aws-secret-key"
	// APIKey is a key of Bedrock or CloudWatch Logs, which is sent as it is. The
	// long-term ones (ABSK) are service-specific credentials of an IAM user, the
	// short-term ones requests that an access key signed beforehand.
	APIKey Kind = "aws-api-key"
	// ServicePassword is the user name and password of a service-specific
	// credential: CodeCommit, Keyspaces.
	ServicePassword Kind = "aws-service-password"
	// PrivateKey is a private key beside the ID of its public key (APKA: CloudFront
	// key pairs, CodeCommit's SSH keys) or of its certificate (ASCA).
	PrivateKey Kind = "aws-private-key"
	// AppSyncKey is an API key of AppSync.
	AppSyncKey Kind = "aws-appsync-api-key"
	// MWSToken is an authorisation token of Amazon's Marketplace Web Service.
	MWSToken Kind = "aws-mws-token"
)

// Class tells a credential that may be real from one that is surely not.
type Class int

const (
	// Real is every credential that nothing proves to be made up.
	Real Class = iota
	// Example is a credential that AWS's documentation publishes.
	Example
	// Placeholder is one that somebody typed to fill a place, such as
	// sixteen times the letter X.
	Placeholder
)

// String returns "real", "example" or "placeholder".
func (c Class) String() string {
	switch c {
	case Example:
		return "example"
	case Placeholder:
		return "placeholder"
	}
	return "real"
}

// Span is a half-open range of byte offsets in the data given to Detect.
type Span struct{ Start, End int }

// Match is one credential, where its key ID stands. A key ID that stands twice is
// two matches, and where only one has its secret beside it both name that one. A
// secret that stands again without its key ID is no match. The strings are copies:
// a match does not hold on to the data that it was found in.
type Match struct {
	Kind         Kind
	Class        Class  // of the key ID; of the secret where there is no ID
	KeyID        string // "" for SecretKey
	Secret       Secret // zero: none found with it
	SessionToken Secret // zero: none found with it
	SMTPPassword Secret // of SES, made from the key's secret; zero: none found with it
	Claims       Claims // what the credential tells of itself

	At             Span // the key ID, or the secret where there is no ID
	SecretAt       Span // zero where there is no secret
	SessionTokenAt Span // zero where there is no session token
	SMTPPasswordAt Span // zero where there is no SES password

	// Encoding says how the bytes were encoded, outermost first; nil is plain. Where
	// the parts of a match differ it is that of the one that is deepest. Spans are
	// those of the encoded bytes. Its words: utf-16le, utf-16be, utf-32le, utf-32be,
	// utf-32, base64, hex, gzip, percent, backslash, entity, concatenation, folding.
	Encoding []string
}

// Claims is what a credential, or the request that it signed, tells of itself. A
// field that it does not tell is zero.
type Claims struct {
	ID       string    // of the public key or certificate of a private key: APKA…, ASCA…
	User     string    // the IAM user of an API key, or a service's user name
	Account  string    // 12 digits, where not the key ID but the text says them
	SignedBy string    // the key ID that a short-term API key was signed with
	Service  string    // that a request was signed for, or that an API key is of
	Region   string    // that a request was signed for
	Signed   time.Time // when a request was signed
	Expires  time.Time // when that signature ends
}

// Detector finds credentials in bytes.
//
// Detect reports every credential in data in order of At.Start. It reads
// nothing else, keeps no reference to data, and is safe for concurrent use.
type Detector interface {
	// ID names the detector; it never changes.
	ID() string
	Detect(data []byte) []Match

	// Quiet reports whether data holds nothing that could be a part of a match,
	// by itself or with what stands around it. Then Detect finds nothing in it.
	Quiet(data []byte) bool

	// Changed reports whether data may hold a part of a match, where it was quiet
	// before its bytes from start to end came into it, or before what stands on both
	// sides of start came together: if not, data is quiet still. It reads at most
	// [MaxAround] bytes beyond start and end.
	Changed(data []byte, start, end int) bool
}

// MaxAround is how far beyond a change, in bytes, what decides on it can stand.
const MaxAround = 96

// All returns every detector of this package. No two report the same
// credential.
func All() []Detector {
	return []Detector{accessKey{}}
}
