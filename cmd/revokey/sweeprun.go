package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sourcegraph/conc/pool"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/sweep"
	"github.com/revokey-dev/revokey/sweep/forge"
)

// sweeping is a sweep that runs.
type sweeping struct {
	o      sweepOptions
	std    streams
	log    *slog.Logger
	q      openQueue
	run    sweep.Run
	listed sweep.Run                // as the listing leaves it
	bar    atomic.Pointer[progress] // while it is shown
	jobs   *sweep.Listing
	waits  waits
	tally  sweep.Tally
}

func runSweep(ctx context.Context, o sweepOptions, std streams) error {
	sources, err := parseSources(o.words)
	if err != nil {
		return err
	}
	s := &sweeping{o: o, std: std, jobs: &sweep.Listing{}}
	s.log = newLog(std, std.verbose, s.beside)
	if s.q, err = o.queue.open(ctx, s.log); err != nil {
		return err
	}
	defer s.q.close()
	if err := s.begin(ctx, sources); err != nil {
		return err
	}
	trouble := s.work(ctx)
	if err := context.Cause(ctx); err != nil {
		s.interrupted()
		return errors.Join(err, errIncomplete) // and that is told
	}
	return s.end(ctx, trouble)
}

// beside does something with standard error, where a progress may be shown.
func (s *sweeping) beside(do func()) {
	if bar := s.bar.Load(); bar != nil {
		bar.beside(do)
	} else {
		do()
	}
}

// interrupted tells how to go on: what is kept of the run need not be said again.
func (s *sweeping) interrupted() {
	s.std.say("interrupted: what is done is kept, and `revokey sweep results` tells it")
	words := []string{"revokey", "sweep", "--resume"}
	if s.o.shard.Total > 1 || s.o.run != "" { // which is found by its name
		s.std.next("go on", s.std.line.with("--resume"))
		return
	}
	for _, f := range s.std.line.flags {
		if name := flagName(f); name != "resume" && name != "since" && !slices.Contains(filterNames(), name) {
			words = append(words, f...)
		}
	}
	s.std.next("go on", typed(words...))
}

// end notes what the sweep came to, and reports it.
func (s *sweeping) end(ctx context.Context, trouble error) (err error) {
	if s.run.Listed && trouble == nil {
		if s.run, err = s.q.ledger.End(ctx, s.run); err != nil {
			return err
		}
	}
	if err := s.q.ledger.Tidy(ctx, s.run.Whole()); err != nil {
		return fmt.Errorf("forgetting old sweeps: %w", err)
	}
	if trouble == nil && s.run.Jobs == 0 && s.o.shard.Total <= 1 { // which is hardly what anybody wants
		s.std.say("no repository was swept: the sources list none, or the filters leave none")
		trouble = errIncomplete
	}
	r := sweepReport{silence: s.o.silence, out: s.o.output, aws: s.o.work.aws, verified: s.o.work.verify != verifyOff}
	return errors.Join(trouble, r.tell(ctx, s.q.ledger, []sweep.Run{s.run}, s.std))
}

// begin finds the run to go on with, or makes a new one.
func (s *sweeping) begin(ctx context.Context, sources []string) error {
	runs, err := s.q.ledger.Runs(ctx)
	if err != nil {
		return err
	}
	sharded := s.o.shard.Total > 1 && s.o.run != ""
	if s.o.resume && !sharded {
		if err := s.resume(runs, sources); err == nil || len(sources) == 0 {
			return err
		}
		s.std.say("there is no sweep to go on with: this is a new one")
	}
	fresh := sweep.Run{ID: s.o.run, Sources: sources, Options: s.o.work.scan.text(), Filter: s.o.filterText(), Since: s.o.since}
	if sharded {
		fresh.Group, fresh.Shard, fresh.ID = s.o.run, s.o.shard, sweep.ShardID(s.o.run, s.o.shard)
	}
	if known, err := s.known(runs, fresh); known || err != nil {
		return err
	}
	if len(runs) > 0 && runs[0].Ended.IsZero() && s.q.drop != nil && s.o.run == "" {
		s.std.say("the sweep of %s did not end; this is a new one, which scans what that has not (--resume would have gone on with it)", runs[0].Started.Local().Format("2006-01-02 15:04"))
		if err := s.q.drop(ctx, runs[0].ID); err != nil {
			return err
		}
	}
	s.run, err = s.q.ledger.NewRun(ctx, fresh)
	return err
}

