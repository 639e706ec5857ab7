package revoke

import (
	"fmt"
	"slices"
	"testing"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// Each list is read to its end: IAM answers a hundred at a time.
func TestListsOfManyPages(t *testing.T) {
	const many = 250
	c := newCloud(t)
	r := c.revoker(t)
	r.opts.Workers = 8
	names := map[string]string{own: "main"}
	var last localaws.Key
	for i := range many {
		names[fmt.Sprintf("%012d", 100000000000+i)] = fmt.Sprintf("payments-%d", i)
		c.AddKey(own, fmt.Sprintf("user-%03d", i))
		last = c.AddKey(own, "busy")
	}
	c.SetOrganization(own, names)
	keys, err := r.Keys(t.Context(), own)
	if err != nil || len(keys) != 2*many+1 { // and the administrator's
		t.Errorf("%d keys, %v", len(keys), err)
	}
	if accounts, err := r.op.OrganizationAccounts(t.Context()); err != nil || len(accounts) != many+1 {
		t.Errorf("%d accounts, %v", len(accounts), err)
	}
	for range many {
		c.Attach(own, "busy", "Other")
	}
	c.Quarantine(own, "busy")
	k := r.Inspect(t.Context(), last.ID, own)
	if k.Verdict.Status != Live || !slices.Contains(k.Quarantine, localaws.QuarantinePolicy) {
		t.Errorf("%+v", k)
	}
}
