// Package odb reads every object of a git object database once, decoded.
//
// A [Store] is opened on an "objects" directory and follows its alternates. Its
// objects come in families ([Store.Families]): each family is one piece of work,
// read by one [Reader], so that a caller with N workers keeps N readers and hands
// families to whichever is free.
//
//	store, err := odb.Open(dir, odb.Options{})
//	for _, family := range store.Families() {
//		skipped, err := reader.Family(ctx, family, odb.Types(odb.Blob), visit)
//	}
//
// What cannot be read is returned as [Skipped] and never stops the rest.
//
// # Limitations
//
// SHA-1 object names only; pack index version 2 only. Checked are the lengths of
// an object and the checksum of its zlib stream, not its name.
package odb
