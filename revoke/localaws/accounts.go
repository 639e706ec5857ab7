package localaws

import (
	"path"
	"slices"
	"strings"
	"time"
)

// QuarantinePolicy is the managed policy that AWS attaches to a user whose key
// it found in public, about a minute after the push.
const QuarantinePolicy = "AWSCompromisedKeyQuarantineV3"

// quarantined is what the policy denies of the actions that concern this
// module. Source: the policy's JSON, as kept by moto.
var quarantined = []string{
	"iam:CreateAccessKey", "iam:DeleteAccessKey", "iam:UpdateAccessKey", "iam:ListUsers",
	"sts:GetSessionToken", "sts:GetFederationToken", "cloudtrail:LookupEvents",
}

// AddUser adds a user without permissions, as a leaked CI user may be, and
// returns its ARN. Its account begins to exist with it. The name "" or "root"
// is the account's root user. A user that exists already is left as it is.
func (s *Server) AddUser(account, name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.arn(s.user(account, name))
}

// AddAdmin adds a user to whom everything is allowed in its account, or makes
// one of a user that exists already, and returns its ARN.
func (s *Server) AddAdmin(account, name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.user(account, name)
	u.admin = true
	return s.arn(u)
}

// AddKey gives the user a new active key, whose ID carries the account. The
// user is added if it is new; the name "" or "root" is the account's root user.
// AddKey does not mind IAM's limit of two keys a user.
func (s *Server) AddKey(account, user string) Key {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := Key{ID: NewKeyID(s.rand, PrefixKey, account), Secret: NewSecret(s.rand), Account: account, User: user}
	return s.addKey(k, Active, s.clock()).Key
}

// ImportKey adds k as it is, with the status given. The user k.User of the
// account k.Account is added if it is new.
func (s *Server) ImportKey(k Key, status Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addKey(k, status, s.clock())
}

// AddSession adds a session of the account that lasts for ttl; a ttl of zero or
// less has ended already. arnSuffix is the end of its ARN: "assumed-role/ci/i-0123",
// "federated-user/x", or "user/ci" for a session as GetSessionToken makes them. It
// has no permissions.
func (s *Server) AddSession(account, arnSuffix string, ttl time.Duration) Key {
	s.mu.Lock()
	defer s.mu.Unlock()
	kind, rest, _ := strings.Cut(arnSuffix, "/")
	owner := &identity{account: account, resource: arnSuffix}
	switch kind {
	case "user":
		u := s.user(account, rest)
		owner.id, owner.parent = u.id, &u.holder
	case "federated-user":
		owner.id = account + ":" + rest
	default:
		owner.id = newEntityID(s.rand, "AROA") + ":" + path.Base(rest)
		if r := s.state.roles[entity(account, path.Dir(rest))]; r != nil {
			owner.parent = &r.holder
		}
	}
	return s.addSession(owner, ttl).Key
}

// AddAdminSession is [Server.AddSession] of an identity to whom everything is
// allowed.
func (s *Server) AddAdminSession(account, arnSuffix string, ttl time.Duration) Key {
	k := s.AddSession(account, arnSuffix, ttl)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.keys[k.ID].owner.admin = true
	return k
}

// AddRole adds an administrator role. Administrators of the trusted accounts
// may assume it, as they may any role whose trust policy names their account.
func (s *Server) AddRole(account, name string, trustedAccounts ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.roles[entity(account, name)] = &role{account: account, name: name, id: newEntityID(s.rand, "AROA"), trusted: trustedAccounts}
}

// SetExternalID makes the role's trust policy ask for the external ID.
func (s *Server) SetExternalID(account, role, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.roles[entity(account, role)].externalID = id
}

// SetAlias gives the account its alias, as ListAccountAliases shows it.
func (s *Server) SetAlias(account, alias string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.aliases[account] = alias
}

// SetStatus sets the key's status, for IAM and for authentication, at once.
// Keys that the server does not know stay unknown.
func (s *Server) SetStatus(keyID string, status Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.state.keys[keyID]; k != nil {
		k.timeline = append(k.timeline, change{status, s.clock()})
	}
}

// DeleteKey deletes the key, for IAM and for authentication, at once.
func (s *Server) DeleteKey(keyID string) { s.SetStatus(keyID, absent) }

// Deny denies the user the actions explicitly, whatever else is allowed to it,
// as an inline policy does. An action may hold wildcards: "iam:*". Like AWS, the
// server answers sts:GetCallerIdentity even where it is denied.
func (s *Server) Deny(account, user string, actions ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.user(account, user)
	u.denied = append(u.denied, actions...)
}

// Quarantine attaches [QuarantinePolicy] to the user, which denies it, among
// much else, to switch off its own keys.
func (s *Server) Quarantine(account, user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.user(account, user)
	u.denied = append(u.denied, quarantined...)
	if !slices.Contains(u.attached, QuarantinePolicy) {
		u.attached = append(u.attached, QuarantinePolicy)
	}
}

// Attach attaches a managed policy to the user by its name, without effect but that it is
// listed.
func (s *Server) Attach(account, user, policy string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.user(account, user)
	u.attached = append(u.attached, policy)
}

// SetPartition moves the server, with all that is on it, to the partition:
// "aws", "aws-us-gov", "aws-cn" or "aws-eusc". ARNs carry it, and a request
// signed for a region of another partition is answered InvalidClientTokenId,
// as that partition would.
func (s *Server) SetPartition(partition string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.partition = partition
}

// SetLag makes what UpdateAccessKey, DeleteAccessKey and CreateAccessKey do
// take effect for authentication only after d, as in AWS, where it takes some
// seconds; IAM's reads show it at once.
func (s *Server) SetLag(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lag = d
}

// SetSessionLife makes the sessions of roles that are assumed from now on end after d,
// which may be shorter than AWS's 15 minutes; 0 is what is asked for.
func (s *Server) SetSessionLife(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.life = d
}

func (s *Server) user(account, name string) *identity {
	return s.state.user(s.rand, s.clock(), account, name)
}

func (s *Server) addKey(k Key, status Status, from time.Time) *accessKey {
	now := s.clock()
	key := &accessKey{Key: k, owner: s.user(k.Account, k.User), created: now}
	key.User = key.owner.name
	key.timeline = []change{{status, from}}
	s.state.put(key)
	return key
}

func (s *Server) addSession(owner *identity, ttl time.Duration) *accessKey {
	now := s.clock()
	key := &accessKey{owner: owner, created: now, expires: now.Add(ttl), timeline: []change{{Active, now}}}
	key.Key = Key{
		ID: NewKeyID(s.rand, PrefixSession, owner.account), Secret: NewSecret(s.rand),
		SessionToken: NewSessionToken(s.rand), Account: owner.account,
	}
	s.state.put(key)
	return key
}

// arn returns the identity's ARN. Sessions belong to STS, users to IAM.
func (s *Server) arn(i *identity) string {
	service := "iam"
	if strings.HasPrefix(i.resource, "assumed-role/") || strings.HasPrefix(i.resource, "federated-user/") {
		service = "sts"
	}
	return "arn:" + s.partition + ":" + service + "::" + i.account + ":" + i.resource
}

// KeysOf returns the user's keys as IAM shows them, oldest first, those included that
// CreateAccessKey made.
func (s *Server) KeysOf(account, user string) []Key {
	s.mu.Lock()
	defer s.mu.Unlock()
	var keys []Key
	for _, k := range s.state.keysOf(s.user(account, user)) {
		keys = append(keys, k.Key)
	}
	return keys
}
