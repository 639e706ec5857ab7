package forge

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// maxLine bounds a line of a list. No path and no URL that works is longer.
const maxLine = 64 << 10

type list struct {
	file string // "-" is stdin
	o    Options

	mu     sync.Mutex
	forges map[string]Forge // by server
}

func openList(s Source, o Options) (Forge, error) {
	return &list{file: s.Path, o: o, forges: map[string]Forge{}}, nil
}

// Repositories yields what [List] reads.
func (l *list) Repositories(ctx context.Context) iter.Seq2[Repository, error] {
	if l.file == "-" {
		return List(ctx, l.o.Stdin, l.o)
	}
	return func(yield func(Repository, error) bool) {
		f, err := os.Open(l.file)
		if err != nil {
			yield(Repository{}, fmt.Errorf("opening the list of repositories: %w", err))
			return
		}
		defer f.Close()
		List(ctx, f, l.o)(yield)
	}
}

// Authorization is that of the forge at r's host, where that is known, else what git's
// credential helpers keep for the host.
func (l *list) Authorization(ctx context.Context, r Repository) (string, error) {
	u, err := url.Parse(r.URL)
	if err != nil {
		return "", fmt.Errorf("authorizing %q: its URL cannot be read", r.Name)
	}
	if u.Scheme == "file" || u.Scheme == "ssh" {
		return "", nil
	}
	f, err := l.at(r, u)
	if err != nil {
		return "", err
	}
	return f.Authorization(ctx, r)
}

// at returns who authorizes at a host, the same for all of its repositories.
func (l *list) at(r Repository, u *url.URL) (Forge, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	server := u.Scheme + "://" + plainHost(u)
	if f, ok := l.forges[server]; ok {
		return f, nil
	}
	var f Forge
	a, err := newAccount(Source{Kind: ListOf, Server: server}, l.o)
	f = unlisted{a}
	if kind := kindOf(u, l.o.Getenv); kind != "" && err == nil {
		r.Forge = kind
		f, err = For(r, l.o)
	}
	if err != nil {
		return nil, err
	}
	l.forges[server] = f
	return f, nil
}

// unlisted is an account at a host of which nobody knows what forge it is.
type unlisted struct{ *account }

func (unlisted) Repositories(context.Context) iter.Seq2[Repository, error] {
	return func(func(Repository, error) bool) {}
}

// List yields the repositories that r names, one a line: a URL (https, ssh, file, or
// user@host:path as ssh takes it) or a folder. Blank lines and lines that begin with "#"
// are passed over, and of what comes twice the second. What is no such thing is
// [*Refused], and so is a URL that holds a password.
func List(ctx context.Context, r io.Reader, o Options) iter.Seq2[Repository, error] {
	return func(yield func(Repository, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, maxLine)
		seen := map[string]bool{}
		n := 0
		for lines.Scan() {
			n++
			line := strings.TrimSpace(lines.Text())
			if line == "" || line[0] == '#' {
				continue
			}
			repo, err := listed(line, o)
			if err == nil && seen[repo.Name] {
				continue
			}
			seen[repo.Name] = err == nil
			if ctx.Err() != nil {
				err = fmt.Errorf("reading the list of repositories: %w", context.Cause(ctx))
			}
			if !yield(repo, err) || ctx.Err() != nil {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(Repository{}, fmt.Errorf("reading the list of repositories, line %d: %w", n+1, err))
		}
	}
}

// Folder returns the repository in a folder of this machine, whatever it is called; [*Refused] where there is none.
func Folder(path string) (Repository, error) {
	r := Repository{Forge: ListOf, Kind: KindRepository}
	if why := r.takeFolder(path); why != "" {
		return Repository{}, &Refused{path, why}
	}
	r.ID = r.Name
	return r, nil
}

// listed is the repository that a line names.
func listed(line string, o Options) (Repository, error) {
	r := Repository{Forge: ListOf, Kind: KindRepository}
	var why string
	switch {
	case line[0] == '-':
		why = "it begins with a dash, as an option does"
	case strings.Contains(line, "://"):
		why = r.takeURL(line, o)
	case scpLike(line):
		host, path, _ := strings.Cut(line, ":")
		why = r.takeURL("ssh://"+host+"/"+strings.TrimPrefix(path, "/"), o)
	default:
		why = r.takeFolder(line)
	}
	if why != "" {
		return Repository{}, &Refused{strings.Trim(shown(line), `"`), why}
	}
	r.ID = r.Name
	return r, nil
}

// scpLike tells host:path from a folder as git does: by a colon before the first slash.
// A drive of Windows is a folder.
func scpLike(line string) bool {
	host, _, ok := strings.Cut(line, ":")
	return ok && len(host) > 1 && !strings.ContainsAny(host, `/\`)
}

// takeURL makes r what is cloned from line, or says why it may not.
func (r *Repository) takeURL(line string, o Options) string {
	u, err := url.Parse(line)
	if err != nil {
		return "it cannot be read as a URL"
	}
	if u.Scheme == "file" {
		if u.Host != "" && u.Host != "localhost" {
			return "a file URL with a host"
		}
		return r.takeFolder(filepath.FromSlash(u.Path))
	}
	if why := checkClone(u, o.Insecure); why != "" {
		return why
	}
	if u.Scheme != "ssh" {
		u.User = nil // who asks is the credential's matter
	}
	u.Host = strings.ToLower(u.Host)
	r.Host, r.URL = u.Host, u.String()
	r.Name = u.Host + "/" + strings.TrimSuffix(strings.Trim(u.Path, "/"), ".git")
	return ""
}

// takeFolder makes r the repository in a folder, or says why there is none.
func (r *Repository) takeFolder(folder string) string {
	path, err := filepath.Abs(folder)
	if err != nil {
		return "it is no folder"
	}
	if !holdsRepository(path) {
		return "no git repository is there"
	}
	slashed := filepath.ToSlash(path)
	r.Name = slashed
	r.URL = (&url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(slashed, "/")}).String()
	return ""
}

func holdsRepository(path string) bool {
	if _, err := os.Stat(filepath.Join(path, ".git")); err == nil {
		return true
	}
	head, err := os.Stat(filepath.Join(path, "HEAD"))
	objects, err2 := os.Stat(filepath.Join(path, "objects"))
	return err == nil && err2 == nil && !head.IsDir() && objects.IsDir()
}

// checkClone tells why git may not be given u, "" if it may: it is no option, runs
// nothing, holds no password, and is not sent in the clear.
func checkClone(u *url.URL, insecure bool) string {
	switch {
	case u.Scheme == "http" && !insecure && !loopback(u.Hostname()):
		return "plain HTTP, which anyone on the way can read and change"
	case u.Scheme != "https" && u.Scheme != "ssh" && u.Scheme != "http":
		return "only https, ssh and file URLs are cloned from"
	case u.Opaque != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "it is more than a host and a path"
	case badHost(u.Host):
		return "its host is none"
	}
	if password, _ := u.User.Password(); password != "" {
		return "its URL holds a password; give it to git's credential helper, or in a variable"
	}
	if name := u.User.Username(); u.Scheme == "ssh" && name != "" && badHost(name) {
		return "its user name is none"
	}
	if strings.Trim(u.Path, "/") == "" {
		return "it has no path"
	}
	for part := range strings.SplitSeq(strings.Trim(u.Path, "/"), "/") {
		if why := badSegment(part); why != "" && !(u.Scheme == "ssh" && part == "~") {
			return "its path " + why
		}
	}
	return ""
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
