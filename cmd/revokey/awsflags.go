package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
)

// awsOptions say who asks AWS, and about whose keys.
type awsOptions struct {
	accounts []string // that are ours
	profile  string
	roleName string
	endpoint string
}

func awsFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "account", Usage: "an account `ID` that is ours; keys of all others are never touched (repeatable)", Category: "AWS"},
		&cli.StringFlag{Name: "profile", Usage: "`NAME` of the operator's AWS profile (default: the SDK's default chain)", Category: "AWS"},
		&cli.StringFlag{Name: "role-name", Usage: "`NAME` of the role to assume in the account that owns a key", Category: "AWS"},
		&cli.StringFlag{Name: "aws-endpoint", Usage: "send every AWS call to `URL`", Category: "AWS"},
		&cli.StringFlag{Name: "config", Usage: "`FILE` with your settings (default: revokey/config.yaml in the user's configuration folder)", Category: "AWS"},
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
		roleName: cfg.RoleName,
		endpoint: c.String("aws-endpoint"),
	}
	if c.IsSet("profile") {
		o.profile = c.String("profile")
	}
	if c.IsSet("role-name") {
		o.roleName = c.String("role-name")
	}
	return o, o.check()
}

func (o awsOptions) check() error {
	for _, a := range o.accounts {
		if !isAccount(a) {
			return usagef("account %q is not a number of 12 digits", a)
		}
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

// sayEndpoint says that AWS is not asked.
func (o awsOptions) sayEndpoint(std streams) {
	if o.endpoint != "" {
		std.say("AWS calls go to %s, not to AWS", report.Printable(o.endpoint))
	}
}

func (o awsOptions) verifier() *revoke.Verifier {
	return revoke.NewVerifier(revoke.VerifierOptions{Endpoint: o.endpoint})
}

// revoker returns a revoker that works as the operator.
func (o awsOptions) revoker(ctx context.Context, opts revoke.RevokerOptions) (*revoke.Revoker, error) {
	op, err := revoke.NewOperator(ctx, revoke.OperatorOptions{
		Profile: o.profile, RoleName: o.roleName, Endpoint: o.endpoint,
	})
	if err != nil {
		return nil, fmt.Errorf("acting as the operator: %w", err)
	}
	opts.Accounts = o.accounts
	return revoke.NewRevoker(op, o.verifier(), opts), nil
}
