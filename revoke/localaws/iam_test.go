package localaws_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// leak is a server with an administrator, and a leaked key of a user without
// permissions.
func leak(t *testing.T) (s *localaws.Server, url string, admin, leaked localaws.Key) {
	s, url = start(t, localaws.Options{})
	s.AddAdmin(account, "secops")
	return s, url, s.AddKey(account, "secops"), s.AddKey(account, "ci")
}

func setStatus(t *testing.T, c *iam.Client, k localaws.Key, user *string, st types.StatusType) error {
	t.Helper()
	_, err := c.UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{AccessKeyId: &k.ID, UserName: user, Status: st})
	return err
}

// statuses lists the user's keys as IAM shows them.
func statuses(t *testing.T, c *iam.Client, user *string) map[string]types.StatusType {
	t.Helper()
	out, err := c.ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{UserName: user})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]types.StatusType{}
	for _, k := range out.AccessKeyMetadata {
		found[*k.AccessKeyId] = k.Status
	}
	return found
}

func TestDeactivateAndBack(t *testing.T) {
	t.Parallel()
	_, url, admin, leaked := leak(t)
	c := iamOf(url, admin)
	for _, st := range []types.StatusType{types.StatusTypeInactive, types.StatusTypeInactive, types.StatusTypeActive} {
		if err := setStatus(t, c, leaked, &leaked.User, st); err != nil {
			t.Fatal(err)
		}
		if got := statuses(t, c, &leaked.User)[leaked.ID]; got != st {
			t.Errorf("IAM shows %s, want %s", got, st)
		}
		if _, err := identify(t, url, leaked); (err == nil) != (st == types.StatusTypeActive) {
			t.Errorf("%s: STS says %v", st, err)
		}
	}
}

func TestDeleteKey(t *testing.T) {
	t.Parallel()
	_, url, admin, leaked := leak(t)
	c := iamOf(url, admin)
	in := &iam.DeleteAccessKeyInput{AccessKeyId: &leaked.ID, UserName: &leaked.User}
	if _, err := c.DeleteAccessKey(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	_, err := c.DeleteAccessKey(t.Context(), in)
	wantError(t, err, "NoSuchEntity", http.StatusNotFound)
	_, err = c.GetAccessKeyLastUsed(t.Context(), &iam.GetAccessKeyLastUsedInput{AccessKeyId: &leaked.ID})
	wantError(t, err, "NoSuchEntity", http.StatusNotFound)
	if got := statuses(t, c, &leaked.User); len(got) != 0 {
		t.Errorf("IAM still shows %v", got)
	}
}

func TestKeysPerUser(t *testing.T) {
	t.Parallel()
	s, url, admin, leaked := leak(t)
	c := iamOf(url, admin)
	s.SetStatus(leaked.ID, localaws.Inactive) // an inactive key counts too
	out, err := c.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: &leaked.User})
	if err != nil {
		t.Fatal(err)
	}
	k := localaws.Key{ID: *out.AccessKey.AccessKeyId, Secret: *out.AccessKey.SecretAccessKey}
	if arn, err := identify(t, url, k); err != nil || arn != "arn:aws:iam::111122223333:user/ci" {
		t.Errorf("new key is %s, %v", arn, err)
	}
	_, err = c.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: &leaked.User})
	if got := wantError(t, err, "LimitExceeded", http.StatusConflict); got != "Cannot exceed quota for AccessKeysPerUser: 2" {
		t.Error(got)
	}
}

func TestLastUsed(t *testing.T) {
	t.Parallel()
	s, url, admin, leaked := leak(t)
	c := iamOf(url, admin)
	in := &iam.GetAccessKeyLastUsedInput{AccessKeyId: &leaked.ID}
	out, err := c.GetAccessKeyLastUsed(t.Context(), in)
	if err != nil || out.AccessKeyLastUsed.LastUsedDate != nil || *out.AccessKeyLastUsed.ServiceName != "N/A" || *out.UserName != "ci" {
		t.Fatalf("never used: %+v, %v", out, err)
	}
	if _, err := identify(t, url, leaked); err != nil {
		t.Fatal(err)
	}
	out, err = c.GetAccessKeyLastUsed(t.Context(), in)
	if err != nil || time.Since(*out.AccessKeyLastUsed.LastUsedDate) > time.Minute ||
		*out.AccessKeyLastUsed.ServiceName != "sts" || *out.AccessKeyLastUsed.Region != "us-east-1" {
		t.Fatalf("used: %+v, %v", out, err)
	}
	foreign := s.AddKey(other, "x")
	_, err = c.GetAccessKeyLastUsed(t.Context(), &iam.GetAccessKeyLastUsedInput{AccessKeyId: &foreign.ID})
	wantError(t, err, "AccessDenied", http.StatusForbidden)
}

// TestWhoseKey is how IAM finds the user when UserName is left out: it is the
// one that signs, not the owner of the key that is named.
func TestWhoseKey(t *testing.T) {
	t.Parallel()
	s, url, admin, leaked := leak(t)
	root, session := s.AddKey(account, "root"), s.AddSession(account, "assumed-role/ci/x", time.Hour)
	wantError(t, setStatus(t, iamOf(url, admin), leaked, nil, types.StatusTypeInactive), "NoSuchEntity", http.StatusNotFound)
	message := wantError(t, setStatus(t, iamOf(url, session), leaked, nil, types.StatusTypeInactive), "ValidationError", http.StatusBadRequest)
	if message != "Must specify userName when calling with non-User credentials" {
		t.Error(message)
	}
	for _, k := range []localaws.Key{admin, root} {
		if err := setStatus(t, iamOf(url, k), k, nil, types.StatusTypeInactive); err != nil {
			t.Errorf("%v: %v", k, err)
		}
		_, err := identify(t, url, k)
		wantError(t, err, "InvalidClientTokenId", http.StatusForbidden)
	}
}

