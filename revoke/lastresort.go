package revoke

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	"golang.org/x/time/rate"
)

// themselves is who acts where no operator does.
const themselves = "the leaked keys themselves"

// NewSelfOperator returns an operator without credentials, for a [Revoker] whose
// [Aim] is that the leaked keys switch themselves off. The endpoint and the limiter
// are as in [OperatorOptions].
func NewSelfOperator(endpoint string, limiter *rate.Limiter) *Operator {
	return &Operator{
		endpoint: endpoint, gate: gate{limiter}, identity: &Identity{ARN: themselves},
		sessions: map[string]*workplace{}, names: map[string]string{},
	}
}

// without reports whether there is no operator.
func (o *Operator) without() bool { return o.sts == nil }

const noOperator = "there is no operator who could be asked: pass --profile, without --with-leaked-key"

// bySelf plans that a key switches itself off: the last resort. Its account has to
// be ours all the same.
func (r *Revoker) bySelf(ctx context.Context, step Step, leaked *aws.Credentials) Step {
	switch {
	case isSession(step.KeyID):
		return step.refused("a session cannot end itself")
	case leaked == nil || r.verifier == nil:
		return step.refused("its secret is not known, without which it cannot be used")
	case r.perhapsCanary(step.KeyState):
		return step.refused("it may be one of the canaries: without an operator nobody tells whose it is, and STS was not asked")
	}
	step.bySelf = true
	step.Verdict = r.verifier.Check(ctx, *leaked, step.Account)
	switch {
	case step.Verdict.Status != Live:
		return step.refused(step.Verdict.Reason)
	case !r.owns(step.Verdict.Account): // the key ID may tell no account
		return step.refused(foreign(step.Verdict.Account))
	}
	if _, name, ok := strings.Cut(step.Verdict.ARN, ":user/"); ok {
		step.User = name[strings.LastIndexByte(name, '/')+1:]
	}
	step.leaked = func() aws.Credentials { return *leaked }
	step.By = step.Verdict.ARN
	step.Call = fmt.Sprintf("iam:UpdateAccessKey AccessKeyId=%s Status=Inactive, signed by the key itself", step.KeyID)
	step.Notes = append(step.Notes,
		"a last resort: once AWS has quarantined the user, about a minute after a public push, the key may not switch itself off any more",
		"it cannot be taken back without an administrator's credentials")
	return step
}

// switchSelfOff returns the change that the step asks for, and who makes it.
func (r *Revoker) switchSelfOff(step Step) (*session, change) {
	client := r.clientOf(step.leaked(), Identity{ARN: step.Verdict.ARN}.partition())
	s := &session{iam: client, as: step.Verdict.ARN}
	return s, change{
		key: step.KeyState, action: Deactivate, permission: "iam:UpdateAccessKey by the leaked key itself",
		call: func(ctx context.Context) (middleware.Metadata, error) {
			out, err := client.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{AccessKeyId: &step.KeyID, Status: Deactivate.status()})
			if err != nil {
				return middleware.Metadata{}, err
			}
			return out.ResultMetadata, nil
		},
		seen: func(context.Context) (bool, string) { return false, "IAM cannot be asked without an operator" },
	}
}

// clientOf is IAM for a leaked pair: it takes nothing from the environment but
// HTTPS_PROXY and NO_PROXY.
func (r *Revoker) clientOf(cred aws.Credentials, partition string) iamAPI {
	region := partitions[0].regions[0]
	for _, p := range partitions {
		if p.name == partition {
			region = p.regions[0]
		}
	}
	return iamCalls(iam.New(iam.Options{
		Region: region, BaseEndpoint: r.op.baseEndpoint(), HTTPClient: bareClient(10 * time.Second), Retryer: newRetryer(), Logger: logging.Nop{},
		Credentials: credentials.NewStaticCredentialsProvider(cred.AccessKeyID, cred.SecretAccessKey, ""),
		APIOptions:  []func(*middleware.Stack) error{r.op.gate.attach},
	}))
}
