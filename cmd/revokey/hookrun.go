package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/scanner"
	"github.com/revokey-dev/revokey/scanner/odb"
)

// serverBudget is how long a push may be looked at on a server where nothing else is said.
const serverBudget = 50 * time.Second

func hookRunCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "be the hook NAME; git, or a hook manager, calls it",
		ArgsUsage: "NAME [-- ARG…]",
		Description: `NAME is pre-commit, pre-merge-commit, commit-msg, pre-push, pre-receive or update;
ARG… and standard input are what git gives to that hook. It is silent where nothing
is found. Any exit code but 0 makes git refuse.`,
		Flags: append([]cli.Flag{
			&cli.DurationFlag{Name: "budget", Usage: "refuse what cannot be looked at in `TIME`", DefaultText: "none; 50s on a server"},
			&cli.Int64Flag{Name: "max-size", Usage: "refuse what is larger than `MIB` mebibytes", DefaultText: "no limit"},
			&cli.StringFlag{Name: "format", Value: "text", Usage: "`FORMAT` of the report"},
			configFlag(),
		}, silenceFlags()...),
		Action: func(c *cli.Context) error {
			if !c.Args().Present() {
				return usagef("hook run takes the name of a hook")
			}
			h := hookCall{name: c.Args().First(), args: c.Args().Tail(), budget: c.Duration("budget")}
			h.scan = scanOptions{path: ".", maxSize: c.Int64("max-size") << 20, verify: verifyOff, silence: silenceOptionsOf(c)}
			var err error
			if h.scan.output, err = outputOptionsOf(c); err != nil {
				return err
			}
			h.scan.output.quiet = true
			return h.run(c.Context, std)
		},
	}
}

// hookCall is one run of a hook.
type hookCall struct {
	name   string
	args   []string
	budget time.Duration // 0: none
	scan   scanOptions
}

// errBudget is why a hook refuses what takes too long.
var errBudget = errors.New("it takes longer than its budget: refused, as not all was looked at")

func (h *hookCall) run(ctx context.Context, std streams) error {
	ready, err := h.prepare(std.in)
	if err != nil || !ready {
		return err
	}
	// A hook lives for some 100 ms: collecting garbage less often saves 10 of them.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	if h.budget > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, h.budget, errBudget)
		defer stop()
	}
	err = runScan(ctx, h.scan, std)
	if context.Cause(ctx) == errBudget && err != nil {
		return fmt.Errorf("hook %s: %w", h.name, &hintedError{errBudget, "--budget gives it more time"})
	}
	if errors.Is(err, errFindings) || errors.Is(err, errLive) {
		std.say("%s refused: it would bring what is listed above", hookAct[h.name])
		std.hint("%s", hookWayOut[h.name])
	}
	return err
}

// hookAct is what git refuses by each hook, and hookWayOut how to go on.
var (
	hookAct = map[string]string{
		preCommit: "commit", preMergeCommit: "merge", commitMsg: "commit", prePush: "push", preReceive: "push", update: "push",
	}
	hookWayOut = map[string]string{
		preCommit:      "take it out of the file, `git add` the file, and commit again",
		preMergeCommit: "`git merge` again with --no-commit, take it out, and commit",
		commitMsg:      "write the message again without it",
		prePush:        "take it out of the commits (`git rebase -i`), and push again; nothing was sent yet",
		preReceive:     "take it out of the commits (`git rebase -i`), and push again; it has reached the server, so have it revoked",
		update:         "take it out of the commits (`git rebase -i`), and push again; it has reached the server, so have it revoked",
	}
)

// prepare sets what is to be scanned; it is false where that is nothing.
func (h *hookCall) prepare(stdin io.Reader) (bool, error) {
	h.scan.gate.commits.MayBeEmpty = true
	switch h.name {
	case preCommit, preMergeCommit:
		h.scan.staged = true
		return true, nil
	case commitMsg:
		if len(h.args) != 1 {
			return false, usagef("the hook commit-msg takes the file of the message, and got %d arguments", len(h.args))
		}
		h.scan.message = h.args[0]
		return true, nil
	case prePush:
		return h.preparePush(stdin)
	case preReceive:
		h.setServer()
		return h.prepareReceive(stdin)
	case update:
		if len(h.args) != 3 {
			return false, usagef("the hook update takes a ref and two objects, and got %d arguments", len(h.args))
		}
		h.setServer()
		return h.receive(h.args[2])
	}
	return false, usagef("unknown hook %q", h.name).withHint("it is one of pre-commit, pre-merge-commit, commit-msg, pre-push, pre-receive, update")
}

