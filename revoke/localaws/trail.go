package localaws

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Event is a management event as CloudTrail keeps it: who signed it, where, and the
// whole of it as JSON.
type Event struct {
	Time            time.Time
	Account, Region string
	KeyID           string // that signed
	Source, Name    string // "iam.amazonaws.com", "CreateUser"
	JSON            string // "" is made from the other fields
}

// lookupsPerSecond is CloudTrail's quota for LookupEvents, of an account in a region.
const lookupsPerSecond = 2

// Log puts events into CloudTrail.
func (s *Server) Log(events ...Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range events {
		if e.JSON == "" {
			text, _ := json.Marshal(map[string]any{
				"eventTime": stamp(e.Time), "eventSource": e.Source, "eventName": e.Name, "awsRegion": e.Region,
				"sourceIPAddress": "203.0.113.7", "userAgent": "aws-cli/2",
				"userIdentity": map[string]string{"accessKeyId": e.KeyID, "accountId": e.Account},
			})
			e.JSON = string(text)
		}
		s.state.events = append(s.state.events, e)
	}
}

// SetRegions sets the regions that are enabled in every account.
func (s *Server) SetRegions(regions ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.regions = regions
}

// listRegions answers account:ListRegions, three a page.
func (s *Server) listRegions(c *call) (any, error) {
	if err := s.authorize(c, "arn:"+s.partition+":account::"+c.caller().account+":account"); err != nil {
		return nil, err
	}
	regions := s.state.regions
	if regions == nil {
		regions = []string{"us-east-1"}
	}
	from, _ := strconv.Atoi(c.form.Get("NextToken"))
	var page []map[string]string
	for _, name := range regions[min(from, len(regions)):min(from+3, len(regions))] {
		page = append(page, map[string]string{"RegionName": name, "RegionOptStatus": "ENABLED_BY_DEFAULT"})
	}
	answer := map[string]any{"Regions": page}
	if from+3 < len(regions) {
		answer["NextToken"] = strconv.Itoa(from + 3)
	}
	return answer, nil
}

// lookupEvents answers for one attribute, newest first, and keeps to the quota.
func (s *Server) lookupEvents(c *call) (any, error) {
	if err := s.authorize(c, "arn:"+s.partition+":cloudtrail:"+c.sig.region+":"+c.caller().account+":*"); err != nil {
		return nil, err
	}
	if s.hasty(c) {
		return nil, errorf(http.StatusBadRequest, "ThrottlingException", "Rate exceeded")
	}
	var in struct {
		LookupAttributes   []struct{ AttributeKey, AttributeValue string }
		StartTime, EndTime float64
		MaxResults         int
		NextToken          string
	}
	if json.Unmarshal([]byte(c.form.Get(wholeBody)), &in) != nil || len(in.LookupAttributes) != 1 || in.MaxResults > 50 {
		return nil, errorf(http.StatusBadRequest, "InvalidLookupAttributesException", "The lookup attributes are not valid.")
	}
	var found []map[string]any
	for _, e := range slices.Backward(s.state.events) {
		at := float64(e.Time.Unix())
		if e.Account == c.caller().account && e.Region == c.sig.region && e.has(in.LookupAttributes[0].AttributeKey, in.LookupAttributes[0].AttributeValue) &&
			at >= in.StartTime && (in.EndTime == 0 || at <= in.EndTime) {
			found = append(found, map[string]any{
				"EventId": e.KeyID, "EventName": e.Name, "EventSource": e.Source, "EventTime": at, "AccessKeyId": e.KeyID, "CloudTrailEvent": e.JSON,
			})
		}
	}
	from, _ := strconv.Atoi(in.NextToken)
	size := in.MaxResults
	if size == 0 {
		size = 50
	}
	page := map[string]any{"Events": append([]map[string]any{}, found[min(from, len(found)):min(from+size, len(found))]...)}
	if from+size < len(found) {
		page["NextToken"] = strconv.Itoa(from + size)
	}
	return page, nil
}

func (e Event) has(attribute, value string) bool {
	switch attribute {
	case "AccessKeyId":
		return e.KeyID == value
	case "EventName":
		return strings.EqualFold(e.Name, value)
	}
	return false
}

// hasty reports whether the call is one too many of its second.
func (s *Server) hasty(c *call) bool {
	if s.state.lookups == nil {
		s.state.lookups = map[string][]time.Time{}
	}
	place := entity(c.caller().account, c.sig.region)
	now := s.clock()
	recent := slices.DeleteFunc(s.state.lookups[place], func(t time.Time) bool { return now.Sub(t) >= time.Second })
	s.state.lookups[place] = recent
	if len(recent) >= lookupsPerSecond {
		return true
	}
	s.state.lookups[place] = append(recent, now)
	return false
}
