package revoke

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// The shared credentials file, read as the SDK reads it and written so that nothing
// changes but the key of one profile. What tools may read in different ways (a
// profile that stands there twice, values that go on in the next line) is refused.

// The settings of a profile that make up its key, as they are spelled in lower case.
const (
	iniKeyID  = "aws_access_key_id"
	iniSecret = "aws_secret_access_key"
	iniToken  = "aws_session_token"
)

// profileName is what profiles may be called that we write: nothing that would need
// quotes, or end a section's name.
var profileName = regexp.MustCompile(`^[\w.@/+=,:%-]{1,128}$`)

// iniProfile is where a profile stands in the lines of a file.
type iniProfile struct {
	header int            // line of its name; -1: there is none
	at     map[string]int // lines of the settings that make up its key
}

// readProfile returns the profile's key, the zero pair if it has none.
func readProfile(text []byte, profile string) (aws.Credentials, error) {
	lines := bytes.SplitAfter(text, []byte("\n"))
	p, err := findProfile(lines, profile)
	if err != nil {
		return aws.Credentials{}, err
	}
	value := func(name string) string {
		i, there := p.at[name]
		if !there {
			return ""
		}
		from, to := iniValue(string(lines[i]))
		return unquote(string(lines[i][from:to]))
	}
	return aws.Credentials{AccessKeyID: value(iniKeyID), SecretAccessKey: value(iniSecret), SessionToken: value(iniToken)}, nil
}

// writeProfile returns the text with the key in the profile, made at the end if it is
// new. All other bytes are as they were, but that a session token, which belonged to
// the key before, is taken out.
func writeProfile(text []byte, profile string, cred aws.Credentials) ([]byte, error) {
	lines := bytes.SplitAfter(text, []byte("\n"))
	p, err := findProfile(lines, profile)
	if err != nil {
		return nil, err
	}
	settings := []struct{ name, value string }{{iniKeyID, cred.AccessKeyID}, {iniSecret, cred.SecretAccessKey}}
	if p.header < 0 {
		return appendProfile(text, profile, settings[0].value, settings[1].value), nil
	}
	eol := "\n"
	if bytes.HasSuffix(lines[p.header], []byte("\r\n")) {
		eol = "\r\n"
	}
	for _, s := range settings {
		if i, there := p.at[s.name]; there {
			from, to := iniValue(string(lines[i]))
			lines[i] = []byte(string(lines[i][:from]) + s.value + string(lines[i][to:]))
			continue
		}
		if !bytes.HasSuffix(lines[p.header], []byte("\n")) {
			lines[p.header] = append(bytes.Clone(lines[p.header]), eol...)
		}
		lines[p.header] = append(bytes.Clone(lines[p.header]), s.name+" = "+s.value+eol...)
	}
	if i, there := p.at[iniToken]; there {
		lines[i] = nil
	}
	return bytes.Join(lines, nil), nil
}

func appendProfile(text []byte, profile, keyID, secret string) []byte {
	var b bytes.Buffer
	b.Write(text)
	if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
		b.WriteString("\n")
	}
	if len(text) > 0 {
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "[%s]\n%s = %s\n%s = %s\n", profile, iniKeyID, keyID, iniSecret, secret)
	return b.Bytes()
}

// findProfile finds the profile, or says why its key must not be written.
func findProfile(lines [][]byte, profile string) (iniProfile, error) {
	p := iniProfile{header: -1, at: map[string]int{}}
	if !profileName.MatchString(profile) {
		return p, errors.New("a profile's name is of letters, digits and ._@/+=,:%-")
	}
	inside, last := false, ""
	for i, bytes := range lines {
		line := strings.TrimRight(string(bytes), "\r\n")
		trimmed := strings.TrimLeft(line, " \t")
		if strings.TrimSpace(line) == "" || trimmed[0] == '#' || trimmed[0] == ';' {
			continue
		}
		if name, ok := iniHeader(line); ok {
			if inside = name == profile; inside && p.header >= 0 {
				return p, fmt.Errorf("profile %q stands there twice: leave one", profile)
			}
			if inside {
				p.header, last = i, name // behind which a setting may be put in
			}
			continue
		}
		if !inside {
			continue
		}
		indented := trimmed != line
		name, set := iniName(trimmed)
		ours := name == iniKeyID || name == iniSecret || name == iniToken
		_, twice := p.at[name]
		switch {
		case indented && (ours || last != ""):
			return p, fmt.Errorf("line %d is indented, which tools read in different ways: move it to the left, or out of profile %q", i+1, profile)
		case ours && twice:
			return p, fmt.Errorf("%s stands twice in profile %q: leave one", name, profile)
		case ours:
			p.at[name] = i
		}
		switch {
		case indented || !set: // what sets nothing is skipped
		case ours:
			last = name
		default:
			last = ""
		}
	}
	return p, nil
}

// iniHeader returns the name of the section that the line begins.
func iniHeader(line string) (name string, ok bool) {
	line, _, _ = strings.Cut(line, "#")
	line, _, _ = strings.Cut(line, ";")
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "[") || !strings.HasSuffix(line, "]") || len(line) < 2 {
		return "", false
	}
	return strings.TrimSpace(line[1 : len(line)-1]), true
}

// iniName returns the name that a line sets, in lower case, if it sets one.
func iniName(line string) (name string, set bool) {
	i := strings.IndexAny(line[:iniComment(line, 0)], "=:")
	if i < 0 {
		return "", false
	}
	return strings.ToLower(strings.TrimSpace(line[:i])), true
}

// iniValue returns where the value stands in a line that sets one: between the
// sign and a comment, without the spaces around it.
func iniValue(line string) (from, to int) {
	from = strings.IndexAny(line, "=:") + 1
	to = iniComment(line, from)
	to = from + len(strings.TrimRight(line[from:to], " \t\r\n"))
	return from + len(line[from:to]) - len(strings.TrimLeft(line[from:to], " \t")), to
}

// iniComment returns where a comment begins in the line, not before from; the line's
// end is where there is none.
func iniComment(line string, from int) int {
	end := len(line)
	for _, comment := range []string{" #", " ;", "\t#", "\t;"} {
		if i := strings.Index(line[from:end], comment); i >= 0 {
			end = from + i
		}
	}
	return end
}

// unquote takes away the quotes that the SDK takes away.
func unquote(s string) string {
	if len(s) >= 2 && (s[0] == '\'' || s[0] == '"') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}
