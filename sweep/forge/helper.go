package forge

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// helperPatience bounds a credential helper, which may talk to a service of its own.
const helperPatience = 30 * time.Second

// fill asks git's credential helpers, those of the user and of the system, for what they
// keep for a host; none is a zero credential. What is asked goes by standard input. Nobody is
// prompted, and the repository in the current folder, if any, has no say in it.
// See https://git-scm.com/docs/git-credential.
func fill(ctx context.Context, scheme, host string) (credential, error) {
	ctx, cancel := context.WithTimeout(ctx, helperPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", "credential", "fill")
	cmd.Env = append(os.Environ(), "GIT_DIR="+os.DevNull, "GIT_TERMINAL_PROMPT=0", "GCM_INTERACTIVE=never", "SSH_ASKPASS=", "LC_ALL=C", "GIT_TRACE=0", "GIT_TRACE2=0", "GIT_TRACE2_EVENT=0")
	cmd.Stdin = strings.NewReader("protocol=" + scheme + "\nhost=" + host + "\n\n")
	cmd.WaitDelay = time.Second // for a helper's children that hold the pipe
	var out bytes.Buffer
	cmd.Stdout = &out // what a helper says on standard error is not repeated: it may hold anything
	err := cmd.Run()
	if ctx.Err() != nil {
		return credential{}, fmt.Errorf("asking git's credential helpers for %s: %w", host, context.Cause(ctx))
	}
	if err != nil {
		return credential{}, nil // git says so too where there are none
	}
	return filled(out.String(), host), nil
}

// filled reads what git credential fill prints. An answer for another host is none.
func filled(out, host string) credential {
	c := credential{from: "git's credential helper"}
	for line := range strings.Lines(out) {
		key, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), "=")
		switch key {
		case "host":
			if !strings.EqualFold(value, host) {
				return credential{}
			}
		case "username":
			c.user = value
		case "password":
			c.token = newToken(value)
		case "password_expiry_utc":
			if s, err := strconv.ParseInt(value, 10, 64); err == nil {
				c.until = time.Unix(s, 0)
			}
		}
	}
	if c.token.isZero() {
		return credential{}
	}
	return c
}
