package localaws

import (
	"encoding/base64"
	"encoding/csv"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// reportColumns are those of AWS's credential report that concern keys and sign-in,
// in its order. Source: IAM user guide, "Getting credential reports".
var reportColumns = []string{
	"user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed", "password_next_rotation", "mfa_active",
	"access_key_1_active", "access_key_1_last_rotated", "access_key_1_last_used_date", "access_key_1_last_used_region", "access_key_1_last_used_service",
	"access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date", "access_key_2_last_used_region", "access_key_2_last_used_service",
}

// SetPassword lets the user sign in at the console, with a second factor or without.
func (s *Server) SetPassword(account, user string, mfa bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.user(account, user)
	u.password, u.mfa = true, mfa
}

// SetAge makes the key look as if it was made, and last used, so long ago; a used of
// zero is never.
func (s *Server) SetAge(keyID string, made, used time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.state.keys[keyID]
	k.created, k.lastUsed = s.clock().Add(-made), time.Time{}
	if used > 0 {
		k.lastUsed, k.service, k.region = s.clock().Add(-used), "s3", "us-east-1"
	}
}

// generateReport says once that it has begun, as AWS does, and then that it is done.
func (s *Server) generateReport(c *call) (any, error) {
	if err := s.authorize(c, "*"); err != nil {
		return nil, err
	}
	account := c.caller().account
	state := "COMPLETE"
	if s.state.reports[account] == "" {
		state = "STARTED"
		s.state.reports[account] = s.report(account)
	}
	return struct{ State string }{state}, nil
}

func (s *Server) getReport(c *call) (any, error) {
	if err := s.authorize(c, "*"); err != nil {
		return nil, err
	}
	text := s.state.reports[c.caller().account]
	if text == "" {
		return nil, errorf(http.StatusGone, "ReportNotPresent", "The credential report was not found.")
	}
	return struct{ Content, ReportFormat, GeneratedTime string }{base64.StdEncoding.EncodeToString([]byte(text)), "text/csv", stamp(s.clock())}, nil
}

// report writes the report of an account, the root user first.
func (s *Server) report(account string) string {
	var text strings.Builder
	w := csv.NewWriter(&text)
	_ = w.Write(reportColumns)
	s.user(account, "root")
	for _, id := range slices.Sorted(maps.Keys(s.state.users)) {
		if u := s.state.users[id]; u.account == account {
			_ = w.Write(s.reportLine(u))
		}
	}
	w.Flush()
	return text.String()
}

func (s *Server) reportLine(u *identity) []string {
	name, password := u.name, fmt.Sprint(u.password)
	if name == "" {
		name, password = "<root_account>", "not_supported"
	}
	line := []string{name, s.arn(u), stamp(u.created), password, "no_information", "N/A", "N/A", fmt.Sprint(u.mfa)}
	keys := s.state.keysOf(u)
	for i := range keysPerUser {
		if i >= len(keys) {
			line = append(line, "false", "N/A", "N/A", "N/A", "N/A")
			continue
		}
		k, used, region, service := keys[i], "N/A", "N/A", "N/A"
		if !k.lastUsed.IsZero() {
			used, region, service = k.lastUsed.UTC().Format("2006-01-02T15:04:05+00:00"), k.region, k.service
		}
		line = append(line, fmt.Sprint(k.status() == Active), k.created.UTC().Format("2006-01-02T15:04:05+00:00"), used, region, service)
	}
	return line
}
