package localaws

import (
	"encoding/json"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// policySize is IAM's quota for the inline policies of a user, in characters
// without white space; a role's is larger.
const policySize = 2048

// holder is who has inline policies and tags: a user or a role.
type holder struct {
	inline map[string]string // documents by name
	tags   map[string]string
}

// rule is the part of a statement that the server reads: what it allows or denies,
// and to sessions issued before when; the zero time is to everybody.
type rule struct {
	deny    bool
	actions []string
	before  time.Time
}

// covers reports whether the rule is about the action, done by the key. Only a
// session has an issue time.
func (r rule) covers(k *accessKey, action string) bool {
	if !r.before.IsZero() && (k.expires.IsZero() || !k.created.Before(r.before)) {
		return false
	}
	return slices.ContainsFunc(r.actions, func(pattern string) bool {
		ok, _ := path.Match(strings.ToLower(pattern), strings.ToLower(action))
		return ok || pattern == "*"
	})
}

// oneOrMore is a string, or a list of them, as policies have it.
type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*o = oneOrMore{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(o))
}

// rules reads a policy. Of conditions it knows DateLessThan aws:TokenIssueTime.
func rules(document string) ([]rule, error) {
	var doc struct {
		Version   string
		Statement []struct {
			Sid, Effect      string
			Action, Resource oneOrMore
			Condition        map[string]map[string]string
		}
	}
	malformed := errorf(http.StatusBadRequest, "MalformedPolicyDocument", "Syntax errors in policy.")
	if json.Unmarshal([]byte(document), &doc) != nil || len(doc.Statement) == 0 {
		return nil, malformed
	}
	var found []rule
	for _, s := range doc.Statement {
		if s.Effect != "Deny" && s.Effect != "Allow" || len(s.Action) == 0 || len(s.Resource) == 0 {
			return nil, malformed
		}
		d := rule{deny: s.Effect == "Deny", actions: s.Action}
		if at, ok := s.Condition["DateLessThan"]["aws:TokenIssueTime"]; ok {
			t, err := time.Parse(time.RFC3339, at)
			if err != nil {
				return nil, malformed
			}
			d.before = t
		} else if len(s.Condition) > 0 {
			return nil, errorf(http.StatusNotImplemented, "NotImplemented", "localaws knows no such condition.")
		}
		found = append(found, d)
	}
	return found, nil
}

// says reports whether a policy of h denies, or allows, the action to the key.
func (h *holder) says(deny bool, k *accessKey, action string) bool {
	for _, document := range h.inline {
		found, _ := rules(document) // it was read when it was put
		if slices.ContainsFunc(found, func(r rule) bool { return r.deny == deny && r.covers(k, action) }) {
			return true
		}
	}
	return false
}

func (h *holder) deniesTo(k *accessKey, action string) bool { return h.says(true, k, action) }

// Tags returns the tags of the user or, of a name that begins with "role/", of the
// role.
func (s *Server) Tags(account, name string) map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	tags := map[string]string{}
	h := s.holderOf(account, name)
	if h != nil {
		for k, v := range h.tags {
			tags[k] = v
		}
	}
	return tags
}

// Policies returns the inline policies of the user or role, as [Server.Tags] names
// it, by their names.
func (s *Server) Policies(account, name string) map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	policies := map[string]string{}
	if h := s.holderOf(account, name); h != nil {
		for k, v := range h.inline {
			policies[k] = v
		}
	}
	return policies
}

// SetPolicy gives the user or role an inline policy, as an administrator would
// behind our back; an empty document takes it away.
func (s *Server) SetPolicy(account, name, policy, document string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.holderOf(account, name)
	if document == "" {
		delete(h.inline, policy)
	} else {
		h.put(policy, document)
	}
}

func (s *Server) holderOf(account, name string) *holder {
	if role, ok := strings.CutPrefix(name, "role/"); ok {
		if r := s.state.roles[entity(account, role)]; r != nil {
			return &r.holder
		}
		return nil
	}
	if u := s.state.users[entity(account, name)]; u != nil {
		return &u.holder
	}
	return nil
}

