//go:build !unix

package regular

// noWait is nothing where a pipe has no name in a folder.
const noWait = 0
