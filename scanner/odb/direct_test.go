package odb_test

import (
	"fmt"
	"testing"

	"github.com/revokey-dev/revokey/scanner/gittest"
	"github.com/revokey-dev/revokey/scanner/odb"
)

// TestDirect holds that a store that is read directly has the same objects, whatever of
// their chains is kept from the ones read before.
func TestDirect(t *testing.T) {
	t.Parallel()
	for _, kind := range gittest.Kinds() {
		if kind.Refused != "" {
			continue
		}
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			repo := kind.Make(t)
			store := open(t, repo)
			want, _ := readAll(t, store, all)
			direct := openBy(t, repo, odb.OpenDirect)
			r := direct.NewReader()
			for range 2 {
				for name, content := range want {
					id, err := odb.ParseID(name)
					if err != nil {
						t.Fatal(err)
					}
					obj, err := r.Read(id)
					if got := fmt.Sprintf("%s %s", obj.Type, obj.Data); err != nil || got != content {
						t.Errorf("%s: read %.60q, %v; want %.60q", name, got, err, content)
					}
					if !direct.Has(id) {
						t.Errorf("Has(%s) is false", name)
					}
				}
			}
			if missing := odb.NewID(make([]byte, store.HashLen())); direct.Has(missing) {
				t.Error("has an object that is not there")
			}
		})
	}
}
