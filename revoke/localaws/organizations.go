package localaws

import (
	"encoding/json"
	"errors"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Organizations speaks JSON 1.1, not the query protocol: the action is in a header,
// and answers and errors are JSON objects. Source: the API model of organizations
// 2016-11-28, and the protocol's description in Smithy.

const jsonType = "application/x-amz-json-1.1"

// wholeBody is the parameter that holds a JSON request as it came, for those whose
// parameters are not text only.
const wholeBody = "\x00body"

// SetOrganization makes the account the management account of an organization with
// the accounts named, by their IDs. Only its administrators are told of them. One
// whose name begins with "suspended" is.
func (s *Server) SetOrganization(management string, names map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.management, s.state.names = management, names
}

// jsonCall reads the action and the parameters, those that are text, of a request
// in JSON; ok is whether it is one.
func jsonCall(r *http.Request, body []byte) (action string, form url.Values, ok bool) {
	t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if t != jsonType && (t != "application/json" || r.URL.Path == "/") {
		return "", nil, false
	}
	var fields map[string]any
	_ = json.Unmarshal(body, &fields) // what is none has no parameters
	form = url.Values{}
	for name, value := range fields {
		if text, ok := value.(string); ok {
			form.Set(name, text)
		}
	}
	form.Set(wholeBody, string(body))
	if t != jsonType { // a REST call's action is its path
		return strings.ToUpper(r.URL.Path[1:2]) + r.URL.Path[2:], form, true
	}
	_, action, _ = strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	return action, form, true
}

func jsonReply(result any, err error) answer {
	if err == nil {
		body, _ := json.Marshal(result)
		return answer{status: http.StatusOK, body: body, typ: jsonType}
	}
	var e apiError
	if !errors.As(err, &e) {
		e = apiError{http.StatusInternalServerError, "ServiceException", "localaws: internal error"}
	}
	body, _ := json.Marshal(map[string]string{"__type": e.code, "Message": e.message})
	return answer{status: e.status, code: e.code, body: body, typ: jsonType}
}

// describeAccount answers the management account's administrators; it may be
// delegated in AWS.
func (s *Server) describeAccount(c *call) (any, error) {
	id, err := c.required("AccountId")
	if err != nil {
		return nil, err
	}
	switch name, member := s.state.names[id]; {
	case s.state.management == "":
		return nil, errorf(http.StatusBadRequest, "AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
	case c.caller().account != s.state.management || !c.caller().admin || c.caller().denies("organizations:DescribeAccount"):
		return nil, errorf(http.StatusBadRequest, "AccessDeniedException", "You don't have permissions to access this resource.")
	case !member:
		return nil, errorf(http.StatusBadRequest, "AccountNotFoundException", "You specified an account that doesn't exist.")
	default:
		return map[string]any{"Account": map[string]string{"Id": id, "Name": name, "Status": "ACTIVE"}}, nil
	}
}

// listAccounts lists the organization's accounts by their IDs, two a page; the
// first page is empty, as AWS says that pages may be.
func (s *Server) listAccounts(c *call) (any, error) {
	switch {
	case s.state.management == "":
		return nil, errorf(http.StatusBadRequest, "AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
	case c.caller().account != s.state.management || !c.caller().admin || c.caller().denies("organizations:ListAccounts"):
		return nil, errorf(http.StatusBadRequest, "AccessDeniedException", "You don't have permissions to access this resource.")
	}
	const size = 2
	accounts := []map[string]string{}
	token := c.form.Get("NextToken")
	if token == "" {
		return map[string]any{"Accounts": accounts, "NextToken": "0"}, nil
	}
	from, err := strconv.Atoi(token)
	ids := slices.Sorted(maps.Keys(s.state.names))
	if err != nil || from < 0 || from > len(ids) {
		return nil, errorf(http.StatusBadRequest, "InvalidInputException", "You provided an invalid NextToken.")
	}
	for _, id := range ids[from:min(from+size, len(ids))] {
		status := "ACTIVE"
		if strings.HasPrefix(s.state.names[id], "suspended") {
			status = "SUSPENDED"
		}
		accounts = append(accounts, map[string]string{"Id": id, "Name": s.state.names[id], "Status": status, "State": status})
	}
	page := map[string]any{"Accounts": accounts}
	if from+size < len(ids) {
		page["NextToken"] = strconv.Itoa(from + size)
	}
	return page, nil
}