func TestOnlyOnesOwnAccount(t *testing.T) {
	t.Parallel()
	s, url, admin, _ := leak(t)
	foreign := s.AddKey(other, "ci") // a user of the same name
	wantError(t, setStatus(t, iamOf(url, admin), foreign, &foreign.User, types.StatusTypeInactive), "NoSuchEntity", http.StatusNotFound)
	if _, err := identify(t, url, foreign); err != nil {
		t.Error(err)
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	s, url, admin, leaked := leak(t)
	prefix := "User: arn:aws:iam::111122223333:user/ci is not authorized to perform: iam:UpdateAccessKey on resource: user ci "

	err := setStatus(t, iamOf(url, leaked), leaked, nil, types.StatusTypeInactive)
	want := prefix + "because no identity-based policy allows the iam:UpdateAccessKey action"
	if got := wantError(t, err, "AccessDenied", http.StatusForbidden); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}

	s.AddAdmin(account, "ci")
	s.Quarantine(account, "ci")
	err = setStatus(t, iamOf(url, leaked), leaked, nil, types.StatusTypeInactive)
	want = prefix + "with an explicit deny in an identity-based policy"
	if got := wantError(t, err, "AccessDenied", http.StatusForbidden); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}

	s.Deny(account, "ci", "sts:*", "iam:*")
	if _, err := identify(t, url, leaked); err != nil {
		t.Errorf("GetCallerIdentity denied: %v", err)
	}
	if err := setStatus(t, iamOf(url, admin), leaked, &leaked.User, types.StatusTypeInactive); err != nil {
		t.Errorf("administrator: %v", err)
	}
}

func TestAttachedPolicies(t *testing.T) {
	t.Parallel()
	s, url, admin, leaked := leak(t)
	in := &iam.ListAttachedUserPoliciesInput{UserName: &leaked.User}
	for _, want := range []string{"", "arn:aws:iam::aws:policy/" + localaws.QuarantinePolicy} {
		out, err := iamOf(url, admin).ListAttachedUserPolicies(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		var got string
		for _, p := range out.AttachedPolicies {
			got += *p.PolicyArn
		}
		if got != want {
			t.Errorf("attached %q, want %q", got, want)
		}
		s.Quarantine(account, leaked.User)
		s.Quarantine(account, leaked.User) // once is enough
	}
}

func TestUsersAndPages(t *testing.T) {
	t.Parallel()
	s, url, admin, _ := leak(t)
	for _, name := range []string{"c", "a", "b"} {
		s.AddUser(account, name)
	}
	s.AddKey(account, "root")
	s.AddUser(other, "foreign")
	var names []string
	p := iam.NewListUsersPaginator(iamOf(url, admin), &iam.ListUsersInput{MaxItems: new(int32(2))})
	for p.HasMorePages() {
		out, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range out.Users {
			names = append(names, *u.UserName)
		}
	}
	if want := []string{"a", "b", "c", "ci", "secops"}; !slices.Equal(names, want) {
		t.Errorf("users %v, want %v", names, want)
	}
	out, err := iamOf(url, admin).GetUser(t.Context(), &iam.GetUserInput{})
	if err != nil || *out.User.UserName != "secops" {
		t.Errorf("GetUser of oneself: %v, %v", out, err)
	}
	_, err = iamOf(url, admin).GetUser(t.Context(), &iam.GetUserInput{UserName: new("nobody")})
	wantError(t, err, "NoSuchEntity", http.StatusNotFound)
}

func TestAccountAlias(t *testing.T) {
	t.Parallel()
	s, url, admin, _ := leak(t)
	for _, want := range [][]string{nil, {"example"}} {
		out, err := iamOf(url, admin).ListAccountAliases(t.Context(), &iam.ListAccountAliasesInput{})
		if err != nil || !slices.Equal(out.AccountAliases, want) {
			t.Errorf("aliases %v, %v, want %v", out.AccountAliases, err, want)
		}
		s.SetAlias(account, "example")
	}
}

func TestAccountSummary(t *testing.T) {
	t.Parallel()
	s, url, admin, _ := leak(t)
	s.AddKey(other, "root")
	s.AddUser(account, "root")
	for _, want := range []int32{0, 1} {
		out, err := iamOf(url, admin).GetAccountSummary(t.Context(), &iam.GetAccountSummaryInput{})
		if err != nil || out.SummaryMap["AccountAccessKeysPresent"] != want || out.SummaryMap["Users"] != 2 {
			t.Errorf("summary %v, %v, want %d root keys", out.SummaryMap, err, want)
		}
		s.AddKey(account, "root")
	}
}

func TestInvalidRequests(t *testing.T) {
	t.Parallel()
	_, url, admin, leaked := leak(t)
	wantError(t, setStatus(t, iamOf(url, admin), leaked, &leaked.User, "Off"), "ValidationError", http.StatusBadRequest)
	q := ask(url)
	for body, want := range map[string]string{
		"Action=Nonsense&Version=2011-06-15":        "InvalidAction",
		"Action=UpdateAccessKey&Version=2010-05-08": "InvalidAction", // IAM's, asked of STS
		"": "InvalidAction",
	} {
		q.body = body
		if status, answer := q.do(t, admin); status != http.StatusBadRequest || code(answer) != want {
			t.Errorf("%q: %d %s, want %s", body, status, code(answer), want)
		}
	}
	q.service, q.body = "iam", "Action=GetAccessKeyLastUsed&Version=2010-05-08"
	if _, answer := q.do(t, admin); code(answer) != "ValidationError" || !strings.Contains(answer, "accessKeyId") {
		t.Errorf("without a key ID: %s", answer)
	}
}
