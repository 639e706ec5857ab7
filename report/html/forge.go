package html

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/revokey-dev/revokey/report"
)

// Links leads from a place in a repository to a page of the forge that shows it. The
// zero value, and nil, leads nowhere.
type Links struct {
	template string
	remotes  map[string]string
}

// placeholders are what a template may hold.
var placeholders = regexp.MustCompile(`\{[^}]*\}`)

// NewLinks returns links by a template such as
// https://git.example.com/{repository}/blob/{commit}/{path}#L{line}, or for "" by the
// remotes: the URL of the remote of each repository, by its name in the findings. What
// each forge wants is known of GitHub, GitLab, Gitea, Forgejo, Bitbucket and Azure
// DevOps, which is told by the name of the host.
func NewLinks(template string, remotes map[string]string) (*Links, error) {
	if template == "" {
		return &Links{remotes: remotes}, nil
	}
	for _, p := range placeholders.FindAllString(template, -1) {
		if !slices.Contains([]string{"{repository}", "{commit}", "{path}", "{line}"}, p) {
			return nil, fmt.Errorf("%s is none of {repository}, {commit}, {path} and {line}", p)
		}
	}
	u, err := url.Parse(placeholders.ReplaceAllString(template, "x"))
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, fmt.Errorf("a link begins with https:// and a host")
	}
	if host, _, _ := strings.Cut(strings.TrimPrefix(template, "https://"), "/"); strings.ContainsAny(host, "{}") {
		return nil, fmt.Errorf("the host of a link is no placeholder")
	}
	return &Links{template: template, remotes: remotes}, nil
}

// commitID is an object's name, of either length.
var commitID = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

// to returns the address of the place, "" where it has none.
func (l *Links) to(repository string, o report.Occurrence) string {
	commit := report.Value(o.Commit)
	if l == nil || !commitID.MatchString(commit) || o.Path != nil && !plainPath(*o.Path) {
		return ""
	}
	at := location{commit: commit, path: escapePath(report.Value(o.Path)), line: o.Line}
	if o.Member != nil {
		at.line = 0 // which is the member's
	}
	remote := parseRemote(l.remotes[repository])
	if l.template != "" {
		return at.custom(l.template, remote, repository)
	}
	return remote.page(at)
}

// remote returns the URL of the repository's remote, "" if there is none.
func (l *Links) remote(repository string) string {
	if l == nil {
		return ""
	}
	return l.remotes[repository]
}

// plainPath reports whether a path says where it leads: a browser would resolve dots,
// and lead to another page.
func plainPath(path string) bool {
	return path != "" && !slices.ContainsFunc(strings.Split(path, "/"), func(s string) bool { return s == "" || s == "." || s == ".." })
}

func escapePath(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/")
}

// location is a place in a repository; its path is escaped, "" for the commit itself.
type location struct {
	commit, path string
	line         int
}

// fill puts the place into a form: it names the placeholders of [NewLinks].
func (at location) fill(form, repository string) string {
	return strings.NewReplacer("{repository}", escapePath(repository), "{commit}", at.commit, "{path}", at.path, "{line}", fmt.Sprint(max(1, at.line))).Replace(form)
}

// custom is the address by the user's template.
func (at location) custom(template string, r remote, repository string) string {
	name := r.path
	if name == "" {
		name = repository[strings.LastIndexAny(repository, `/\`)+1:]
	}
	if at.path == "" || !plainPath(name) {
		return ""
	}
	return at.fill(template, name)
}

// remote is what a remote's URL tells of its forge, without credentials.
type remote struct {
	host string // with a port
	path string // without slashes around it, and without .git
}

var (
	scpForm  = regexp.MustCompile(`^(?:[^@/\s]+@)?([A-Za-z0-9.-]+):([^/].*)$`) // user@host:path
	hostForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$`)
)

// parseRemote returns the zero remote for what is none, or is a folder.
func parseRemote(raw string) remote {
	var r remote
	if u, err := url.Parse(raw); err == nil && slices.Contains([]string{"https", "http", "ssh", "git", "git+ssh"}, u.Scheme) {
		r = remote{u.Host, u.Path}
		if u.Scheme != "https" { // whose port is not that of the pages
			r.host = u.Hostname()
		}
	} else if m := scpForm.FindStringSubmatch(raw); m != nil && !strings.Contains(raw, "://") {
		r = remote{m[1], m[2]}
	}
	r.path = strings.TrimSuffix(strings.Trim(r.path, "/"), ".git")
	if r = r.azure(); !hostForm.MatchString(r.host) || !plainPath(r.path) {
		return remote{}
	}
	return r
}

// azure turns the addresses of Azure DevOps for ssh into those of its pages.
func (r remote) azure() remote {
	parts := strings.Split(r.path, "/")
	if len(parts) != 4 || parts[0] != "v3" {
		return r
	}
	switch r.host {
	case "ssh.dev.azure.com":
		return remote{"dev.azure.com", parts[1] + "/" + parts[2] + "/_git/" + parts[3]}
	case "vs-ssh.visualstudio.com":
		return remote{parts[1] + ".visualstudio.com", parts[2] + "/_git/" + parts[3]}
	}
	return r
}

// forms are the addresses of a forge's pages below a repository's: of a commit, of a
// file in it, and what the latter gets for a line.
type forms struct{ commit, file, line string }

// page returns the address of the place at the forge, "" where the forge is not known.
func (r remote) page(at location) string {
	base, f := r.forge()
	switch {
	case f.file == "":
		return ""
	case at.path == "":
		return at.fill(base+f.commit, "")
	case at.line > 0:
		return at.fill(base+f.file+f.line, "")
	}
	return at.fill(base+f.file, "")
}

// forge tells a forge by its host, and returns the address of the repository there.
func (r remote) forge() (base string, f forms) {
	base = "https://" + r.host + "/" + escapePath(r.path)
	host := strings.ToLower(r.host)
	labels := strings.FieldsFunc(host, func(c rune) bool { return c == '.' || c == ':' })
	is := func(name string) bool { return slices.Contains(labels, name) }
	switch {
	case is("github"):
		return base, forms{"/commit/{commit}", "/blob/{commit}/{path}", "#L{line}"}
	case is("gitlab"):
		return base, forms{"/-/commit/{commit}", "/-/blob/{commit}/{path}", "#L{line}"}
	case is("gitea"), is("forgejo"), host == "codeberg.org":
		return base, forms{"/commit/{commit}", "/src/commit/{commit}/{path}", "#L{line}"}
	case host == "bitbucket.org":
		return base, forms{"/commits/{commit}", "/src/{commit}/{path}", "#lines-{line}"}
	case is("bitbucket"):
		return r.bitbucketServer()
	case host == "dev.azure.com", strings.HasSuffix(host, ".visualstudio.com"):
		return base, forms{"/commit/{commit}", "?version=GC{commit}&path=/{path}", "&line={line}&lineEnd={line}&lineStartColumn=1&lineEndColumn=999"}
	}
	return "", forms{}
}

// bitbucketServer knows a repository by its project: scm/PROJECT/NAME.
func (r remote) bitbucketServer() (base string, f forms) {
	parts := strings.Split(strings.TrimPrefix(r.path, "scm/"), "/")
	if len(parts) != 2 {
		return "", forms{}
	}
	base = fmt.Sprintf("https://%s/projects/%s/repos/%s", r.host, url.PathEscape(parts[0]), url.PathEscape(parts[1]))
	return base, forms{"/commits/{commit}", "/browse/{path}?at={commit}", "#{line}"}
}
