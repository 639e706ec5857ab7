package main

import (
	"slices"
	"strings"

	"github.com/revokey-dev/revokey/report"
)

// leakStep is a command line that has everything to tell. In its words $NAME stands for
// what leakJourney.fill says. It ends with one of the codes.
type leakStep struct {
	line  string
	codes []int
	stdin string   // a file of the world's
	env   []string // more of it
}

func step(codes []int, line string) leakStep { return leakStep{line: line, codes: codes} }

func (s leakStep) with(env ...string) leakStep { s.env = env; return s }

func (s leakStep) from(file string) leakStep { s.stdin = file; return s }

// How a step may end: with a finding or less, with trouble, with a live key, or so that
// only an unforeseen end is wrong.
var (
	fine     = []int{exitClean}
	finds    = []int{exitFindings}
	trouble  = []int{exitTrouble}
	live     = []int{exitLive}
	whatever = []int{exitClean, exitFindings, exitTrouble, exitLive}
)

const leakAWS = " --aws-endpoint $AWS --account $OURS --rate 1000"

// leakSteps are every command, in an order that a responder could go by; and, if all is asked
// for, each with every format, and with files that are none of its.
func leakSteps(all bool) []leakStep {
	steps := []leakStep{
		step(whatever, "scan $REPO --state $OUT/state --check-names"), // a broken archive: not all
		step(whatever, "scan $REPO --state $OUT/state --format jsonl --output $OUT/findings.jsonl --output sarif=$OUT/findings.sarif --all"),
		step(whatever, "scan $REPO --distrust-repository --honor-foreign-allows --max-archive-size 1"),
		step(whatever, "scan $REPO --no-archives --max-size 0"),
		step(whatever, "scan --files $REPO"),
		step(finds, "scan --stdin").from("pair"),
		step(finds, "scan --staged"),
		step(finds, "scan --range first..HEAD"),
		step(whatever, "scan --range feature/$SECRET..tag-$SECRET"),
		step(trouble, "scan --range no-$SECRET..first"),
		step(trouble, "scan --ci"),
		step(whatever, "scan --ci").with("GITLAB_CI=true", "CI_COMMIT_SHA=tag-$SECRET", "CI_COMMIT_BEFORE_SHA=none-$SECRET", "CI_COMMIT_BRANCH=feature/$SECRET", "CI_DEFAULT_BRANCH=none-$SECRET"),
		step(whatever, "scan --ci").with("GITHUB_ACTIONS=true", "GITHUB_EVENT_NAME=push", "GITHUB_EVENT_PATH=$IN/secret.json", "GITHUB_SHA=tag-$SECRET", "GITHUB_REF=refs/heads/feature/$SECRET"),
		step(live, "scan $REPO --verify --journal $OUT/journal.jsonl"+leakAWS),
		step(whatever, "scan $REPO --revoke"+leakAWS),
		step(whatever, "verify --from $OUT/findings.jsonl --format jsonl --output $OUT/verdicts.jsonl --explain"+leakAWS),
		step(whatever, "verify --from $OUT/verdicts.jsonl --resume --format json"+leakAWS),
		step(whatever, "verify --explain"+leakAWS).from("pair"),
		step(whatever, "verify --explain --format json --aws-endpoint $ECHO --rate 1000").from("pair"),
		step(whatever, "verify --explain --account $OURS --format json --aws-endpoint $ECHO --rate 1000").from("pair"),
		step(whatever, "verify --explain --format json --aws-endpoint $CHATTY --rate 1000").from("pair"),
		step(whatever, "verify --from $OUT/findings.jsonl --output $OUT/echoed.jsonl --format jsonl --aws-endpoint $ECHO --rate 1000"),
		step(whatever, "verify --explain --verify-timeout 300ms --aws-endpoint https://sts.invalid --rate 1000").from("pair").with("HTTPS_PROXY=http://$KEYID:$SECRET@127.0.0.1:1"),
		step(whatever, "verify --explain --verify-timeout 300ms --aws-endpoint https://sts.invalid --rate 1000").from("pair").with("HTTPS_PROXY=:$SECRET@127.0.0.1:1"),
		step(whatever, "baseline create $REPO --baseline $OUT/baseline"),
		step(whatever, "baseline create $REPO --no-archives --baseline $OUT/baseline"),
		step(whatever, "baseline create --files $IN/pair --baseline $OUT/baseline2"),
		step(whatever, "baseline update --files $IN --verify --baseline $OUT/baseline2"+leakAWS),
		step(whatever, "baseline prune --files $IN/word --baseline $OUT/baseline2"),
		step(fine, "config show"),
		step(trouble, "revoke --from $OUT/findings.jsonl --apply --yes --journal $OUT/echoed.journal --aws-endpoint $ECHO --account $OURS --rate 1000"),
		step(trouble, "revoke $KEYID --with-leaked-key --apply --yes --journal $OUT/echoed.journal"+leakAWS),
		step(whatever, "revoke --from $OUT/findings.jsonl --with-leaked-key --apply --yes --journal $OUT/echoed.journal --aws-endpoint $ECHO --account $OURS --rate 1000"),
		step(live, "revoke --from $OUT/findings.jsonl --plan $OUT/plan.json --contain"+leakAWS),
		step(whatever, "revoke --plan $OUT/plan.json --contain --apply --yes --json --journal $OUT/journal.jsonl"+leakAWS),
		step(whatever, "revoke --resume --journal $OUT/journal.jsonl"+leakAWS),
		step(whatever, "revoke $KEYID --delete --inactive-for 0 --json --journal $OUT/journal.jsonl"+leakAWS),
		step(finds, "trace $KEYID --region us-east-1 --json"+leakAWS),
		step(finds, "trace $KEYID --region us-east-1"+leakAWS),
		step(trouble, "trace $KEYID --region us-east-1 --aws-endpoint $ECHO --account $OURS --rate 1000"),
		step(fine, "undo last --apply --yes --journal $OUT/journal.jsonl"+leakAWS),
		step(whatever, "undo --apply --yes --journal $OUT/echoed.journal --aws-endpoint $ECHO --account $OURS --rate 1000"),
		step(fine, "journal check --journal $OUT/journal.jsonl"),
		step(fine, "journal check --journal $OUT/echoed.journal"),
		step(fine, "report --from $OUT/verdicts.jsonl --from $OUT/echoed.jsonl --journal $OUT/journal.jsonl --html $OUT/page.html"),
		step(fine, "report --from $OUT/verdicts.jsonl --journal $OUT/journal.jsonl --incident $KEYID"),
		step(fine, "report --from $OUT/verdicts.jsonl --journal $OUT/echoed.journal --incident $KEYID --format json"),
		step(fine, "keys list --all --csv"+leakAWS),
		step(fine, "keys list --user live --json"+leakAWS),
		step(trouble, "keys list --all --aws-endpoint $ECHO --account $OURS --rate 1000"),
		step(finds, "keys audit"+leakAWS),
		step(trouble, "keys audit --json --aws-endpoint $ECHO --account $OURS --rate 1000"),
		step(trouble, "keys create --user new --to-secret new"+leakAWS),
		step(fine, "keys create --user new --to-secret new --apply --yes --json --journal $OUT/rotated.journal"+leakAWS),
		step(trouble, "keys create --user other --to-secret other --apply --yes --journal $OUT/rotated.journal --aws-endpoint $ECHOSECRETS --account $OURS --rate 1000"),
		step(fine, "keys rotate $ROTATED --to-secret rotated --apply --yes --journal $OUT/rotated.journal"+leakAWS),
		step(fine, "keys rotate $PROFILED --to-profile profiled --apply --yes --journal $OUT/rotated.journal"+leakAWS),
		step(trouble, "keys rotate $PROFILED --to-profile x --apply --yes --journal $OUT/rotated.journal"+leakAWS).with("AWS_SHARED_CREDENTIALS_FILE=$IN/broken.ini"),
		step(fine, "keys rotate --resume --apply --yes --journal $OUT/rotated.journal"+leakAWS),
		step(whatever, "keys deactivate $KEYID --apply --yes --json --journal $OUT/journal.jsonl"+leakAWS),
		step(whatever, "keys activate $KEYID --apply --yes --journal $OUT/journal.jsonl"+leakAWS),
		step(whatever, "keys delete $KEYID --apply --yes --journal $OUT/journal.jsonl"+leakAWS),
		step(whatever, "sweep $REPO --state-dir $OUT/sweep --format jsonl --output $OUT/swept.jsonl"),
		step(live, "sweep $REPO --verify --state-dir $OUT/sweep"+leakAWS),
		step(whatever, "sweep $REPO --verify --state-dir $OUT/echoed --aws-endpoint $ECHO --rate 1000"),
		step(trouble, "sweep gitea:$ECHO/shop --attempts 1 --state-dir $OUT/forge").with("GITEA_TOKEN=$SECRET"),
		step(trouble, "sweep list:$IN/urls --attempts 1 --state-dir $OUT/list"),
		step(trouble, "sweep list:$IN/pair --attempts 1 --state-dir $OUT/list"),
		step(fine, "sweep status --json --state-dir $OUT/sweep"),
		step(whatever, "sweep status --state-dir $OUT/list"),
		step(whatever, "sweep results --format json --state-dir $OUT/sweep"),
		step(trouble, "worker --queue nats://worker:$SECRET@127.0.0.1:1"),
		step(trouble, "worker --queue nats://127.0.0.1:1 --queue-credentials $IN/word"),
		step(fine, "demo"),
		step(fine, "hook install --repo $SPARE"),
		step(fine, "hook doctor --repo $SPARE"),
		step(fine, "hook uninstall --repo $SPARE"),
		step(finds, "hook run pre-commit"),
		step(finds, "hook run pre-merge-commit"),
		step(finds, "hook run commit-msg $IN/message"),
		step(finds, "hook run pre-push origin url").from("push"),
		step(trouble, "hook run pre-push origin url").from("words"),
		step(finds, "hook run pre-push $SECRET https://$SECRET@git.example.com/").from("push"),
		step(whatever, "hook run pre-receive").from("receive"),
		step(trouble, "hook run pre-receive").from("words"),
		step(trouble, "hook run pre-receive").from("pair"),
		step(whatever, "hook run update refs/heads/feature/$SECRET $ZERO $HEAD"),
		step(fine, "completion bash"), step(fine, "completion zsh"), step(fine, "completion fish"), step(fine, "completion powershell"),
		step(fine, "help scan"), step(fine, "man"),
	}
	if !all {
		return steps
	}
	steps = append(steps, mistakenSteps()...)
	for _, f := range report.Formats() {
		steps = append(steps,
			step(whatever, "scan $REPO --format "+f),
			step(whatever, "verify --from $OUT/findings.jsonl --all --format "+f+leakAWS),
			step(finds, "hook run pre-commit --format "+f))
	}
	return steps
}

