package main

import "runtime/debug"

// version is that of the next release; a release's build sets it by -ldflags.
var version = "0.1.0-dev"

// versionString adds the commit, where the build knows it.
func versionString() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return version + " " + s.Value
		}
	}
	return version
}
