package revoke

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
)

// Destination is where the secret of a new key goes: to Secrets Manager if Secret is
// set, into the shared credentials file if Profile is, and else to whom
// [Rotation.Show] shows it.
type Destination struct {
	// Secret is the name or the ARN of a secret of Secrets Manager, made if it is new.
	// Its value is a JSON object, whose other fields stay as they are.
	Secret string `json:"secret,omitempty"`
	Region string `json:"region,omitempty"` // of the secret; "" is the ARN's, or the operator's
	// Account of the secret; "" is the ARN's, or the user's own.
	Account string `json:"account,omitempty"`
	// KeyIDField and SecretField name the fields; "" is what the secret has, or else
	// access_key_id and secret_access_key.
	KeyIDField  string `json:"key_id_field,omitempty"`
	SecretField string `json:"secret_field,omitempty"`

	// Profile of the credentials file, made if it is new.
	Profile string `json:"profile,omitempty"`
	File    string `json:"file,omitempty"` // "" is [CredentialsFile]

	// Overwrite what is there though it is another key than the one that is replaced.
	Overwrite bool `json:"overwrite,omitempty"`
}

// String says where, for people.
func (d Destination) String() string {
	switch {
	case d.Secret != "":
		return fmt.Sprintf("secret %q in %s", d.Secret, d.Region)
	case d.Profile != "":
		return fmt.Sprintf("profile %q of %s", d.Profile, d.File)
	}
	return "standard output"
}

func (d Destination) shown() bool { return d.Secret == "" && d.Profile == "" }

// CredentialsFile is where tools look for the shared credentials file:
// AWS_SHARED_CREDENTIALS_FILE, or ~/.aws/credentials.
func CredentialsFile() (string, error) {
	env, err := config.NewEnvConfig()
	if err != nil {
		return "", fmt.Errorf("locating the credentials file: %s", printable(innermost(err).Error()))
	}
	return filepath.Abs(cmp.Or(env.SharedCredentialsFile, config.DefaultSharedCredentialsFilename()))
}

// secretARN is the ARN of a secret: partition, region, account, name.
var secretARN = regexp.MustCompile(`^arn:(aws[\w-]*):secretsmanager:([\w-]+):(\d{12}):secret:([\w/+=.@!-]+)$`)

// secretName is what secrets may be called, by the API's reference.
var secretName = regexp.MustCompile(`^[\w/+=.@!-]{1,512}$`)

// located returns d with what it leaves open filled in. The account is the user's.
func (d Destination) located(o *Operator, account string) (Destination, error) {
	var err error
	switch {
	case d.Secret != "" && d.Profile != "":
		return d, errors.New("a key goes to a secret or into a profile, not to both")
	case d.Profile != "" && d.File == "":
		d.File, err = CredentialsFile()
		return d, err
	case d.Profile != "":
		d.File, err = filepath.Abs(d.File)
		return d, err
	case d.Secret == "":
		return d, nil
	case (d.KeyIDField == "") != (d.SecretField == "") || d.KeyIDField != "" && d.KeyIDField == d.SecretField:
		return d, errors.New("the fields of the secret are named both or neither, and differ")
	}
	if arn := secretARN.FindStringSubmatch(d.Secret); arn != nil {
		if d.Region != "" && d.Region != arn[2] {
			return d, fmt.Errorf("the secret is in %s, by its ARN, not in %s", arn[2], d.Region)
		}
		d.Region, d.Account = arn[2], arn[3]
	} else if !secretName.MatchString(d.Secret) {
		return d, errors.New("a secret's name is of letters, digits and /_+=.@!-, or it is an ARN")
	}
	d.Account = cmp.Or(d.Account, account)
	if d.Region == "" && !o.without() {
		d.Region = o.config().Region
	}
	return d, nil
}

// store keeps the key of one destination. All its errors may be shown: none holds a
// secret.
type store interface {
	// holds returns the pair that is there now, the zero one if there is none.
	holds(context.Context) (aws.Credentials, error)
	// ready makes sure, as far as that is to be seen, that put can do it.
	ready(context.Context) error
	// put puts the pair there. Without an error it is Done; with one it may be InDoubt.
	put(context.Context, aws.Credentials) (requestID string, outcome EntryOutcome, err error)
	// close lets go of what ready took.
	close() error
}

// storeOf returns the store of a destination that is located.
func (r *Revoker) storeOf(ctx context.Context, d Destination, show func(aws.Credentials) error) (store, error) {
	switch {
	case d.Profile != "":
		return &profileStore{Destination: d}, nil
	case d.Secret == "":
		return shownStore{show}, nil
	case !r.owns(d.Account):
		return nil, errors.New(foreign(d.Account))
	}
	s, err := r.op.in(ctx, d.Account)
	if err != nil {
		return nil, err
	}
	return &secretStore{d, r.op.secrets(s, d.Region)}, nil
}

// shownStore keeps nothing.
type shownStore struct{ show func(aws.Credentials) error }

func (shownStore) holds(context.Context) (aws.Credentials, error) { return aws.Credentials{}, nil }
func (shownStore) close() error                                   { return nil }

func (s shownStore) ready(context.Context) error {
	if s.show == nil {
		return errors.New("there is nobody to show the key to")
	}
	return nil
}

func (s shownStore) put(_ context.Context, cred aws.Credentials) (string, EntryOutcome, error) {
	if err := s.show(cred); err != nil {
		return "", NotDone, fmt.Errorf("showing the key: %s", without(err.Error(), cred))
	}
	return "", Done, nil
}

// without returns a text for people with the secret taken out, should somebody have
// repeated it.
func without(text string, cred aws.Credentials) string {
	if cred.SecretAccessKey == "" {
		return printable(text)
	}
	return printable(strings.ReplaceAll(text, cred.SecretAccessKey, "…"))
}
