//go:build !unix

package revoke

import (
	"io/fs"
	"os"
)

// giveTo does nothing: a file belongs to who makes it.
func giveTo(*os.File, fs.FileInfo) error { return nil }
