package forge

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Source names an organisation of a forge, or a list. It holds no credential.
type Source struct {
	Kind   string // "github" …
	Server string // "https://host[:port][/prefix]"; "" is the forge's usual one
	Path   string // what to list of it: "ORG", "group/subgroup" …; for a list its file, or "-"
}

// Parse reads a source's word, KIND:PATH or KIND:https://HOST[:PORT]/PATH:
//
//	github:ORG                          an organisation or a user of github.com (or of GH_HOST)
//	github:https://HOST/ORG             … of a GitHub Enterprise Server, or of NAME.ghe.com
//	gitlab:GROUP[/SUBGROUP…]            a group with all its subgroups, or a user, of gitlab.com (or of GITLAB_HOST)
//	gitlab:https://HOST/GROUP[/…]       … of an own GitLab
//	gitea:https://HOST[/PREFIX]/OWNER   an organisation or a user of a Gitea or Forgejo (without HOST: of GITEA_SERVER_URL)
//	bitbucket:WORKSPACE                 a workspace of Bitbucket Cloud
//	azure:ORG[/PROJECT]                 an organisation of Azure DevOps, or one of its projects
//	azure:https://HOST/COLLECTION[/…]   … of an Azure DevOps Server
//	codecommit:REGION                   an AWS account's repositories in a region
//	list:FILE                           a list: one URL or folder a line; "-" is standard input
//
// What stands before the first colon is the kind; what follows is a path on the forge's usual
// host, unless it begins with https:// (or http://, for loopback). So "group.example/sub" is
// always a path, never a host.
func Parse(word string) (Source, error) {
	kind, rest, ok := strings.Cut(word, ":")
	if !ok {
		return Source{}, fmt.Errorf("reading the source %s: it has to be KIND:PATH, such as github:ORG", shown(word))
	}
	s := Source{Kind: kind, Path: rest}
	var err error
	switch {
	case kind == ListOf:
	case strings.Contains(rest, "://"):
		s, err = parseServer(kind, rest)
	}
	if err == nil {
		err = s.check()
	}
	if err != nil {
		return Source{}, fmt.Errorf("reading the source %s: %w", shown(word), err)
	}
	return s, nil
}

// String returns the word of s, as [Parse] reads it.
func (s Source) String() string {
	if s.Server == "" {
		return s.Kind + ":" + s.Path
	}
	return s.Kind + ":" + s.Server + "/" + s.Path
}

// MarshalText returns the word of s.
func (s Source) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the word of s as [Parse] does.
func (s *Source) UnmarshalText(text []byte) (err error) {
	*s, err = Parse(string(text))
	return err
}

func parseServer(kind, address string) (Source, error) {
	u, err := url.Parse(address)
	if err != nil {
		return Source{}, fmt.Errorf("its URL cannot be read") // url's own error repeats it, whatever it holds
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Opaque != "" {
		return Source{}, fmt.Errorf("its URL may have a host and a path only; a token comes from a variable or from git's credential helper")
	}
	path := strings.Trim(u.Path, "/")
	prefix := ""
	if kind == GitHub || kind == Gitea || kind == CodeCommit { // one name; what stands before it is where the server lives
		if i := strings.LastIndexByte(path, '/'); i >= 0 {
			prefix, path = path[:i+1], path[i+1:]
		}
	}
	server := url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host), Path: "/" + strings.TrimSuffix(prefix, "/")}
	return Source{Kind: kind, Server: strings.TrimSuffix(server.String(), "/"), Path: path}, nil
}

// check tells what makes s no source.
func (s Source) check() error {
	if s.Kind == ListOf {
		if s.Path == "" || strings.ContainsRune(s.Path, 0) {
			return fmt.Errorf("it names no file; list:- reads standard input")
		}
		return nil
	}
	one, known := map[string]bool{GitHub: true, GitLab: false, Gitea: true, Bitbucket: true, Azure: false, CodeCommit: true}[s.Kind]
	if !known {
		return fmt.Errorf("no such forge; known are github, gitlab, gitea, bitbucket, azure, codecommit and list")
	}
	if err := s.checkServer(); err != nil {
		return err
	}
	parts := strings.Split(s.Path, "/")
	for _, part := range parts {
		if why := badSegment(part); why != "" {
			return fmt.Errorf("its path %s", why)
		}
	}
	if one && len(parts) > 1 {
		return fmt.Errorf("its path has to be one name; for another host write %s:https://HOST/%s", s.Kind, parts[len(parts)-1])
	}
	return nil
}

func (s Source) checkServer() error {
	if s.Server == "" {
		return nil
	}
	u, err := url.Parse(s.Server)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || badHost(u.Host) {
		return fmt.Errorf("its host has to be https://HOST[:PORT]")
	}
	for part := range strings.SplitSeq(strings.Trim(u.Path, "/"), "/") {
		if why := badSegment(part); part != "" && why != "" {
			return fmt.Errorf("its path %s", why)
		}
	}
	return nil
}

// badSegment tells why a part of a path is none that a forge gives, "" if it may be one.
func badSegment(part string) string {
	switch {
	case part == "":
		return "has an empty part"
	case part == "." || part == "..":
		return "leads elsewhere"
	case part[0] == '-':
		return "has a part that begins with a dash, as an option does"
	case !utf8.ValidString(part) || strings.ContainsFunc(part, unprintable):
		return "has characters that cannot be printed"
	case strings.ContainsAny(part, `\:@?#%"'<>|*`+"`$"):
		return "has characters that no name has"
	}
	return ""
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// badHost reports whether host, perhaps with a port, is none that git or ssh takes for a
// host alone: "-oProxyCommand=…" is not.
func badHost(host string) bool {
	if host == "" || len(host) > 260 || host[0] == '-' || host[0] == '.' || host[0] == ':' {
		return true
	}
	return strings.ContainsFunc(host, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(".-_:[]", r)
	})
}

// shown returns s quoted for a message, without what could be a credential of a URL in it.
func shown(s string) string {
	if at := strings.LastIndexByte(s, '@'); at >= 0 {
		if scheme := strings.Index(s, "://"); scheme >= 0 && scheme < at {
			s = s[:scheme+3] + "[redacted]" + s[at:]
		}
	}
	if len(s) > 200 {
		s = s[:200] + "…"
	}
	return fmt.Sprintf("%q", s)
}
