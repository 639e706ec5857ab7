package revoke

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
	"golang.org/x/time/rate"
)

// stsAPI is what is asked of STS as the responder.
type stsAPI interface {
	stscreds.AssumeRoleAPIClient
	AssumeRoot(context.Context, *sts.AssumeRootInput, ...func(*sts.Options)) (*sts.AssumeRootOutput, error)
	GetCallerIdentity(context.Context, *sts.GetCallerIdentityInput, ...func(*sts.Options)) (*sts.GetCallerIdentityOutput, error)
	GetAccessKeyInfo(context.Context, *sts.GetAccessKeyInfoInput, ...func(*sts.Options)) (*sts.GetAccessKeyInfoOutput, error)
}

// iamAPI is what is asked of one account's IAM.
type iamAPI struct {
	ListAccessKeys           call[iam.ListAccessKeysInput, iam.Options, iam.ListAccessKeysOutput]
	ListAttachedUserPolicies call[iam.ListAttachedUserPoliciesInput, iam.Options, iam.ListAttachedUserPoliciesOutput]
	policyAPI
	serviceAPI
	reportAPI
	GetAccessKeyLastUsed call[iam.GetAccessKeyLastUsedInput, iam.Options, iam.GetAccessKeyLastUsedOutput]
	GetAccountSummary    call[iam.GetAccountSummaryInput, iam.Options, iam.GetAccountSummaryOutput]
	CreateAccessKey      call[iam.CreateAccessKeyInput, iam.Options, iam.CreateAccessKeyOutput]
	UpdateAccessKey      call[iam.UpdateAccessKeyInput, iam.Options, iam.UpdateAccessKeyOutput]
	DeleteAccessKey      call[iam.DeleteAccessKeyInput, iam.Options, iam.DeleteAccessKeyOutput]
}

var _ stsAPI = (*sts.Client)(nil)

// OperatorOptions say who the responder is. The zero value is the SDK's default
// chain: environment, shared configuration, SSO, container, instance.
type OperatorOptions struct {
	// Profile of the shared configuration files. "" is the default chain.
	Profile string
	// RoleNames are assumed in every account but the operator's own, the first that
	// can be; they may hold a path. None keeps the operator to its own account.
	RoleNames []string
	// Assume is how.
	Assume AssumeOptions
	// Endpoint is the URL that every STS and IAM call is sent to. "" is AWS's own,
	// whatever AWS_ENDPOINT_URL or a profile's endpoint_url say.
	Endpoint string
	// Limiter spaces the calls, and whatever else shares it. nil is no limit.
	Limiter *rate.Limiter
	// Region decides the partition. "" is what the configuration says, or else
	// us-east-1.
	Region string
}

// Operator is the responder's own identity. It is safe for concurrent use.
type Operator struct {
	opts     OperatorOptions // to load the credentials anew by
	endpoint string
	roles    []string // their names
	assume   AssumeOptions
	gate     gate
	config   func() aws.Config // of what is asked of other services; a function, as retrieve is
	sts      stsAPI
	signer   retrieve   // of the operator's own calls
	below    []retrieve // what signer was assumed with
	newIAM   func(aws.CredentialsProvider) iamAPI

	organizations organizationsAPI // the zero value: names are not asked for
	naming        sync.Mutex       // guards what follows
	names         map[string]string
	nameless      bool // Organizations does not answer the operator

	mu       sync.Mutex
	identity *Identity
	sessions map[string]*workplace // by account
}

// retrieve is a provider as a function: of a struct, and of a pointer to one, some
// verb of fmt prints the secret.
type retrieve = aws.CredentialsProviderFunc

// Identity is who signs the operator's own calls.
type Identity struct {
	Account string `json:"account"`
	ARN     string `json:"arn"`
	UserID  string `json:"user_id"`
	KeyID   string `json:"key_id"`
}

func (id Identity) partition() string { return strings.Split(id.ARN+"::", ":")[1] }

// NewOperator loads the operator's credentials; it asks AWS only as far as the
// profile needs it (a role, SSO). The error says what to set if there are none.
func NewOperator(ctx context.Context, opts OperatorOptions) (*Operator, error) {
	o := &Operator{opts: opts, endpoint: opts.Endpoint, roles: opts.RoleNames, assume: opts.Assume, gate: gate{opts.Limiter}, sessions: map[string]*workplace{}, names: map[string]string{}}
	cfg, err := config.LoadDefaultConfig(ctx, o.load(opts)...)
	var missing config.SharedConfigProfileNotExistError
	switch {
	case errors.As(err, &missing):
		return nil, fmt.Errorf("no profile %q in the AWS configuration: pass another --profile", missing.Profile)
	case err != nil:
		return nil, fmt.Errorf("loading the operator's AWS configuration: %w", err)
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return nil, noCredentials(opts.Profile, err)
	}
	o.config, o.signer = func() aws.Config { return cfg }, cfg.Credentials.Retrieve
	o.sts = sts.NewFromConfig(cfg, o.settleSTS)
	o.organizations = organizationsCalls(organizations.NewFromConfig(cfg, o.settleOrganizations))
	o.newIAM = func(as aws.CredentialsProvider) iamAPI {
		return iamCalls(iam.NewFromConfig(cfg, o.settleIAM, func(io *iam.Options) { io.Credentials = as }))
	}
	return o, nil
}

// ErrNoCredentials is in the error of [NewOperator] where nothing in the
// environment or the configuration holds credentials.
var ErrNoCredentials = errors.New("no AWS credentials for the operator")

