package revoke

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go/middleware"
)

// secretsAPI is what is asked of Secrets Manager.
type secretsAPI struct {
	GetSecretValue call[secretsmanager.GetSecretValueInput, secretsmanager.Options, secretsmanager.GetSecretValueOutput]
	CreateSecret   call[secretsmanager.CreateSecretInput, secretsmanager.Options, secretsmanager.CreateSecretOutput]
	PutSecretValue call[secretsmanager.PutSecretValueInput, secretsmanager.Options, secretsmanager.PutSecretValueOutput]
}

func (o *Operator) secrets(s *session, region string) secretsAPI {
	return secretsCalls(secretsmanager.NewFromConfig(o.config(), func(so *secretsmanager.Options) {
		so.Region, so.Credentials, so.BaseEndpoint, so.HTTPClient = region, s.creds, o.baseEndpoint(), staying(so.HTTPClient)
		so.APIOptions = append(slices.Clone(so.APIOptions), o.gate.attach)
	}))
}

// secretStore is a secret of Secrets Manager whose value is a JSON object.
type secretStore struct {
	Destination
	api secretsAPI
}

// document is the object that a secret holds, each field's value as it stands there.
type document map[string]json.RawMessage

// The names under which the halves of a pair are found, in lower case and without
// what is no letter.
var (
	keyIDNames  = []string{"accesskeyid", "awsaccesskeyid", "accesskey", "awsaccesskey", "keyid"}
	secretNames = []string{"secretaccesskey", "awssecretaccesskey", "secretkey", "awssecretkey", "secret"}
)

// The fields of a secret that is new.
const (
	newKeyIDField  = "access_key_id"
	newSecretField = "secret_access_key"
)

func (s *secretStore) ready(context.Context) error { return nil } // holds has read it; whether it may be written only a write tells
func (s *secretStore) close() error                { return nil }

func (s *secretStore) holds(ctx context.Context) (aws.Credentials, error) {
	doc, exists, err := s.read(ctx)
	switch {
	case err != nil:
		return aws.Credentials{}, err
	case !exists && secretARN.MatchString(s.Secret):
		return aws.Credentials{}, fmt.Errorf("there is no %s, or it has no value: by an ARN none is made", s)
	case !exists:
		return aws.Credentials{}, nil
	}
	keyID, secret, err := s.fields(doc)
	if err != nil {
		return aws.Credentials{}, err
	}
	var cred aws.Credentials
	if json.Unmarshal(doc.value(keyID), &cred.AccessKeyID) != nil || json.Unmarshal(doc.value(secret), &cred.SecretAccessKey) != nil {
		return aws.Credentials{}, fmt.Errorf("the fields %q and %q of %s are no strings", keyID, secret, s)
	}
	return cred, nil
}

// value is "" where the field is missing or null.
func (d document) value(field string) json.RawMessage {
	if v := d[field]; len(v) > 0 && string(v) != "null" {
		return v
	}
	return json.RawMessage(`""`)
}

// read returns the secret's object. One that was made without a value counts as not
// there.
func (s *secretStore) read(ctx context.Context) (doc document, exists bool, err error) {
	out, err := s.api.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &s.Secret})
	switch {
	case errorCode(err) == "ResourceNotFoundException":
		return document{}, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("reading %s: %w", s, failed("secretsmanager:GetSecretValue", err))
	case out.SecretString == nil:
		return nil, false, fmt.Errorf("%s holds bytes, not a JSON object: name another", s)
	}
	if json.Unmarshal([]byte(*out.SecretString), &doc) != nil || doc == nil { // whose error may quote what is there
		return nil, false, fmt.Errorf("%s holds no JSON object: name another", s)
	}
	return doc, true, nil
}

// fields returns the names of the fields that are the key's.
func (s *secretStore) fields(doc document) (keyID, secret string, err error) {
	if s.KeyIDField != "" {
		return s.KeyIDField, s.SecretField, nil
	}
	ids, secrets := doc.called(keyIDNames), doc.called(secretNames)
	switch {
	case len(ids) == 1 && len(secrets) == 1:
		return ids[0], secrets[0], nil
	case len(doc) == 0:
		return newKeyIDField, newSecretField, nil
	}
	return "", "", fmt.Errorf("which fields of %s are the key ID and the secret is not clear: it has %s; name both", s, strings.Join(doc.names(), ", "))
}

func (d document) names() []string {
	var names []string
	for _, n := range slices.Sorted(maps.Keys(d)) {
		names = append(names, fmt.Sprintf("%q", printable(n)))
	}
	return names
}

func (d document) called(names []string) []string {
	var found []string
	for _, field := range slices.Sorted(maps.Keys(d)) {
		if slices.Contains(names, lettersOf(field)) {
			found = append(found, field)
		}
	}
	return found
}

func lettersOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, strings.ToLower(s))
}

// put reads the object again, so that its other fields are those of now.
func (s *secretStore) put(ctx context.Context, cred aws.Credentials) (string, EntryOutcome, error) {
	doc, exists, err := s.read(ctx)
	if err != nil {
		return "", NotDone, err
	}
	keyID, secret, err := s.fields(doc)
	if err != nil {
		return "", NotDone, err
	}
	doc[keyID], _ = json.Marshal(cred.AccessKeyID)
	doc[secret], _ = json.Marshal(cred.SecretAccessKey)
	value, err := doc.text()
	if err != nil {
		return "", NotDone, fmt.Errorf("writing %s: its value cannot be put together", s)
	}
	ctx, heard := listening(ctx)
	action, md, err := s.write(ctx, value, exists)
	if err != nil {
		return requestID(err), heard.outcome(err), fmt.Errorf("writing %s: %s", s, without(failed(action, err).Error(), cred))
	}
	id := requestIDOf(md)
	return id, Done, nil
}

func (d document) text() (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(d)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// write makes the secret, or a new version of it. The SDK repeats a call with one
// token, so that an answer that was lost makes no second version.
func (s *secretStore) write(ctx context.Context, value string, exists bool) (action string, md middleware.Metadata, err error) {
	if !exists {
		out, err := s.api.CreateSecret(ctx, &secretsmanager.CreateSecretInput{
			Name: &s.Secret, SecretString: &value, Description: aws.String("An IAM access key, put here by revokey"),
		})
		if err == nil {
			return "", out.ResultMetadata, nil
		}
		if errorCode(err) != "ResourceExistsException" { // else it was made without a value
			return "secretsmanager:CreateSecret", md, err
		}
	}
	out, err := s.api.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: &s.Secret, SecretString: &value})
	if err != nil {
		return "secretsmanager:PutSecretValue", md, err
	}
	return "", out.ResultMetadata, nil
}
