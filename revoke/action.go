package revoke

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// Action is what is done to a credential. The words are a contract.
type Action string

// The actions. Those of a line undo each other; what stands alone cannot be undone.
const (
	Deactivate, Activate Action = "deactivate", "activate" // a key's status
	Contain, Release     Action = "contain", "release"     // a policy that denies its user or role
	Delete               Action = "delete"
	Create               Action = "create" // a key of a user
	Store                Action = "store"  // a new key's secret
)

// undoes returns the action that takes a back, or "".
func (a Action) undoes() Action {
	return map[Action]Action{Deactivate: Activate, Contain: Release}[a]
}

// done is the action as its outcome.
func (a Action) done() string { return strings.TrimSuffix(string(a), "e") + "ed" }

// takesBack reports whether a takes something back, and so is only ever done from
// the journal.
func (a Action) takesBack() bool { return a == Activate || a == Release }

// status is what the key then has.
func (a Action) status() types.StatusType {
	if a == Activate {
		return types.StatusTypeActive
	}
	return types.StatusTypeInactive
}
