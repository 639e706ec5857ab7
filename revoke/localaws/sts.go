package localaws

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// getCallerIdentity needs no permission, and no denial stops it.
func (s *Server) getCallerIdentity(c *call) (any, error) {
	who := c.caller()
	return struct{ Arn, UserId, Account string }{c.callerARN, who.id, who.account}, nil
}

// getAccessKeyInfo reads the account out of the key ID, and says nothing of
// whether the key works. It works across accounts and needs no permission. What
// AWS answers for an ID of the old generation that it does not know is not
// documented; the code here is unverified.
func (s *Server) getAccessKeyInfo(c *call) (any, error) {
	if err := s.notDenied(c, "the access key"); err != nil {
		return nil, err
	}
	id, err := c.required("AccessKeyId")
	if err != nil {
		return nil, err
	}
	account, ok := accountOf(id)
	if k := s.state.keys[id]; k != nil {
		account, ok = k.Account, true
	}
	if !ok {
		return nil, errorf(http.StatusBadRequest, "ValidationError", "The access key ID %s does not exist.", id)
	}
	return struct{ Account string }{account}, nil
}

type credentials struct{ AccessKeyId, SecretAccessKey, SessionToken, Expiration string }

type assumedRoleUser struct{ AssumedRoleId, Arn string }

// sessionName is what the API model allows in RoleSessionName.
var sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)

// assumeRole needs both sides, as AWS does when a trust policy names an
// account: the role trusts the caller's account, and the caller is allowed to.
func (s *Server) assumeRole(c *call) (any, error) {
	arn, err := c.required("RoleArn")
	if err != nil {
		return nil, err
	}
	name := c.form.Get("RoleSessionName")
	if !sessionName.MatchString(name) {
		return nil, invalid("1 validation error detected: Value '%s' at 'roleSessionName' failed to satisfy constraint: "+
			"Member must satisfy regular expression pattern: [\\w+=,.@-]*", name)
	}
	ttl, err := c.duration()
	if err != nil {
		return nil, err
	}
	ttl = cmp.Or(s.life, ttl)
	r, err := s.trustedRole(c, arn)
	if err != nil {
		return nil, err
	}
	k := s.addSession(&identity{
		account: r.account, resource: "assumed-role/" + r.name + "/" + name, id: r.id + ":" + name, admin: true, parent: &r.holder,
	}, ttl)
	return struct {
		Credentials     credentials
		AssumedRoleUser assumedRoleUser
	}{
		credentials{k.ID, k.Secret, k.SessionToken, stamp(k.expires)},
		assumedRoleUser{k.owner.id, s.arn(k.owner)},
	}, nil
}

// trustedRole returns the role if the caller may assume it. AWS says the same
// of a role that does not exist.
func (s *Server) trustedRole(c *call, arn string) (*role, error) {
	if c.caller().resource == "root" {
		return nil, errorf(http.StatusForbidden, "AccessDenied", "Roles may not be assumed by root accounts.")
	}
	if err := s.authorize(c, arn); err != nil {
		return nil, err
	}
	account, name, ok := s.splitRole(arn)
	r := s.state.roles[entity(account, name)]
	if !ok || r == nil || !slices.Contains(r.trusted, c.caller().account) || r.externalID != c.form.Get("ExternalId") && r.externalID != "" {
		return nil, denied(c, arn, "")
	}
	return r, nil
}

// splitRole takes the account and the name out of a role's ARN. The path
// between them is no part of the name.
func (s *Server) splitRole(arn string) (account, name string, ok bool) {
	rest, ok := strings.CutPrefix(arn, "arn:"+s.partition+":iam::")
	account, path, found := strings.Cut(rest, ":role/")
	return account, path[strings.LastIndexByte(path, '/')+1:], ok && found
}

// duration reads DurationSeconds: an hour unless given, from 15 minutes to 12
// hours.
func (c *call) duration() (time.Duration, error) {
	text := c.form.Get("DurationSeconds")
	if text == "" {
		return time.Hour, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 900 || n > 43200 {
		return 0, invalid("1 validation error detected: Value '%s' at 'durationSeconds' failed to satisfy constraint: "+
			"Member must have value between 900 and 43200", text)
	}
	return time.Duration(n) * time.Second, nil
}
