package main

import (
	"runtime/debug"
	"testing"
)

// What a build says of itself: of a release, of a clone, and by go install.
func TestDescribeBuild(t *testing.T) {
	t.Parallel()
	commit := func(changed string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "vcs.revision", Value: "c0ffee"}, {Key: "vcs.modified", Value: changed}}
	}
	for _, tt := range []struct {
		version, module string
		settings        []debug.BuildSetting
		want            string
	}{
		{"1.2.3", "v1.2.3", commit("false"), "1.2.3 c0ffee"},
		{"1.2.3", "v1.2.3", nil, "1.2.3"},
		{"1.2.3-dev", "(devel)", nil, "1.2.3-dev"},
		{"1.2.3-dev", "v0.0.0-20260102030405-c0ffee123456+dirty", commit("true"), "1.2.3-dev c0ffee+changes"},
		{"1.2.3-dev", "v0.0.0-20260102030405-c0ffee123456", nil, "1.2.3-dev v0.0.0-20260102030405-c0ffee123456"},
	} {
		info := &debug.BuildInfo{Main: debug.Module{Version: tt.module}, Settings: tt.settings}
		if got := describeBuild(tt.version, info); got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt, got, tt.want)
		}
	}
}
