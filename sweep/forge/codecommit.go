package forge

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
)

// codecommitBatch is how many repositories one BatchGetRepositories describes.
const codecommitBatch = 25

type codeCommit struct {
	*account
	region string

	once  sync.Once
	creds aws.CredentialsProvider
	err   error
}

func openCodeCommit(s Source, o Options) (Forge, error) {
	if !regexp.MustCompile(`^[a-z]{2,4}(-[a-z0-9]+)+$`).MatchString(s.Path) {
		return nil, fmt.Errorf("opening %q: %q is no region; write one such as codecommit:eu-west-1", s, s.Path)
	}
	host := "git-codecommit." + s.Path + ".amazonaws.com"
	if strings.HasPrefix(s.Path, "cn-") {
		host += ".cn"
	}
	a := &account{kind: CodeCommit, server: "https://" + host, host: host, o: o}
	if s.Server != "" {
		var err error
		if a, err = newAccount(s, o); err != nil {
			return nil, err
		}
	}
	return &codeCommit{account: a, region: s.Path}, nil
}

// provider is the SDK's chain, unless the options have one.
func (c *codeCommit) provider(ctx context.Context) (aws.CredentialsProvider, error) {
	c.once.Do(func() {
		if c.creds = c.o.AWS; c.creds != nil {
			return
		}
		var cfg aws.Config
		cfg, c.err = config.LoadDefaultConfig(ctx, config.WithRegion(c.region), config.WithLogger(logging.Nop{}),
			config.WithAssumeRoleCredentialOptions(toAWS), config.WithWebIdentityRoleCredentialOptions(toAWSByToken))
		c.creds = cfg.Credentials
	})
	return c.creds, c.err
}

// toAWS sends a profile's AssumeRole to AWS, whatever endpoint the environment names. The
// SDK calls it once without a client.
func toAWS(o *stscreds.AssumeRoleOptions) {
	if c, ok := o.Client.(*sts.Client); ok {
		o.Client = sts.New(c.Options(), func(o *sts.Options) { o.BaseEndpoint = nil })
	}
}

func toAWSByToken(o *stscreds.WebIdentityRoleOptions) {
	if c, ok := o.Client.(*sts.Client); ok {
		o.Client = sts.New(c.Options(), func(o *sts.Options) { o.BaseEndpoint = nil })
	}
}

// client speaks with the API of the region, or with the source's server. No environment
// has a say in where: the options are not made of a configuration.
func (c *codeCommit) client(ctx context.Context) (*codecommit.Client, error) {
	creds, err := c.provider(ctx)
	if err != nil {
		return nil, fmt.Errorf("loading AWS credentials: %w", err)
	}
	var endpoint *string
	if !codecommitHost.MatchString(c.host) {
		endpoint = &c.server
	}
	return codecommit.New(codecommit.Options{
		Region: c.region, BaseEndpoint: endpoint, Credentials: creds, Logger: logging.Nop{}, HTTPClient: boundedClient(c.o),
		Retryer: telling{retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = maxFailures }), c.o},
	}), nil
}

// telling is the SDK's retryer, which repeats what is worth it, with jitter.
type telling struct {
	*retry.Standard
	o Options
}

func (t telling) RetryDelay(attempt int, err error) (time.Duration, error) {
	d, e := t.Standard.RetryDelay(attempt, err)
	if e == nil && d >= time.Second {
		t.o.Waiting(t.o.now().Add(d), "CodeCommit: it did not answer well")
	}
	return d, e
}

// boundedClient is an HTTP client for one that repeats by itself: bounded in size and
// time, and it follows no redirect.
func boundedClient(o Options) *http.Client {
	return &http.Client{
		Transport:     boundedTransport{o.Network},
		Timeout:       o.patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type boundedTransport struct{ next http.RoundTripper }

func (t boundedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, maxAnswer)
	}
	return resp, err
}

func (c *codeCommit) Repositories(ctx context.Context) iter.Seq2[Repository, error] {
	return c.vetted(ctx, func(yield func(Repository, error) bool) {
		api, err := c.client(ctx)
		if err != nil {
			yield(Repository{}, err)
			return
		}
		// By hand: the SDK's paginator holds the client as an interface, which keeps all
		// operations in the binary, 1 MB of them.
		in, seen := &codecommit.ListRepositoriesInput{}, map[string]bool{}
		for more := true; more; more = in.NextToken != nil {
			page, err := api.ListRepositories(ctx, in)
			if err == nil && seen[aws.ToString(page.NextToken)] {
				err = errEndless
			}
			if err != nil {
				yield(Repository{}, err)
				return
			}
			if !c.described(ctx, api, page.Repositories, yield) {
				return
			}
			in.NextToken = page.NextToken
			seen[aws.ToString(in.NextToken)] = in.NextToken != nil
		}
	})
}

// described yields what a page names, with its description.
func (c *codeCommit) described(ctx context.Context, api *codecommit.Client, page []types.RepositoryNameIdPair, yield func(Repository, error) bool) bool {
	for batch := range slices.Chunk(page, codecommitBatch) {
		in := &codecommit.BatchGetRepositoriesInput{}
		for _, r := range batch {
			in.RepositoryNames = append(in.RepositoryNames, aws.ToString(r.RepositoryName))
		}
		out, err := api.BatchGetRepositories(ctx, in)
		if err != nil {
			yield(Repository{}, err)
			return false
		}
		for _, r := range out.Repositories {
			if !yield(c.repository(r), nil) {
				return false
			}
		}
		for _, name := range out.RepositoriesNotFound { // deleted meanwhile
			c.o.Warn(fmt.Sprintf("%s: %q is not there any more", c.host, printable(name, maxName)))
		}
		for _, e := range out.Errors {
			no := &Refused{printable(aws.ToString(e.RepositoryName), maxName), "CodeCommit does not describe it: " + printable(string(e.ErrorCode), 100)}
			if !yield(Repository{}, no) {
				return false
			}
		}
	}
	return true
}

func (c *codeCommit) repository(r types.RepositoryMetadata) Repository {
	name := aws.ToString(r.RepositoryName)
	return Repository{
		ID: aws.ToString(r.RepositoryId), Name: aws.ToString(r.AccountId) + "/" + name, URL: aws.ToString(r.CloneUrlHttp), Kind: KindRepository,
		Web:        "https://" + c.region + ".console.aws.amazon.com/codesuite/codecommit/repositories/" + url.PathEscape(name) + "/browse?region=" + c.region,
		Visibility: "private", Empty: aws.ToString(r.DefaultBranch) == "", Pushed: aws.ToTime(r.LastModifiedDate),
	}
}

// Authorization signs for r, see [codecommitHeader].
func (c *codeCommit) Authorization(ctx context.Context, r Repository) (string, error) {
	if err := c.keeps(r); err != nil {
		return "", err
	}
	provider, err := c.provider(ctx)
	if err != nil {
		return "", fmt.Errorf("loading AWS credentials: %w", err)
	}
	creds, err := provider.Retrieve(ctx)
	if err != nil {
		return "", fmt.Errorf("loading AWS credentials: %w", err)
	}
	u, err := url.Parse(r.URL)
	if err != nil {
		return "", fmt.Errorf("authorizing %q: its URL cannot be read", r.Name)
	}
	return codecommitHeader(creds, c.region, u, c.o.now().Truncate(time.Second)), nil
}
