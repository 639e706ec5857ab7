package localaws

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Secrets Manager speaks JSON 1.1, as Organizations does. Source: the API model of
// secretsmanager 2017-10-17, and its user guide on versions. The words of
// ResourceNotFoundException are those that its users quote in public issues.

// secretSize is Secrets Manager's quota for a secret's value, in bytes.
const secretSize = 65536

// secret is a secret of Secrets Manager with its versions, oldest first; the last
// one is AWSCURRENT, the one before it AWSPREVIOUS.
type secret struct {
	account, region, name string
	arn                   string
	versions              []secretVersion
}

type secretVersion struct {
	id, value string // id is the client's request token
	created   time.Time
}

// SetSecret puts a value into the account's secret in the region, made if it is new,
// as somebody else would.
func (s *Server) SetSecret(account, region, name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sec := s.state.secret(account, region, name)
	if sec == nil {
		sec = s.addSecret(account, region, name)
	}
	sec.versions = append(sec.versions, secretVersion{newRequestID(s.rand), value, s.clock()})
}

// Secret returns the value that is current, and how many versions there were; none
// is that there is no such secret, or that it never had a value.
func (s *Server) Secret(account, region, name string) (value string, versions int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sec := s.state.secret(account, region, name)
	if sec == nil || len(sec.versions) == 0 {
		return "", 0
	}
	return sec.versions[len(sec.versions)-1].value, len(sec.versions)
}

func (s *Server) addSecret(account, region, name string) *secret {
	suffix := strings.ToLower(newEntityID(s.rand, "")[:6])
	sec := &secret{account: account, region: region, name: name}
	sec.arn = "arn:" + s.partition + ":secretsmanager:" + region + ":" + account + ":secret:" + name + "-" + suffix
	s.state.secrets = append(s.state.secrets, sec)
	return sec
}

// secret finds a secret by its name, its ARN, or its ARN without the last six
// characters.
func (st *state) secret(account, region, id string) *secret {
	i := slices.IndexFunc(st.secrets, func(sec *secret) bool {
		return sec.account == account && sec.region == region && (id == sec.name || id == sec.arn || id == sec.arn[:len(sec.arn)-7])
	})
	if i < 0 {
		return nil
	}
	return st.secrets[i]
}

// maySecret is authorize as Secrets Manager says it: with another code, and 400.
func (s *Server) maySecret(c *call, id string) error {
	if err := s.authorize(c, id); err != nil {
		return errorf(http.StatusBadRequest, "AccessDeniedException", "%s", err.(apiError).message)
	}
	return nil
}

// theSecret returns the secret that the request names by SecretId.
func (s *Server) theSecret(c *call) (*secret, error) {
	id, err := c.required("SecretId")
	if err != nil {
		return nil, err
	}
	if err := s.maySecret(c, id); err != nil {
		return nil, err
	}
	if sec := s.state.secret(c.caller().account, c.sig.region, id); sec != nil {
		return sec, nil
	}
	return nil, errorf(http.StatusBadRequest, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

// getSecretValue answers with the current version, or with the previous one.
func (s *Server) getSecretValue(c *call) (any, error) {
	sec, err := s.theSecret(c)
	if err != nil {
		return nil, err
	}
	stage, at := c.form.Get("VersionStage"), len(sec.versions)-1
	if stage == "AWSPREVIOUS" {
		at--
	} else {
		stage = "AWSCURRENT"
	}
	if at < 0 {
		return nil, errorf(http.StatusBadRequest, "ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: %s", stage)
	}
	v := sec.versions[at]
	return map[string]any{
		"ARN": sec.arn, "Name": sec.name, "VersionId": v.id, "VersionStages": []string{stage},
		"CreatedDate": float64(v.created.Unix()), "SecretString": v.value,
	}, nil
}

func (s *Server) createSecret(c *call) (any, error) {
	name, err := c.required("Name")
	if err != nil {
		return nil, err
	}
	if err := s.maySecret(c, name); err != nil {
		return nil, err
	}
	account, region := c.caller().account, c.sig.region
	sec := s.state.secret(account, region, name)
	if sec != nil && !sec.has(c.form) {
		return nil, errorf(http.StatusBadRequest, "ResourceExistsException", "The operation failed because the secret %s already exists.", name)
	}
	if sec == nil {
		sec = s.addSecret(account, region, name)
	}
	if _, valued := c.form["SecretString"]; !valued {
		return map[string]string{"ARN": sec.arn, "Name": sec.name}, nil
	}
	return s.addVersion(c, sec)
}

func (s *Server) putSecretValue(c *call) (any, error) {
	sec, err := s.theSecret(c)
	if err != nil {
		return nil, err
	}
	return s.addVersion(c, sec)
}

// has reports whether a version is what the form asks for: a call repeated.
func (sec *secret) has(form map[string][]string) bool {
	token, value := strings.Join(form["ClientRequestToken"], ""), strings.Join(form["SecretString"], "")
	return slices.ContainsFunc(sec.versions, func(v secretVersion) bool { return v.id == token && v.value == value })
}

// addVersion makes a version current. A call repeated, by its token, changes nothing.
func (s *Server) addVersion(c *call, sec *secret) (any, error) {
	token, err := c.required("ClientRequestToken")
	if err != nil {
		return nil, err
	}
	value := c.form.Get("SecretString")
	switch {
	case value == "" || len(value) > secretSize:
		return nil, errorf(http.StatusBadRequest, "ValidationException", "1 validation error detected: Value at 'secretString' failed to satisfy constraint")
	case !sec.has(c.form) && slices.ContainsFunc(sec.versions, func(v secretVersion) bool { return v.id == token }):
		return nil, errorf(http.StatusBadRequest, "ResourceExistsException", "You can't modify an existing version, you can only create a new version.")
	case !sec.has(c.form):
		sec.versions = append(sec.versions, secretVersion{token, value, s.clock()})
	}
	return map[string]any{"ARN": sec.arn, "Name": sec.name, "VersionId": token, "VersionStages": []string{"AWSCURRENT"}}, nil
}