func (h *hookCall) setServer() {
	h.scan.gate.ranged = true
	h.scan.gate.commits.NotRefs = []string{"--all"}
	if h.budget == 0 {
		h.budget = serverBudget
	}
}

// prepareReceive reads what git tells the hook pre-receive: OLD NEW REF lines.
func (h *hookCall) prepareReceive(stdin io.Reader) (bool, error) {
	lines, err := hookLines(stdin, 3)
	if err != nil {
		return false, err
	}
	if len(lines) == 0 { // git does not run the hook then
		return false, &hintedError{errors.New("standard input tells the hook pre-receive of no ref: another hook has read it"), "have each hook get all of it; `revokey hook install` does so"}
	}
	any := false
	for _, fields := range lines {
		ok, err := h.receive(fields[1])
		if err != nil {
			return false, err
		}
		any = any || ok
	}
	return any, nil
}

// receive adds what a ref is to name, unless it is to be deleted.
func (h *hookCall) receive(name string) (bool, error) {
	id, err := odb.ParseID(name)
	if err != nil {
		return false, err
	}
	if !id.IsZero() {
		h.scan.gate.commits.Tips = append(h.scan.gate.commits.Tips, name)
	}
	return !id.IsZero(), nil
}

// preparePush reads what git tells the hook pre-push: LOCAL-REF LOCAL REMOTE-REF REMOTE
// lines. Where there are none, and pre-commit's variables tell nothing either, perhaps
// another hook has read them: then what HEAD has is looked at.
func (h *hookCall) preparePush(stdin io.Reader) (bool, error) {
	lines, err := hookLines(stdin, 4)
	if err != nil {
		return false, err
	}
	commits := &h.scan.gate.commits
	h.scan.gate.ranged = true
	commits.NotRefs = remoteRefs(h.args)
	if len(lines) == 0 {
		return h.prepareFramework()
	}
	for _, fields := range lines {
		if ok, err := h.receive(fields[1]); err != nil {
			return false, err
		} else if ok {
			commits.NotIfThere = append(commits.NotIfThere, fields[3])
		}
	}
	return len(commits.Tips) > 0, nil
}

// remoteRefs returns git's words for what the remote is known to have. A push to an URL
// is known to have nothing.
func remoteRefs(args []string) []string {
	if len(args) == 0 || len(args) > 1 && args[0] == args[1] || args[0] == "" {
		return nil
	}
	return []string{"--remotes=" + args[0]}
}

// prepareFramework takes the variables that the pre-commit framework sets.
// See https://pre-commit.com/#pre-commit-during-push.
func (h *hookCall) prepareFramework() (bool, error) {
	commits := &h.scan.gate.commits
	if remote := os.Getenv("PRE_COMMIT_REMOTE_NAME"); remote != "" {
		commits.NotRefs = remoteRefs([]string{remote, os.Getenv("PRE_COMMIT_REMOTE_URL")})
	}
	commits.Tips = []string{"HEAD"}
	for _, name := range []string{"PRE_COMMIT_TO_REF", "PRE_COMMIT_LOCAL_BRANCH"} {
		if tip := os.Getenv(name); tip != "" {
			commits.Tips = []string{tip}
			break
		}
	}
	commits.NotIfThere = []string{os.Getenv("PRE_COMMIT_FROM_REF")}
	return true, nil
}

// maxHookInput is how many bytes of standard input a hook reads: a line has some 150.
const maxHookInput = 256 << 20

// hookLines reads lines of so many words. The first may have spaces in it: of a push git
// tells what the user wrote ("main@{1 day ago}").
func hookLines(stdin io.Reader, words int) (lines [][]string, err error) {
	text, err := io.ReadAll(io.LimitReader(stdin, maxHookInput+1))
	if err == nil && len(text) > maxHookInput {
		err = fmt.Errorf("it is more than %d MiB", maxHookInput>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("reading what git tells the hook: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < words {
			return nil, fmt.Errorf("git tells the hook %q, which is not %d words", strings.TrimSpace(line), words)
		}
		lines = append(lines, fields[len(fields)-words:])
	}
	return lines, nil
}

// openMessage opens a commit's message. Where git runs no editor it says so to the hook by
// one that does nothing, see https://git-scm.com/docs/githooks#_pre_commit.
func (o scanOptions) openMessage() (source, error) {
	message, err := scanner.OpenMessage(o.message, os.Getenv("GIT_EDITOR") != ":")
	return source{message, done, done}, err
}