// mistakenSteps are those that are given a file of secrets for something else: each may
// complain about it, and quote nothing. ("fine" are files in which nothing is wrong.)
func mistakenSteps() []leakStep {
	var steps []leakStep
	for _, file := range []string{"credentials", "keys.csv", "secret.json", "string.json", "secret.jsonl", "entry.jsonl", "word", "setting.yaml", "value.yaml", "list.yaml", "no.yaml", "number.yaml", "broken.ini"} {
		in := "$IN/" + file
		if !strings.HasSuffix(file, ".yaml") {
			steps = append(steps,
				step(whatever, "verify --from "+in+leakAWS),
				step(whatever, "revoke --plan "+in+" --apply --yes --journal $OUT/mistaken.journal"+leakAWS),
				step(trouble, "journal check --journal "+in),
				step(trouble, "revoke $KEYID --apply --yes --journal $OUT/copy-"+file+leakAWS),
				step(whatever, "report --incident $KEYID --from $OUT/verdicts.jsonl --trace "+in),
				step(whatever, "scan --stdin --baseline "+in).from("word"),
				step(whatever, "scan $REPO --state $OUT/copy-"+file))
		}
		steps = append(steps,
			step(whatever, "scan --stdin --ignore-file "+in).from("word"),
			step(whatever, "config show --config "+in),
			step(whatever, "scan --stdin --config "+in).from("word"),
			step(whatever, "keys list --all --profile no"+leakAWS).with("AWS_SHARED_CREDENTIALS_FILE="+in, "AWS_CONFIG_FILE="+in))
	}
	return slices.Concat(steps, []leakStep{
		step(whatever, "config show").with("REVOKEY_MAX_SIZE=$WORD", "REVOKEY_FORMAT=$WORD"),
		step(trouble, "scan --stdin").with("REVOKEY_MAX_SIZE=$WORD"),
		step(whatever, "keys list --all"+leakAWS).with("AWS_CONFIG_FILE=$IN/broken.ini"),
	})
}
