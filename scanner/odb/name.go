package odb

import (
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
)

// errName is the reason for an object that is not what its name says.
var errName = errors.New("its content is not that of its name")

// checkName compares an object with its name: the hash of "TYPE SIZE NUL" and the
// content. See https://git-scm.com/book/en/v2/Git-Internals-Git-Objects.
func checkName(o *Object) error {
	o.Fill()
	var h hash.Hash = sha1.New()
	if o.HashLen() == sha256.Size {
		h = sha256.New()
	}
	fmt.Fprintf(h, "%s %d\x00", o.Type, len(o.Data))
	h.Write(o.Data)
	if NewID(h.Sum(nil)) != o.ID() {
		return errName
	}
	return nil
}