func (h *holder) put(name, document string) {
	if h.inline == nil {
		h.inline = map[string]string{}
	}
	h.inline[name] = document
}

// named returns the user or role that the request is about.
func (s *Server) named(c *call) (*holder, error) {
	kind := "User"
	if strings.Contains(c.action, "Role") {
		kind = "Role"
	}
	name, err := c.required(kind + "Name")
	if err != nil {
		return nil, err
	}
	resource := strings.ToLower(kind) + " " + name
	if err := s.authorize(c, resource); err != nil {
		return nil, err
	}
	if kind == "Role" {
		name = "role/" + name
	}
	h := s.holderOf(c.caller().account, name)
	if h == nil {
		return nil, errorf(http.StatusNotFound, "NoSuchEntity", "The %s with name %s cannot be found.",
			strings.ToLower(kind), strings.TrimPrefix(name, "role/"))
	}
	return h, nil
}

func (s *Server) putPolicy(c *call) (any, error) {
	h, err := s.named(c)
	if err != nil {
		return nil, err
	}
	name, err := c.required("PolicyName")
	if err != nil {
		return nil, err
	}
	document := c.form.Get("PolicyDocument")
	if _, err := rules(document); err != nil {
		return nil, err
	}
	size := len(strings.Join(strings.Fields(document), ""))
	for other, text := range h.inline {
		if other != name {
			size += len(text)
		}
	}
	if size > policySize && strings.Contains(c.action, "User") {
		return nil, errorf(http.StatusConflict, "LimitExceeded", "Maximum policy size of %d bytes exceeded for user %s", policySize, c.form.Get("UserName"))
	}
	h.put(name, document)
	return nil, nil
}

// getPolicy answers for users and roles; the document is escaped as in a URL.
func (s *Server) getPolicy(c *call) (any, error) {
	h, err := s.named(c)
	if err != nil {
		return nil, err
	}
	name := c.form.Get("PolicyName")
	document, ok := h.inline[name]
	if !ok {
		return nil, noSuchPolicy(c, name)
	}
	return struct {
		UserName       string `xml:",omitempty"`
		RoleName       string `xml:",omitempty"`
		PolicyName     string
		PolicyDocument string
	}{c.form.Get("UserName"), c.form.Get("RoleName"), name, url.PathEscape(document)}, nil
}

func noSuchPolicy(c *call, name string) error {
	if strings.Contains(c.action, "Role") {
		return errorf(http.StatusNotFound, "NoSuchEntity", "The role policy with name %s cannot be found.", name)
	}
	return errorf(http.StatusNotFound, "NoSuchEntity", "The user policy with name %s cannot be found.", name)
}

func (s *Server) deletePolicy(c *call) (any, error) {
	h, err := s.named(c)
	if err != nil {
		return nil, err
	}
	name := c.form.Get("PolicyName")
	if _, ok := h.inline[name]; !ok {
		return nil, noSuchPolicy(c, name)
	}
	delete(h.inline, name)
	return nil, nil
}

func (s *Server) tag(c *call) (any, error) {
	h, err := s.named(c)
	if err != nil {
		return nil, err
	}
	if h.tags == nil {
		h.tags = map[string]string{}
	}
	for i := 1; c.form.Has(member("Tags", i, "Key")); i++ {
		h.tags[c.form.Get(member("Tags", i, "Key"))] = c.form.Get(member("Tags", i, "Value"))
	}
	return nil, nil
}

func (s *Server) untag(c *call) (any, error) {
	h, err := s.named(c)
	if err != nil {
		return nil, err
	}
	for i := 1; c.form.Has(member("TagKeys", i, "")); i++ {
		delete(h.tags, c.form.Get(member("TagKeys", i, "")))
	}
	return nil, nil
}

// member is how the query protocol names a part of a list's element.
func member(list string, i int, part string) string {
	name := list + ".member." + strconv.Itoa(i)
	if part != "" {
		name += "." + part
	}
	return name
}
