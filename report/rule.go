package report

import (
	"slices"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/revoke"
)

// rule is what a finding of some kind breaks, for formats that sort findings by rules.
// IDs are a contract: they are the kinds, and "-id" for an ID without its secret.
type rule struct {
	id, name, title, text string

	// severity is on the scale of CVSS, by which GitHub and GitLab sort: what somebody
	// can do who has the credential, and nothing else.
	severity string
}

// homePage is where a reader of a report learns more.
const homePage = "https://github.com/revokey-dev/revokey"

const docsPage = homePage + "/blob/main/docs/"

// rules returns all rules, in the order of reports.
func rules() []rule {
	const pair = "It signs requests to AWS as its IAM user or role until it is deactivated."
	return []rule{
		{string(detectors.AccessKey), "AwsAccessKey", "AWS access key with its secret", pair, "9.8"},
		{string(detectors.AccessKey) + "-id", "AwsAccessKeyId", "AWS access key ID without its secret", "By itself it signs nothing. Its secret may stand elsewhere.", "4.0"},
		{string(detectors.SecretKey), "AwsSecretKey", "AWS secret access key without its ID", "With its key ID, which is no secret, it signs requests to AWS.", "7.5"},
		{string(detectors.APIKey), "AwsApiKey", "API key of Amazon Bedrock or CloudWatch Logs", "It is sent as it is, and needs nothing else to work.", "8.6"},
		{string(detectors.ServicePassword), "AwsServicePassword", "Password of a service-specific credential", "It opens a service such as CodeCommit or Keyspaces as its IAM user.", "8.1"},
		{string(detectors.PrivateKey), "AwsPrivateKey", "Private key beside its AWS ID", "It signs CloudFront URLs, or opens CodeCommit, as who registered it.", "8.1"},
		{string(detectors.AppSyncKey), "AwsAppSyncApiKey", "API key of AWS AppSync", "It may call the GraphQL API that it was made for.", "6.5"},
		{string(detectors.MWSToken), "AwsMwsToken", "Authorisation token of Amazon MWS", "With a developer's keys it acts for a seller.", "6.5"},
		{string(detectors.BearerID), "AwsBearerId", "ID of an AWS bearer token", "The ID of a credential that signs nothing.", "2.0"},
	}
}

// ruleOf returns the rule's ID for a finding.
func ruleOf(r Record) string {
	if r.Kind == detectors.AccessKey && r.SecretSHA256 == nil {
		return string(r.Kind) + "-id"
	}
	return string(r.Kind)
}

// rulesByID returns the rules, and where each stands among them.
func rulesByID() ([]rule, map[string]int) {
	all := rules()
	index := make(map[string]int)
	for i, r := range all {
		index[r.id] = i
	}
	return all, index
}

// isRule reports whether there is a rule of that ID.
func isRule(id string) bool {
	return slices.ContainsFunc(rules(), func(r rule) bool { return r.id == id })
}

// advice is what to do about a finding.
const advice = "Do not only delete it: it stays in the history, and in every clone. " +
	"Ask `revokey verify` whether it works, let `revokey revoke` switch it off, and put a new one where no repository is."

// level is how loud a format says a finding.
type level int

const (
	levelNote level = iota
	levelWarning
	levelError
)

// levelOf returns how loud a finding is: what is dead by proof is a warning, what is
// nobody's key, or a trap, a note.
func levelOf(r Record) level {
	switch r.Verdict.Status {
	case revoke.Example, revoke.Canary, revoke.Deleted, revoke.Expired:
		return levelNote
	case revoke.Inactive, revoke.NotAccepted:
		return levelWarning
	}
	if r.SecretSHA256 == nil && r.Verdict.Status != revoke.Live {
		return levelWarning
	}
	return levelError
}
