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

// checkName compares an object with its name.
func checkName(o *Object) error {
	o.Fill()
	h := nameHash(o, int64(len(o.Data)))
	h.Write(o.Data)
	return checkHash(o, h)
}

// nameHash returns the hash that names the object once its content is written to it:
// that of "TYPE SIZE NUL" and the content.
// See https://git-scm.com/book/en/v2/Git-Internals-Git-Objects.
func nameHash(o *Object, size int64) hash.Hash {
	h := sha1.New()
	if o.HashLen() == sha256.Size {
		h = sha256.New()
	}
	fmt.Fprintf(h, "%s %d\x00", o.Type, size)
	return h
}

func checkHash(o *Object, h hash.Hash) error {
	if NewID(h.Sum(nil)) != o.ID() {
		return errName
	}
	return nil
}