// known takes the run that the user has named before, if an earlier attempt began it.
func (s *sweeping) known(runs []sweep.Run, fresh sweep.Run) (bool, error) {
	for _, r := range runs {
		switch {
		case fresh.ID == "":
			return false, nil
		case fresh.Group != "" && r.Group == fresh.Group && r.Shard.Total != fresh.Shard.Total:
			return false, usagef("the sweep %q is one of %d shards, not %d", r.Group, r.Shard.Total, fresh.Shard.Total).withHint("another sweep needs another --run NAME")
		case r.ID != fresh.ID:
			continue
		case fresh.Group == "" && !r.Ended.IsZero():
			return false, usagef("there was a sweep %q already", s.o.run).withHint("another sweep needs another --run NAME")
		case !r.Ended.IsZero():
			s.std.say("this shard of the sweep %q ended %s: what it found is told again; another sweep needs another --run NAME", r.Group, r.Ended.Local().Format("2006-01-02 15:04"))
		}
		s.run = r
		return true, nil
	}
	return false, nil
}

// resume takes the last run, or the last of the sources that are given, if it did not end.
func (s *sweeping) resume(runs []sweep.Run, sources []string) error {
	for _, r := range runs {
		other := s.o.run != "" && r.ID != s.o.run || len(sources) > 0 && !slices.Equal(r.Sources, sources)
		if other || r.Group != "" {
			continue
		}
		if !r.Ended.IsZero() {
			break
		}
		s.run = r
		s.std.say("going on with the sweep of %s", r.Started.Local().Format("2006-01-02 15:04"))
		if len(sources) > 0 {
			return nil
		}
		if slices.Contains(r.Sources, "list:-") {
			return s.withoutInput()
		}
		return s.o.takeFilter(r)
	}
	return usagef("there is no sweep to go on with").withHint("`revokey sweep SOURCE` begins one; what has not changed since the last is not scanned again")
}

// withoutInput goes on with what standard input listed, which nobody has any more.
func (s *sweeping) withoutInput() error {
	if !s.run.Listed {
		return usagef("the list that came from standard input was not read to its end").withHint("give it once more: `… | revokey sweep --resume list:-`")
	}
	s.jobs = sweep.Listed(s.run.Jobs)
	return nil
}

// work lists, works and waits, all at once.
func (s *sweeping) work(ctx context.Context) error {
	s.o.work.aws.endpointSaid(s.o.work.verify, s.std)
	working, stop := context.WithCancel(ctx)
	defer stop()
	workers := pool.New().WithErrors()
	bar := newProgress(s.std, "sweeping", "repositories")
	s.bar.Store(bar)
	defer bar.done()
	var w *sweep.Worker
	if s.o.work.workers > 0 {
		var done func()
		var err error
		if w, done, err = s.o.work.worker(ctx, s.q, s.log, s.std); err != nil {
			return err
		}
		defer done()
		workers.Go(func() error { return w.Run(working) })
	}
	unserve, err := s.o.work.serve(w, s.status, s.log)
	if err != nil {
		stop()
		return errors.Join(err, workers.Wait())
	}
	defer unserve()
	workers.Go(func() error { return s.keepStatus(working) })
	listed := make(chan error, 1)
	go func() { listed <- s.fill(ctx) }()
	err = s.q.ledger.Wait(ctx, s.q.Queue, s.run.ID, s.jobs, s.tell)
	listing := <-listed
	s.run = s.listed
	stop()
	return errors.Join(listing, err, workers.Wait())
}

// fill lists the sources into the queue. What went wrong with one is told, and the others are swept.
func (s *sweeping) fill(ctx context.Context) error {
	s.listed = s.run
	if _, over := s.jobs.Count(); over {
		return nil
	}
	f := sweep.Filler{Queue: s.q.Queue, Ledger: s.q.ledger, Listing: s.jobs}
	f.Wanted = func(r forge.Repository) bool { return s.o.filter.LeavesOut(r) == "" && s.o.shard.Has(r) }
	return f.Fill(ctx, &s.listed, s.repositories(ctx))
}

// repositories yields those of all sources. Sources after one that fails are listed all the same; its error
// comes last.
func (s *sweeping) repositories(ctx context.Context) iter.Seq2[forge.Repository, error] {
	return func(yield func(forge.Repository, error) bool) {
		var failed error
		for _, word := range s.run.Sources {
			for r, err := range s.list(ctx, word) {
				var refused *forge.Refused
				if errors.As(err, &refused) { // a line of a list that is no repository may be anything, and is kept
					err = &forge.Refused{Name: detectors.Redact(refused.Name), Reason: detectors.Redact(refused.Reason)}
				} else if err != nil {
					failed = errors.Join(failed, fmt.Errorf("%s: %w", word, err))
					break
				}
				if !yield(r, err) {
					return
				}
			}
		}
		if failed != nil {
			yield(forge.Repository{}, failed)
		}
	}
}

// list yields the repositories of one source.
func (s *sweeping) list(ctx context.Context, word string) iter.Seq2[forge.Repository, error] {
	o := s.o.forge
	o.Waiting = s.waits.add
	o.Warn = func(message string) { s.beside(func() { s.std.say("%s", report.Printable(message)) }) }
	o.Cache = filepath.Join(s.o.queue.dir, "forges")
	if path, ok := strings.CutPrefix(word, folderWord); ok {
		return repositoriesBelow(path)
	}
	if link, ok := strings.CutPrefix(word, urlWord); ok {
		return forge.List(ctx, strings.NewReader(link), o)
	}
	source, err := forge.Parse(word)
	var f forge.Forge
	if err == nil {
		f, err = forge.Open(source, o)
	}
	if err != nil {
		return func(yield func(forge.Repository, error) bool) { yield(forge.Repository{}, err) }
	}
	return f.Repositories(ctx)
}

