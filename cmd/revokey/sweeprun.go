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
	listed sweep.Run // as the listing leaves it
	bar    *progress
	jobs   atomic.Int64 // listed so far
	ended  atomic.Bool  // the listing
	waits  waits
	tally  sweep.Tally
}

func runSweep(ctx context.Context, o sweepOptions, std streams) error {
	log := newLog(o.work.log, std)
	sources, err := parseSources(o.words)
	if err != nil {
		return err
	}
	q, err := o.queue.open(ctx, log)
	if err != nil {
		return err
	}
	defer q.close()
	s := &sweeping{o: o, std: std, log: log, q: q, bar: newProgress(std, "sweeping", "repositories")}
	if err := s.begin(ctx, sources); err != nil {
		return err
	}
	trouble := s.work(ctx)
	if err := context.Cause(ctx); err != nil {
		std.say("interrupted: what is done is kept, and `revokey sweep results` tells it")
		std.hint("`revokey sweep --resume` goes on")
		return errors.Join(err, errIncomplete) // and that is told
	}
	if s.run.Listed && trouble == nil {
		if err := q.ledger.End(ctx, s.run); err != nil {
			return err
		}
	}
	if trouble == nil && s.run.Jobs == 0 && o.shard.Total <= 1 { // which is hardly what anybody wants
		std.say("no repository was swept: the sources list none, or the filters leave none")
		trouble = errIncomplete
	}
	return errors.Join(trouble, reportSweep(ctx, q.ledger, []sweep.Run{s.run}, o.silence, o.output, std))
}

// begin finds the run to go on with, or makes a new one.
func (s *sweeping) begin(ctx context.Context, sources []string) error {
	runs, err := s.q.ledger.Runs(ctx)
	if err != nil {
		return err
	}
	if s.o.resume {
		if err := s.resume(runs, sources); err == nil || len(sources) == 0 {
			return err
		}
		s.std.say("there is no sweep to go on with: this is a new one")
	}
	fresh := sweep.Run{ID: s.o.run, Sources: sources, Options: s.o.work.scan.text(), Since: s.o.since}
	if s.o.shard.Total > 1 && s.o.run != "" {
		fresh.Group, fresh.Shard, fresh.ID = s.o.run, s.o.shard, sweep.ShardID(s.o.run, s.o.shard)
	}
	for _, r := range runs {
		if r.ID == fresh.ID && fresh.Group == "" && !r.Ended.IsZero() {
			return usagef("there was a sweep %q already", s.o.run)
		}
		if r.ID == fresh.ID && r.ID != "" {
			s.run = r // an earlier attempt began it
			return nil
		}
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

// resume takes the last run that did not end, and its sources where none are given.
func (s *sweeping) resume(runs []sweep.Run, sources []string) error {
	for _, r := range runs {
		if s.o.run != "" && r.ID != s.o.run || s.o.run == "" && !r.Ended.IsZero() {
			continue
		}
		s.run = r
		if len(sources) > 0 {
			s.run.Sources = sources
		}
		s.std.say("going on with the sweep of %s", r.Started.Local().Format("2006-01-02 15:04"))
		return nil
	}
	return usagef("there is no sweep to go on with").withHint("`revokey sweep SOURCE` begins one; what has not changed since the last is not scanned again")
}

// work lists, works and waits, all at once.
func (s *sweeping) work(ctx context.Context) error {
	s.o.work.aws.endpointSaid(s.o.work.verify, s.std)
	working, stop := context.WithCancel(ctx)
	defer stop()
	workers := pool.New().WithErrors()
	defer s.bar.done()
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
	err = s.q.ledger.Wait(ctx, s.q.Queue, s.run.ID, s.progress, s.tell)
	listing := <-listed
	s.run = s.listed
	stop()
	return errors.Join(listing, err, workers.Wait())
}

func (s *sweeping) progress() (int, bool) { return int(s.jobs.Load()), s.ended.Load() }

// fill lists the sources into the queue. What went wrong with one is told, and the others are swept.
func (s *sweeping) fill(ctx context.Context) error {
	defer s.ended.Store(true)
	f := sweep.Filler{Queue: s.q.Queue, Ledger: s.q.ledger, Listed: func(n int) { s.jobs.Store(int64(n)) }}
	f.Wanted = func(r forge.Repository) bool { return s.o.filter.LeavesOut(r) == "" && s.o.shard.Has(r) }
	run := s.run
	err := f.Fill(ctx, &run, s.repositories(ctx))
	s.listed = run
	return err
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
	o.Cache = filepath.Join(s.o.queue.dir, "forges")
	if path, ok := strings.CutPrefix(word, folderWord); ok {
		return func(yield func(forge.Repository, error) bool) {
			lines, err := repositoriesBelow(path)
			if err != nil {
				yield(forge.Repository{}, err)
				return
			}
			forge.List(ctx, strings.NewReader(strings.Join(lines, "\n")), o)(yield)
		}
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
			if _, hasPassword := u.User.Password(); hasPassword {
				return nil, usagef("a URL on the command line holds no password, which others could read").withHint("tokens come from the environment; see docs/forges.md")
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

// repositoriesBelow returns the folders below, or at, root that are repositories. It looks into none of
// them, and follows no link.
func repositoriesBelow(root string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			if path == root {
				return err
			}
			return fmt.Errorf("looking for repositories: %w", err)
		}
		if !e.IsDir() {
			return nil
		}
		if exists(path, ".git") || exists(path, "HEAD") && exists(path, "objects") && exists(path, "refs") {
			found = append(found, path)
			return fs.SkipDir
		}
		return nil
	})
	return found, err
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
	if !s.ended.Load() {
		what = "listing and sweeping"
	}
	if waiting := s.waits.get(); len(waiting) > 0 {
		what = fmt.Sprintf("waiting until %s: %s;", waiting[0].Until.Local().Format(time.TimeOnly), report.Printable(waiting[0].Why))
	}
	s.bar.name(what)
	s.bar.step(done, all)
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
	status.Run.Jobs, status.Run.Listed = max(status.Run.Jobs, int(s.jobs.Load())), s.ended.Load()
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
