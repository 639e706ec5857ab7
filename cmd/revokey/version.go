package main

import "runtime/debug"

// version is that of the next release. The commit of a release sets it, and so does its
// build, by -ldflags: a build by `go install` or the pre-commit framework has no flags.
var version = "0.1.0-dev"

// versionString is the version, and what the build knows of its source.
func versionString() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version
	}
	return describeBuild(version, info)
}

// describeBuild adds the commit to a version; of a build from the module proxy, which
// knows no commit, the module's version.
func describeBuild(version string, info *debug.BuildInfo) string {
	source := info.Main.Version
	if source == "(devel)" || source == "v"+version {
		source = ""
	}
	changed := ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			source = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "+changes"
		}
	}
	if source == "" {
		return version
	}
	return version + " " + source + changed
}
