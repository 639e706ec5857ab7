// Package odb reads every object of a git object database once, decoded.
//
// A [Store] is opened on an "objects" directory and follows its alternates. The
// headers of a pack tell what each object is, for a delta is what the root of its
// chain is; so what is not wanted is passed over without inflating a byte. Objects
// come in families ([Store.Families]), each one piece of work for one [Reader], so
// that a caller with N workers keeps N readers and hands families to whichever is
// free:
//
//	store, err := odb.Open(dir, odb.Options{})
//	for _, family := range store.Families(want) {
//		skipped, err := reader.Family(ctx, family, want, visit)
//	}
//
// A family is walked depth first from its base. What is built on an object in which
// the visitor found nothing comes with the regions that are new ([Object.Dirty]),
// the only ones that need a look.
//
// A blob that is larger than the budget, and no delta, comes in windows
// ([Object.Window]), of which the visitor says how much is to come again.
//
// What cannot be read is returned as [Skipped] and never stops the rest.
//
// # Limitations
//
// Checked are the lengths of an object and the checksum of its zlib stream, not its
// name. Of what comes in windows that is known in the end only. A delta and its base are
// held as a whole: up to [DefaultMaxSize] each. Memory grows with the number of objects:
// some 60 bytes each.
//
// # Sources
//
// The formats are those of https://git-scm.com/docs/gitformat-pack and
// https://git-scm.com/docs/gitrepository-layout.
package odb
