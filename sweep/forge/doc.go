// Package forge lists the repositories of an organisation, wherever they are kept, and
// says how each may be fetched. It fetches none.
//
// A [Source] names what to list, in one word (see [Parse]); [Open] makes the [Forge] of it.
// A [Repository] then travels on its own, as JSON through a queue, say; where it
// arrives, [For] opens the forge that it came from anew.
//
// # Promises
//
// A token comes from the environment or from git's credential helpers, never from an
// argument, and goes to the host it belongs to alone: to the forge's public one, or to that
// which a variable beside it names (docs/forges.md has the table). It stands in no URL, error
// or file, and prints as "[redacted]".
//
// What a forge answers is not believed. A name or a URL that could mean anything but a
// repository of that forge is [Refused], by name, and the listing goes on.
//
// A listing is streamed, page by page. It waits as long as the forge says, and tells of it
// ([Options.Waiting]). It ends with all repositories, or with an error.
//
// # Limits
//
// Forges list by pages. A repository that is deleted while it is listed can move another
// one over the edge between two pages; the next listing has it.
package forge
