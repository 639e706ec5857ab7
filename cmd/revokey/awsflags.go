package main

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/time/rate"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
)

// awsOptions say who asks AWS, and about whose keys.
type awsOptions struct {
	accounts     []string // that are ours
	organization bool     // and so are all of the operator's organization
	profile      string
	roles        []string // their names
	assume       revoke.AssumeOptions
	endpoint     string

	partitions []string // nil: all
	canaries   revoke.Canaries
	rate       float64       // calls a second
	limiter    *rate.Limiter // of all calls together
}

// defaultRate is far below what STS allows an account (some hundreds a second), for
// it counts against the account that owns a key.
const defaultRate = 20

func awsFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "account", Usage: "an account `ID` that is ours; keys of all others are never touched (repeatable)", Category: "AWS"},
		&cli.StringFlag{Name: "profile", Usage: "`NAME` of the operator's AWS profile (default: the SDK's default chain)", Category: "AWS"},
		&cli.BoolFlag{Name: "own-organization", Usage: "take all accounts of the operator's organization for ours", Category: "AWS"},
		&cli.StringSliceFlag{Name: "role-name", Usage: "`NAME` of the role to assume in the account that owns a key (repeatable: tried in order)", Category: "AWS"},
		&cli.StringFlag{Name: "external-id", Usage: "`ID` that the role's trust policy asks for", Category: "AWS"},
		&cli.StringFlag{Name: "session-name", Usage: "`NAME` of the role's session in CloudTrail (default: revokey- and who you are)", Category: "AWS"},
		&cli.StringFlag{Name: "source-identity", Usage: "`NAME` that stays with the role's session; the role has to allow sts:SetSourceIdentity", Category: "AWS"},
		&cli.StringFlag{Name: "aws-endpoint", Usage: "send every AWS call to `URL`", Category: "AWS"},
		&cli.StringSliceFlag{Name: "partition", Usage: "ask in this `PARTITION` only: " + strings.Join(revoke.Partitions(), ", ") + " (repeatable; default: those that stand near the key first, then the others)", Category: "AWS"},
		&cli.StringSliceFlag{Name: "canary-account", Usage: "an account `ID` whose keys are canaries: they are never contacted (repeatable; those publicly known never are)", Category: "AWS"},
		&cli.StringSliceFlag{Name: "canary-user", Usage: "a `PATTERN` of users in accounts of ours whose keys are canaries, such as canary-* (repeatable)", Category: "AWS"},
		&cli.Float64Flag{Name: "rate", Value: defaultRate, Usage: "make no more than `N` AWS calls a second, all together", Category: "AWS"},
		configFlag(),
	}
}

// awsOptionsOf reads the flags over the user's configuration file.
func awsOptionsOf(c *cli.Context) (awsOptions, error) {
	cfg, err := loadConfig(c.String("config"))
	if err != nil {
		return awsOptions{}, err
	}
	o := awsOptions{
		accounts: append(cfg.Accounts, c.StringSlice("account")...),
		profile:  cfg.Profile,
		endpoint: c.String("aws-endpoint"),

		organization: c.Bool("own-organization"),
		assume: revoke.AssumeOptions{
			ExternalID: c.String("external-id"), SessionName: c.String("session-name"), SourceIdentity: c.String("source-identity"),
		},

		partitions: c.StringSlice("partition"),
		canaries:   revoke.Canaries{Accounts: c.StringSlice("canary-account"), Users: c.StringSlice("canary-user")},
		rate:       c.Float64("rate"),
	}
	o.limiter = rate.NewLimiter(rate.Limit(o.rate), 1)
	if c.IsSet("profile") {
		o.profile = c.String("profile")
	}
	if cfg.RoleName != "" {
		o.roles = []string{cfg.RoleName}
	}
	if c.IsSet("role-name") {
		o.roles = c.StringSlice("role-name")
	}
	return o, o.check()
}

func (o awsOptions) check() error {
	for _, a := range o.accounts {
		if !isAccount(a) {
			return usagef("account %q is not a number of 12 digits", a)
		}
	}
	for _, p := range o.partitions {
		if !slices.Contains(revoke.Partitions(), p) {
			return usagef("unknown partition %q: it is one of %s", p, strings.Join(revoke.Partitions(), ", "))
		}
	}
	if err := o.canaries.Check(); err != nil {
		return usagef("%s", err)
	}
	if !(o.rate > 0) || math.IsInf(o.rate, 1) {
		return usagef("--rate takes a number above 0: calls a second")
	}
	if o.endpoint == "" {
		return nil
	}
	u, err := url.Parse(o.endpoint)
	if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https"}, u.Scheme) {
		return usagef("endpoint %q is not a URL such as http://127.0.0.1:4566", o.endpoint)
	}
	return nil
}

func isAccount(s string) bool {
	if len(s) != 12 {
		return false
	}
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}

// sayEndpoint says that AWS is not asked, or by way of whom it is.
func (o awsOptions) sayEndpoint(std streams) {
	to := "https://sts.us-east-1.amazonaws.com/" // which is asked first
	if o.endpoint != "" {
		to = o.endpoint
		std.say("AWS calls go to %s, not to AWS", report.Printable(o.endpoint))
	}
	request, err := http.NewRequest(http.MethodPost, to, nil)
	if err != nil {
		return
	}
	if proxy, err := http.ProxyFromEnvironment(request); err == nil && proxy != nil {
		std.say("AWS calls go through the proxy %s, which the environment names", report.Printable(proxy.Host))
	}
}

func (o awsOptions) verifier() *revoke.Verifier {
	opts := revoke.VerifierOptions{Endpoint: o.endpoint, Limiter: o.limiter, Canaries: o.canaries}
	if len(o.partitions) > 0 {
		opts.Partitions = o.partitions
	}
	return revoke.NewVerifier(opts)
}

// workers is how many keys are asked about at a time, so that the rate is kept even
// where each answer takes a second.
func (o awsOptions) workers() int { return int(min(64, math.Ceil(o.rate))) }

// revoker returns a revoker that works as the operator.
func (o awsOptions) revoker(ctx context.Context, opts revoke.RevokerOptions) (*revoke.Revoker, error) {
	if opts.Aim.BySelf {
		opts.Accounts, opts.Canaries = o.accounts, o.canaries
		return revoke.NewRevoker(revoke.NewSelfOperator(o.endpoint, o.limiter), o.verifier(), opts), nil
	}
	op, err := revoke.NewOperator(ctx, revoke.OperatorOptions{
		Profile: o.profile, RoleNames: o.roles, Assume: o.assume, Endpoint: o.endpoint, Limiter: o.limiter,
	})
	if err != nil {
		return nil, fmt.Errorf("acting as the operator: %w", err)
	}
	if o.organization {
		members, err := op.OrganizationAccounts(ctx)
		if err != nil {
			return nil, fmt.Errorf("finding our accounts: %w: list them with --account instead", err)
		}
		o.accounts = append(slices.Clone(o.accounts), members...)
	}
	opts.Accounts, opts.Canaries = o.accounts, o.canaries
	return revoke.NewRevoker(op, o.verifier(), opts), nil
}
