package forge

import (
	"bytes"
	"net/http"
	"strconv"
	"time"
)

const (
	// maxPause is the longest that is waited. GitHub's primary limit begins anew each hour.
	maxPause = 90 * time.Minute
	// secondaryPause is what GitHub asks for where a secondary limit names no time:
	// https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
	secondaryPause = time.Minute
	// earliest tells an instant (seconds since 1970) from a number of seconds.
	earliest = 1_000_000_000
)

// limited tells until when an answer asks to wait, and why; "" is that it does not. The
// forges state it in different headers: Retry-After (all), X-RateLimit-Reset (GitHub, Gitea
// behind some proxies, Azure DevOps), RateLimit-Reset (GitLab).
func limited(resp *http.Response, body []byte, now time.Time, attempt int) (until time.Time, why string) {
	h := resp.Header
	ahead := time.Duration(0) // of the forge's clock
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		ahead = date.Sub(now)
	}
	refused := resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusForbidden
	if t, ok := instant(h.Get("Retry-After"), now, ahead); ok && (refused || resp.StatusCode < 300 || resp.StatusCode == http.StatusServiceUnavailable) {
		return t, "it asks to slow down"
	}
	for _, prefix := range []string{"X-RateLimit-", "RateLimit-"} {
		if t, ok := instant(h.Get(prefix+"Reset"), now, ahead); ok && h.Get(prefix+"Remaining") == "0" && (refused || resp.StatusCode < 300) {
			return t, "its rate limit is used up"
		}
	}
	secondary := resp.StatusCode == http.StatusForbidden && bytes.Contains(body, []byte("secondary rate limit"))
	if secondary || resp.StatusCode == http.StatusTooManyRequests {
		return now.Add(secondaryPause << min(attempt, 5)), "its rate limit is used up"
	}
	return time.Time{}, ""
}

// instant reads the three notations that forges use: seconds from now, seconds since
// 1970, and an HTTP date. The latter two are by the forge's clock.
func instant(value string, now time.Time, ahead time.Duration) (time.Time, bool) {
	if value == "" {
		return time.Time{}, false
	}
	if s, err := strconv.ParseFloat(value, 64); err == nil && s >= 0 && s < 1e11 {
		if s >= earliest {
			return time.Unix(int64(s), 0).Add(-ahead), true
		}
		return now.Add(time.Duration(s * float64(time.Second))), true
	}
	t, err := http.ParseTime(value)
	return t.Add(-ahead), err == nil
}
