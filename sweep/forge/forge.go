package forge

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Kinds of forges, as they begin a source's word and stand in [Repository.Forge].
const (
	GitHub     = "github"
	GitLab     = "gitlab"
	Gitea      = "gitea" // and Forgejo
	Bitbucket  = "bitbucket"
	Azure      = "azure"
	CodeCommit = "codecommit"
	ListOf     = "list"
)

// Kinds of what a forge keeps, in [Repository.Kind].
const (
	KindRepository = "repository"
	KindWiki       = "wiki"    // may not exist: a forge tells only that it is switched on
	KindSnippet    = "snippet" // GitHub's gists too
)

// Repository is one git repository of a forge. It holds no credential, and may be kept
// and sent as JSON.
type Repository struct {
	Forge string `json:"forge"` // kind of the forge: "github", "list" …
	Host  string `json:"host"`  // of URL, with its port; "" for a folder

	// ID is the forge's own, and stays when the repository is renamed. It is unique for
	// a Forge and a Host. Where the forge has none (a list) it is Name.
	ID   string `json:"id"`
	Name string `json:"name"` // "host/owner/name", unique; for a folder its absolute path
	URL  string `json:"url"`  // to clone from, without credentials: https, ssh or file
	Web  string `json:"web,omitempty"`

	Kind       string    `json:"kind"`                 // "repository", "wiki" or "snippet"
	Visibility string    `json:"visibility,omitempty"` // "public", "internal", "private"; "" is unknown
	Archived   bool      `json:"archived,omitempty"`
	Fork       bool      `json:"fork,omitempty"`
	Empty      bool      `json:"empty,omitempty"` // the forge says that it has no commits
	Topics     []string  `json:"topics,omitempty"`
	Size       int64     `json:"size,omitempty"`  // in bytes, as the forge counts; 0 is unknown
	Pushed     time.Time `json:"pushed,omitzero"` // last change; zero is unknown
}

// Forge lists repositories and authorizes fetching them. It is safe for concurrent use.
type Forge interface {
	// Repositories yields each repository once. An error that is a [*Refused] leaves that
	// one out, and the listing goes on; any other ends it, and says that it is incomplete.
	Repositories(ctx context.Context) iter.Seq2[Repository, error]

	// Authorization returns the value of the Authorization header for fetching r over
	// HTTPS, "" where none is known or needed. It is valid for some minutes at least:
	// ask anew for each fetch. It is a secret, and only for the host of r.URL.
	Authorization(ctx context.Context, r Repository) (string, error)
}

// Options are how to speak with a forge. The zero value is useful.
type Options struct {
	Wikis    bool // list wikis too
	Snippets bool // list gists and snippets too

	// Cache is a folder for answers and their ETags: what has not changed costs less of
	// the forge's limit. It holds names of repositories, and no token. "" is none.
	Cache string

	// Insecure allows plain HTTP to other hosts than loopback. The token can then be
	// read on the way.
	Insecure bool

	// Waiting is told of each pause, all of a second or more: its end, and why. It may be
	// called by several goroutines at once, as may Warn. May be nil.
	Waiting func(until time.Time, why string)

	Stdin   io.Reader           // what "list:-" reads; nil is os.Stdin
	Getenv  func(string) string // nil is os.Getenv
	Network http.RoundTripper   // nil is net/http's, with the environment's proxy

	// AWS signs for CodeCommit; nil is the SDK's chain (environment, profile, role …).
	AWS aws.CredentialsProvider

	// Warn is told of what a listing lacks without failing, such as private repositories
	// where there is no token. May be nil.
	Warn func(message string)

	now      func() time.Time // nil is time.Now
	sleep    func(context.Context, time.Duration) error
	patience time.Duration
}

// Refused is a repository, or a line of a list, that is left out because it is not
// what a forge may offer. Nothing of it may be scanned, and nobody should be told that it was.
type Refused struct {
	Name   string // as far as known; may hold anything: print it quoted
	Reason string
}

func (r *Refused) Error() string { return fmt.Sprintf("refusing %q: %s", r.Name, r.Reason) }

// Open returns the forge of s. It asks nothing of the network yet.
func Open(s Source, o Options) (Forge, error) {
	o = o.filled()
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("opening %q: %w", s, err)
	}
	switch s.Kind {
	case GitHub:
		return openGitHub(s, o)
	case GitLab:
		return openGitLab(s, o)
	case Gitea:
		return openGitea(s, o)
	case Bitbucket:
		return openBitbucket(s, o)
	case Azure:
		return openAzure(s, o)
	case CodeCommit:
		return openCodeCommit(s, o)
	}
	return openList(s, o)
}

func (o Options) filled() Options {
	if o.Stdin == nil {
		o.Stdin = os.Stdin
	}
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.Waiting == nil {
		o.Waiting = func(time.Time, string) {}
	}
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	if o.Network == nil {
		o.Network = http.DefaultTransport
	}
	if o.patience == 0 {
		o.patience = defaultPatience
	}
	if o.now == nil {
		o.now = time.Now
	}
	if o.sleep == nil {
		o.sleep = sleep
	}
	return o
}

// sleep waits for d, or returns why it did not.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