func noCredentials(profile string, err error) error {
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	cause := printable(innermost(err).Error())
	if profile != "" {
		return fmt.Errorf("%w in profile %q: log in to it, or pass another --profile (%s)", ErrNoCredentials, profile, cause)
	}
	return fmt.Errorf("%w: set AWS_PROFILE, or pass --profile (%s)", ErrNoCredentials, cause)
}

// load says how the operator's configuration is read: as the user's other tools
// read it, but for the endpoints.
func (o *Operator) load(opts OperatorOptions) []func(*config.LoadOptions) error {
	load := []func(*config.LoadOptions) error{
		config.WithDefaultRegion(partitions[0].regions[0]),
		config.WithAppID("revokey"),
		config.WithRetryer(newRetryer),
		config.WithLogger(logging.Nop{}),
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(10 * time.Second)),
		config.WithCredentialsCacheOptions(inTime),
		config.WithAssumeRoleCredentialOptions(o.redirectAssumeRole),
		config.WithWebIdentityRoleCredentialOptions(o.redirectWebIdentity),
	}
	if opts.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(opts.Profile))
	}
	if opts.Region != "" {
		load = append(load, config.WithRegion(opts.Region))
	}
	return load
}

// baseEndpoint is nil for AWS's own. Set on a client's options, which it is after
// the SDK has looked at the environment and the profile, it overrides both.
func (o *Operator) baseEndpoint() *string {
	if o.endpoint == "" {
		return nil
	}
	return &o.endpoint
}

func (o *Operator) settleSTS(so *sts.Options) {
	so.BaseEndpoint, so.HTTPClient = o.baseEndpoint(), staying(so.HTTPClient)
	so.APIOptions = append(slices.Clone(so.APIOptions), o.gate.attach)
}

func (o *Operator) settleIAM(io *iam.Options) {
	io.BaseEndpoint, io.HTTPClient = o.baseEndpoint(), staying(io.HTTPClient)
	io.APIOptions = append(slices.Clone(io.APIOptions), o.gate.attach)
}

// redirectAssumeRole sends a profile's own AssumeRole where our calls go, for the
// SDK makes that client from the environment; and remembers who signs it. The SDK
// calls it once without a client.
func (o *Operator) redirectAssumeRole(ro *stscreds.AssumeRoleOptions) {
	if c, ok := ro.Client.(*sts.Client); ok {
		o.below = append(o.below, c.Options().Credentials.Retrieve)
		ro.Client = sts.New(c.Options(), o.settleSTS)
	}
}

// redirectWebIdentity is redirectAssumeRole for a web identity, which has no key.
func (o *Operator) redirectWebIdentity(wo *stscreds.WebIdentityRoleOptions) {
	if c, ok := wo.Client.(*sts.Client); ok {
		wo.Client = sts.New(c.Options(), o.settleSTS)
	}
}

// Identity asks STS who the operator is, once; later calls repeat the answer.
func (o *Operator) Identity(ctx context.Context) (Identity, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.identity != nil {
		return *o.identity, nil
	}
	cred, err := o.signer(ctx)
	if err != nil {
		return Identity{}, fmt.Errorf("loading the operator's credentials: %s", describe(err))
	}
	out, err := o.sts.GetCallerIdentity(ctx, nil)
	if err != nil {
		return Identity{}, fmt.Errorf("asking STS who the operator is: %w", failed("sts:GetCallerIdentity", err))
	}
	o.identity = &Identity{aws.ToString(out.Account), aws.ToString(out.Arn), aws.ToString(out.UserId), cred.AccessKeyID}
	return *o.identity, nil
}

// selves returns the ARNs of who the operator is, and of those by whom its credentials
// were assumed.
func (o *Operator) selves(ctx context.Context) ([]string, error) {
	id, err := o.Identity(ctx)
	if err != nil {
		return nil, err
	}
	arns := []string{id.ARN}
	for _, below := range o.below {
		client := sts.NewFromConfig(o.config(), o.settleSTS, func(so *sts.Options) { so.Credentials = below })
		out, err := client.GetCallerIdentity(ctx, nil)
		if err != nil {
			return nil, fmt.Errorf("asking STS who assumed the operator's role: %w", failed("sts:GetCallerIdentity", err))
		}
		arns = append(arns, aws.ToString(out.Arn))
	}
	return arns, nil
}

// signs reports whether the key signs the operator's own calls, or the calls that
// its credentials come from.
func (o *Operator) signs(ctx context.Context, keyID string) (bool, error) {
	if o.without() {
		return false, nil
	}
	for _, signer := range append(slices.Clone(o.below), o.signer) {
		cred, err := signer(ctx)
		if err != nil {
			return false, fmt.Errorf("loading the operator's credentials: %s", describe(err))
		}
		if cred.AccessKeyID == keyID {
			return true, nil
		}
	}
	return false, nil
}

// accountOf asks STS which account the key ID names. STS reads it out of the ID,
// so that the answer says nothing of whether the key exists.
func (o *Operator) accountOf(ctx context.Context, keyID string) (string, error) {
	if o.without() {
		return "", errors.New(noOperator)
	}
	out, err := o.sts.GetAccessKeyInfo(ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: &keyID})
	if err != nil {
		return "", fmt.Errorf("asking STS which account %s is of: %w", keyID, failed("sts:GetAccessKeyInfo", err))
	}
	return aws.ToString(out.Account), nil
}

// failed says in our words why AWS did not do the action; an interruption stays
// recognisable.
func failed(action string, err error) error {
	switch errorCode(err) {
	case "AccessDenied", "AccessDeniedException":
		return fmt.Errorf("the operator is not allowed %s: %s", action, describe(err))
	}
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	return errors.New(describe(err))
}
