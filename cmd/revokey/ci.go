package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/revokey-dev/revokey/scanner"
)

// environ looks variables up, as [os.LookupEnv].
type environ func(string) (string, bool)

// get returns the value of a variable, "" where there is none, or no environment.
func (e environ) get(name string) string {
	if e == nil {
		return ""
	}
	value, _ := e(name)
	return value
}

// ciSystem is a CI system that tells a run by variables what it is about.
type ciSystem struct {
	name string
	sign string // the variable by which it is known; set, and not empty
	find func(environ) (scanner.RangeOptions, error)
}

// ciSystems are those that are known; docs/ci.md has what each tells.
func ciSystems() []ciSystem {
	return []ciSystem{
		{"GitHub Actions", "GITHUB_ACTIONS", onGitHub},
		{"GitLab CI", "GITLAB_CI", onGitLab},
		{"CircleCI", "CIRCLECI", onCircle},
		{"Bitbucket Pipelines", "BITBUCKET_BUILD_NUMBER", onBitbucket},
		{"Azure Pipelines", "TF_BUILD", onAzure},
		{"Buildkite", "BUILDKITE", onBuildkite},
		{"Jenkins", "JENKINS_URL", onJenkins}, // the last: agents of others may have it too
	}
}

// setCI finds the commits that the run of a CI system is about.
func (g *gateOptions) setCI(lookup environ) error {
	for _, ci := range ciSystems() {
		if lookup.get(ci.sign) == "" {
			continue
		}
		commits, err := ci.find(lookup)
		if err != nil {
			return fmt.Errorf("finding the commits of this run of %s: %w", ci.name, err)
		}
		g.ranged, g.commits = true, commits
		return nil
	}
	return usagef("--ci knows no CI system here").withHint("give the commits with --range A..B")
}

// noRange is what a run gives that is about no commits in particular.
func noRange(format string, args ...any) error {
	return &hintedError{fmt.Errorf(format, args...), "give the commits with --range A..B, or scan all of the history with `revokey scan`"}
}

// request is the range of a merge request: what its head has and its base has not. The
// base is the branch as it is now: after an update of the request's branch the head has
// what came to it since, and what was purged from it would come back by the request. What
// the base was when the run was made is used where the clone lacks the branch.
func request(head []string, base string, was ...string) scanner.RangeOptions {
	o := scanner.RangeOptions{Tips: head, NotIfThere: present([]string{base}), NotElse: present(was), NeedNot: true}
	if len(o.NotIfThere) == 0 {
		o.NotIfThere, o.NotElse = o.NotElse, nil
	}
	return o
}

// pushed is the range of a push: what a branch has that it had not before. Of a new branch,
// and of one that was forced so that what it had is gone, it is what the default branch
// has not; of that itself all of it.
func pushed(before, after, branch, main string) scanner.RangeOptions {
	o := scanner.RangeOptions{Tips: []string{after}, OrTip: true}
	if strings.Trim(before, "0") != "" {
		o.NotIfThere, o.OrTip = []string{before}, false
	}
	if branch != main || main == "" {
		o.NotElse = present([]string{originBranch(main)})
	}
	return o
}

// since is the range of a system that does not tell what a branch had before: what the
// default branch has not.
func since(tip, main string) scanner.RangeOptions {
	return scanner.RangeOptions{Tips: []string{tip}, NotIfThere: []string{main}, NeedNot: true}
}

const originHead = "refs/remotes/origin/HEAD"

// originBranch returns the name of a branch as the clone has it; "" for "".
func originBranch(name string) string {
	name = strings.TrimPrefix(name, "refs/heads/")
	if name == "" {
		return ""
	}
	return "refs/remotes/origin/" + name
}

// present returns the names that are not empty.
func present(names []string) (some []string) {
	for _, n := range names {
		if strings.Trim(n, "0") != "" {
			some = append(some, n)
		}
	}
	return some
}

// githubEvent is what revokey reads of the event in GITHUB_EVENT_PATH.
// See https://docs.github.com/webhooks/webhook-events-and-payloads.
type githubEvent struct {
	Before, After, Ref string
	Deleted            bool
	Repository         struct {
		DefaultBranch string `json:"default_branch"`
	}
	PullRequest struct{ Base, Head struct{ SHA, Ref string } } `json:"pull_request"`
	MergeGroup  struct {
		BaseSHA string `json:"base_sha"`
		HeadSHA string `json:"head_sha"`
	} `json:"merge_group"`
}

