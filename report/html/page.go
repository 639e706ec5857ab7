package html

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
)

// Page is what the page is made of. Nothing of it is changed.
type Page struct {
	Records []report.Record
	From    string               // the file of findings, as the user named it: for the commands
	Summary *report.Summary      // of the scan; nil: the findings tell of none
	Entries []revoke.Entry       // of the journal, oldest first
	Check   *revoke.JournalCheck // of the journal; nil: there is none
	Traces  []revoke.Trace       // one of a key
	Links   *Links               // to the forge; nil: none
	MadeAt  time.Time
	Version string // of revokey
}

//go:embed page.css page.js *.tmpl
var files embed.FS

// Write writes the page, the worst first. Its errors are w's.
func Write(w io.Writer, p Page) error {
	b := newBuilder(p)
	t, err := template.New("page").Funcs(template.FuncMap{
		"clean": b.clean, "stamp": stamp, "plural": plural, "past": past, "service": b.service, "upper": strings.ToUpper, "day": day, "minute": minute, "size": size,
	}).ParseFS(files, "*.tmpl")
	if err != nil {
		panic("report/html: internal error: " + err.Error()) // the templates are in the binary
	}
	v, err := b.view()
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(w, 1<<16)
	if err := t.ExecuteTemplate(buffered, "page.tmpl", v); err != nil {
		return err
	}
	return buffered.Flush()
}

// builder makes the views of credentials.
type builder struct {
	page     Page
	veil     *veil
	statuses []revoke.Status
	entries  map[string][]revoke.Entry // by key ID
	traces   map[string]*revoke.Trace  // by key ID
	names    map[string]string         // short, of repositories
	short    map[string]string         // the same, of clean ones
}

func newBuilder(p Page) *builder {
	b := &builder{
		page: p, veil: newVeil(p.Records), statuses: report.Statuses(),
		entries: make(map[string][]revoke.Entry), traces: make(map[string]*revoke.Trace),
	}
	for _, e := range p.Entries {
		if e.KeyID != "" { // else it is of a run
			b.entries[e.KeyID] = append(b.entries[e.KeyID], e)
		}
	}
	for i := range p.Traces {
		b.traces[p.Traces[i].KeyID] = &p.Traces[i]
	}
	b.nameRepositories()
	return b
}

func (b *builder) clean(s string) string { return b.veil.clean(s) }

// service is CloudTrail's name of one, short.
func (b *builder) service(s string) string { return b.clean(strings.TrimSuffix(s, ".amazonaws.com")) }

// nameRepositories calls a repository by its last folder, unless another ends so too.
func (b *builder) nameRepositories() {
	b.names, b.short = make(map[string]string), make(map[string]string)
	last := func(r string) string {
		r = strings.TrimRight(b.veil.redact(r), `/\`) // a part of a secret would be one that nobody knows
		return r[strings.LastIndexAny(r, `/\`)+1:]
	}
	count := make(map[string]int)
	for _, r := range b.page.Records {
		if full := report.Value(r.Repository); b.names[full] == "" {
			b.names[full] = cmp.Or(last(full), full)
			count[last(full)]++
		}
	}
	for full, name := range b.names {
		if count[name] > 1 {
			b.names[full] = full
		}
		b.short[b.clean(full)] = b.clean(b.names[full])
	}
}

// view is what the templates show.
type view struct {
	Policy      string
	CSS         template.CSS
	JS          template.JS
	Page        Page
	Head        headline
	Credentials []*credential
	Chunks      [][]*credential // the same, in pieces that a browser lays out one by one
	Tables      []groupTable
	Elsewhere   int  // keys of the journal that are not on the page
	Linked      bool // some place leads to a forge
	Few         bool // all can be laid out at once
}

// chunk is how many rows of the table are laid out at once: about two screens.
const chunk = 50

// few is how many credentials a browser lays out in no time; the script knows it too.
const few = 500

func (b *builder) view() (view, error) {
	css, err := files.ReadFile("page.css")
	if err != nil {
		return view{}, err
	}
	js, err := files.ReadFile("page.js")
	if err != nil {
		return view{}, err
	}
	v := view{CSS: template.CSS(css), JS: template.JS(js), Policy: policy(css, js), Page: b.page, Credentials: b.credentials()}
	v.Few = len(v.Credentials) <= few
	v.Tables = b.groups(v.Credentials)
	v.Head = b.headline(v.Credentials)
	v.Chunks = slices.Collect(slices.Chunk(v.Credentials, chunk))
	v.Elsewhere = b.elsewhere(v.Credentials)
	v.Linked = slices.ContainsFunc(v.Credentials, func(c *credential) bool {
		return slices.ContainsFunc(c.Places, func(p place) bool { return p.Link != "" })
	})
	return v, nil
}

// policy forbids everything but the style and the script, which it knows by their
// hashes.
func policy(css, js []byte) string {
	hash := func(data []byte) string {
		sum := sha256.Sum256(data)
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return fmt.Sprintf("default-src 'none'; style-src %s; script-src %s; base-uri 'none'; form-action 'none'", hash(css), hash(js))
}

// credentials returns the views, the worst first. A key that is traced, and in no
// finding, has one too.
func (b *builder) credentials() []*credential {
	var all []*credential
	found := make(map[string]bool)
	for _, r := range b.page.Records {
		found[report.Value(r.KeyID)] = true
		all = append(all, b.credential(r))
	}
	for i := range b.page.Traces {
		if t := &b.page.Traces[i]; !found[t.KeyID] {
			found[t.KeyID] = true
			c := b.credential(report.Record{KeyID: &t.KeyID, Account: &t.Account, AtHead: true})
			c.Title = "in none of the findings"
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, func(x, y *credential) int { return cmp.Compare(x.Rank, y.Rank) })
	for i, c := range all {
		c.N = i + 1
	}
	return all
}

// elsewhere counts the journal's keys that the page does not show.
func (b *builder) elsewhere(all []*credential) int {
	shown := make(map[string]bool)
	for _, c := range all {
		if b.entries[c.ID] != nil {
			shown[c.ID] = true
		}
	}
	return len(b.entries) - len(shown)
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func size(bytes int64) string {
	switch {
	case bytes < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(bytes)/(1<<10))
	case bytes < 1<<30:
		return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
}