// What begins a source that is no forge's.
const (
	folderWord = "folder:"
	urlWord    = "url:"
)

// parseSources reads the words of the command line. Folders become absolute, so that --resume
// finds them again.
func parseSources(words []string) ([]string, error) {
	var sources []string
	for _, word := range words {
		if info, err := os.Stat(word); err == nil && info.IsDir() {
			abs, err := filepath.Abs(word)
			if err != nil {
				return nil, err
			}
			sources = append(sources, folderWord+abs)
			continue
		}
		if u, err := url.Parse(word); err == nil && (u.Scheme == "https" || u.Scheme == "http" || u.Scheme == "ssh" || u.Scheme == "file") {
			if _, hasPassword := u.User.Password(); hasPassword || u.User != nil && u.Scheme != "ssh" { // a token may stand in place of a user
				return nil, usagef("a URL on the command line holds no password, which others could read, and no user but of ssh").withHint("tokens come from the environment; see docs/forges.md")
			}
			sources = append(sources, urlWord+word)
			continue
		}
		source, err := forge.Parse(word)
		if err != nil {
			return nil, usagef("%s", err).withHint("a source is a forge's word such as github:ORG, a folder that is there, or a URL")
		}
		if file := source.Path; source.Kind == forge.ListOf && file != "-" {
			if source.Path, err = filepath.Abs(file); err != nil {
				return nil, err
			}
		}
		sources = append(sources, source.String())
	}
	return sources, nil
}

// repositoriesBelow yields the folders below, or at, root that are repositories. It looks into none of
// them, and follows no link. What cannot be looked into is refused by name.
func repositoriesBelow(root string) iter.Seq2[forge.Repository, error] {
	return func(yield func(forge.Repository, error) bool) {
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			switch {
			case err != nil && path == root:
				return err
			case err != nil:
				err = &forge.Refused{Name: path, Reason: "it cannot be looked into for repositories: " + withoutPath(err).Error()}
				if !yield(forge.Repository{}, err) {
					return fs.SkipAll
				}
			case e.IsDir() && (exists(path, ".git") || exists(path, "HEAD") && exists(path, "objects") && exists(path, "refs")):
				if !yield(forge.Folder(path)) {
					return fs.SkipAll
				}
				return fs.SkipDir
			}
			return nil
		})
		if err != nil {
			yield(forge.Repository{}, fmt.Errorf("looking for repositories: %w", err))
		}
	}
}

func exists(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}

// waits are the pauses that forges ask for now.
type waits struct {
	mu  sync.Mutex
	now []sweep.Wait
}

func (w *waits) add(until time.Time, why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = append(w.current(), sweep.Wait{Until: until, Why: why})
}

func (w *waits) current() []sweep.Wait {
	var left []sweep.Wait
	for _, x := range w.now {
		if time.Now().Before(x.Until) {
			left = append(left, x)
		}
	}
	return left
}

func (w *waits) get() []sweep.Wait {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.current()
}

// tell shows how far it is.
func (s *sweeping) tell(done, all int) {
	what := "sweeping"
	if _, over := s.jobs.Count(); !over {
		what = "listing and sweeping"
	}
	if waiting := s.waits.get(); len(waiting) > 0 {
		what = fmt.Sprintf("waiting until %s: %s;", waiting[0].Until.Local().Format(time.TimeOnly), report.Printable(waiting[0].Why))
	}
	bar := s.bar.Load()
	bar.name(what)
	bar.step(done, all)
}

func countOfRepositories(n int) string {
	if n == 1 {
		return "1 repository"
	}
	return fmt.Sprintf("%d repositories", n)
}

// status is how far the sweep is.
func (s *sweeping) status(ctx context.Context) (sweep.Status, error) {
	status, err := s.q.ledger.Status(ctx, s.q.Queue, s.run.ID, &s.tally)
	status.Waiting = s.waits.get()
	status.Run.Jobs, status.Run.Listed = s.jobs.Count()
	return status, err
}

// keepStatus writes how far it is for `revokey sweep status`: others cannot look into the queue of
// this process.
func (s *sweeping) keepStatus(ctx context.Context) error {
	if !s.q.alone {
		return nil
	}
	defer os.Remove(s.o.queue.statusFile())
	for {
		if status, err := s.status(ctx); err == nil {
			data, err := json.Marshal(status)
			if err == nil {
				err = writeAtomically(s.o.queue.statusFile(), data)
			}
			if err != nil {
				s.log.Warn("writing the status", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(2 * time.Second):
		}
	}
}
