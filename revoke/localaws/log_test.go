package localaws_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

func TestRequests(t *testing.T) {
	t.Parallel()
	s, url, admin, leaked := leak(t)
	wrong := leaked
	wrong.Secret = localaws.NewSecret(nil)
	for _, k := range []localaws.Key{leaked, wrong} {
		_, _ = identify(t, url, k)
	}
	if err := setStatus(t, iamOf(url, admin), leaked, &leaked.User, types.StatusTypeInactive); err != nil {
		t.Fatal(err)
	}
	s.Inject(localaws.Fault{Kind: localaws.Drop})
	_, _ = identify(t, url, leaked)
	got := s.Requests()
	ci, secops := "arn:aws:iam::111122223333:user/ci", "arn:aws:iam::111122223333:user/secops"
	want := []localaws.Request{
		{Action: "GetCallerIdentity", KeyID: leaked.ID, Account: account, CallerARN: ci, Status: 200},
		{Action: "GetCallerIdentity", KeyID: leaked.ID, Account: account, Status: 403, Code: "SignatureDoesNotMatch"},
		{Action: "UpdateAccessKey", KeyID: admin.ID, Account: account, CallerARN: secops, Target: leaked.ID, Status: 200},
		{Action: "GetCallerIdentity", KeyID: leaked.ID, Account: account},
	}
	if len(got) != len(want) {
		t.Fatalf("%d requests, want %d: %+v", len(got), len(want), got)
	}
	for i := range got {
		want[i].Time = got[i].Time
		if got[i] != want[i] || got[i].Time.IsZero() {
			t.Errorf("request %d\n%+v, want\n%+v", i, got[i], want[i])
		}
	}
	if text := fmt.Sprintf("%+v", got); strings.Contains(text, leaked.Secret) || strings.Contains(text, admin.Secret) {
		t.Error("the log holds a secret")
	}
}

// TestConcurrentUse is for the race detector.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	s, url := start(t, localaws.Options{})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			k := s.AddKey(account, fmt.Sprint("user", i))
			_, _ = identify(t, url, k)
			s.SetStatus(k.ID, localaws.Inactive)
			s.Quarantine(account, k.User)
			_, _ = identify(t, url, k)
		})
	}
	wg.Wait()
	if n := len(s.Requests()); n != 16 {
		t.Errorf("%d requests, want 16", n)
	}
}