func onGitHub(env environ) (scanner.RangeOptions, error) {
	var e githubEvent
	text, err := os.ReadFile(env.get("GITHUB_EVENT_PATH"))
	if err == nil {
		err = json.Unmarshal(text, &e)
	}
	if err != nil {
		return scanner.RangeOptions{}, noRange("reading the event: %w", err)
	}
	name, commit := env.get("GITHUB_EVENT_NAME"), env.get("GITHUB_SHA")
	switch {
	case strings.HasPrefix(name, "pull_request") && e.PullRequest.Head.SHA != "":
		o := request([]string{e.PullRequest.Head.SHA}, originBranch(e.PullRequest.Base.Ref), e.PullRequest.Base.SHA)
		if name == "pull_request" { // then it is the merge of both, which may have content of its own
			o.MergeIfThere = commit
		}
		return o, nil
	case name == "merge_group":
		return request([]string{e.MergeGroup.HeadSHA}, e.MergeGroup.BaseSHA), nil
	case name == "push" && !e.Deleted:
		return pushed(e.Before, e.After, strings.TrimPrefix(e.Ref, "refs/heads/"), e.Repository.DefaultBranch), nil
	}
	return scanner.RangeOptions{}, noRange("the event %q is about no commits", name)
}

// onGitLab: see https://docs.gitlab.com/ci/variables/predefined_variables. The pipeline
// of a request from a fork may run in the fork, of which origin is then the clone: its
// branches are not those of the target, even where they are called the same.
func onGitLab(env environ) (scanner.RangeOptions, error) {
	commit := env.get("CI_COMMIT_SHA")
	if target := env.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"); target != "" {
		base := originBranch(target)
		if env.get("CI_MERGE_REQUEST_PROJECT_ID") != env.get("CI_PROJECT_ID") {
			base = ""
		}
		return request([]string{commit}, base, env.get("CI_MERGE_REQUEST_DIFF_BASE_SHA"), env.get("CI_MERGE_REQUEST_TARGET_BRANCH_SHA")), nil
	}
	if source := env.get("CI_PIPELINE_SOURCE"); source == "schedule" {
		return scanner.RangeOptions{}, noRange("a pipeline of source %q is about no commits", source)
	}
	return pushed(env.get("CI_COMMIT_BEFORE_SHA"), commit, env.get("CI_COMMIT_BRANCH"), env.get("CI_DEFAULT_BRANCH")), nil
}

// onJenkins: see the variables of the Git plugin and of multibranch pipelines,
// https://plugins.jenkins.io/git and https://plugins.jenkins.io/branch-api.
func onJenkins(env environ) (scanner.RangeOptions, error) {
	commit := env.get("GIT_COMMIT")
	if commit == "" {
		commit = "HEAD"
	}
	if target := env.get("CHANGE_TARGET"); target != "" {
		return request([]string{commit}, originBranch(target)), nil
	}
	before := env.get("GIT_PREVIOUS_SUCCESSFUL_COMMIT")
	o := pushed(before, commit, "", "")
	o.OrTip = true // a build that is run again has nothing new
	return o, nil
}

// onCircle: see https://circleci.com/docs/variables.
func onCircle(env environ) (scanner.RangeOptions, error) {
	return since(env.get("CIRCLE_SHA1"), originHead), nil
}

// onBitbucket: see https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets.
// Of a pull request HEAD is the merge, which is made for the run.
func onBitbucket(env environ) (scanner.RangeOptions, error) {
	if target := env.get("BITBUCKET_PR_DESTINATION_BRANCH"); target != "" {
		return request([]string{env.get("BITBUCKET_COMMIT"), "HEAD"}, originBranch(target), env.get("BITBUCKET_PR_DESTINATION_COMMIT")), nil
	}
	return since(env.get("BITBUCKET_COMMIT"), originHead), nil
}

// onAzure: see https://learn.microsoft.com/azure/devops/pipelines/build/variables. Of a
// pull request BUILD_SOURCEVERSION is the merge.
func onAzure(env environ) (scanner.RangeOptions, error) {
	commit := env.get("BUILD_SOURCEVERSION")
	if target := env.get("SYSTEM_PULLREQUEST_TARGETBRANCH"); target != "" {
		o := request([]string{env.get("SYSTEM_PULLREQUEST_SOURCECOMMITID")}, originBranch(target))
		o.MergeIfThere = commit
		return o, nil
	}
	return since(commit, originHead), nil
}

// onBuildkite: see https://buildkite.com/docs/pipelines/configure/environment-variables.
func onBuildkite(env environ) (scanner.RangeOptions, error) {
	commit := env.get("BUILDKITE_COMMIT")
	if target := env.get("BUILDKITE_PULL_REQUEST_BASE_BRANCH"); target != "" {
		return request([]string{commit}, originBranch(target)), nil
	}
	return since(commit, originBranch(env.get("BUILDKITE_PIPELINE_DEFAULT_BRANCH"))), nil
}
