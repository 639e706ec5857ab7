package main

import (
	"reflect"
	"strings"
)

// scope says who may set something besides a flag. What a setting may do decides it: what
// touches AWS is never a repository's to say, nor that of an environment, which a
// repository's build may set.
type scope int

const (
	flagOnly  scope = iota // nobody
	byUser                 // the user's own file, and the environment
	byAnybody              // the repository's file too
)

// setting is a flag that files or the environment can set.
type setting struct {
	key   string // in files; REVOKEY_ and it in capitals in the environment
	flag  string
	scope scope
	list  bool // files may give several values
	path  bool // a path: in a repository's file relative to its root, and within
}

// settings are all of them, as `revokey config show` lists them. What is in no line is
// given by its flag alone, or is one of the fields of [config].
func settings() []setting {
	return []setting{
		{key: "workers", flag: "workers", scope: byAnybody},
		{key: "memory", flag: "memory", scope: byAnybody},
		{key: "max_size", flag: "max-size", scope: byAnybody},
		{key: "max_archive_size", flag: "max-archive-size", scope: byAnybody},
		{key: "no_archives", flag: "no-archives", scope: byAnybody},
		{key: "check_names", flag: "check-names", scope: byAnybody},
		{key: "count_missing", flag: "count-missing", scope: byAnybody},
		{key: "ignore_file", flag: "ignore-file", scope: byAnybody, path: true},
		{key: "baseline", flag: "baseline", scope: byAnybody, path: true},
		{key: "honor_foreign_allows", flag: "honor-foreign-allows", scope: byAnybody},

		{key: "format", flag: "format", scope: byUser},
		{key: "output", flag: "output", scope: byUser, list: true},
		{key: "state", flag: "state", scope: byUser},
		{key: "allow_partial", flag: "allow-partial", scope: byUser},
		{key: "fetch_missing", flag: "fetch-missing", scope: byUser},
		{key: "verify", flag: "verify", scope: byUser},
		{key: "verify_timeout", flag: "verify-timeout", scope: byUser},
		{key: "rate", flag: "rate", scope: byUser},
		{key: "partition", flag: "partition", scope: byUser, list: true},
		{key: "canary_account", flag: "canary-account", scope: byUser, list: true},
		{key: "canary_user", flag: "canary-user", scope: byUser, list: true},
		{key: "allow_live", flag: "allow-live", scope: byUser},
		{key: "distrust_repository", flag: "distrust-repository", scope: byUser},
		{key: "journal", flag: "journal", scope: byUser},

		{key: "state_dir", flag: "state-dir", scope: byUser},
		{key: "queue", flag: "queue", scope: byUser},
		{key: "queue_credentials", flag: "queue-credentials", scope: byUser},
		{key: "queue_ca", flag: "queue-ca", scope: byUser},
		{key: "queue_cert", flag: "queue-cert", scope: byUser},
		{key: "queue_key", flag: "queue-key", scope: byUser},
		{key: "queue_wait", flag: "queue-wait", scope: byUser},
		{key: "store", flag: "store", scope: byUser},
		{key: "cache", flag: "cache", scope: byUser},
		{key: "temp", flag: "temp", scope: byUser},
		{key: "attempts", flag: "attempts", scope: byUser},
		{key: "max_repository_size", flag: "max-repository-size", scope: byUser},
		{key: "fetch_timeout", flag: "fetch-timeout", scope: byUser},
		{key: "stall_timeout", flag: "stall-timeout", scope: byUser},
		{key: "min_free", flag: "min-free", scope: byUser},
		{key: "scan_timeout", flag: "scan-timeout", scope: byUser},
		{key: "metrics_listen", flag: "metrics-listen", scope: byUser},
	}
}

// environmentPrefix is what the names of our variables begin with.
const environmentPrefix = "REVOKEY_"

// variable returns the name of the setting in the environment.
func (s setting) variable() string { return environmentPrefix + strings.ToUpper(s.key) }

// settingOf returns the setting of that key; ok is false where there is none.
func settingOf(key string) (found setting, ok bool) {
	for _, s := range settings() {
		if s.key == key {
			return s, true
		}
	}
	return setting{}, false
}

// awsKeys are the keys of the user's file that say who we are to AWS.
func awsKeys() []string {
	var keys []string
	t := reflect.TypeFor[config]()
	for i := range t.NumField() {
		keys = append(keys, t.Field(i).Tag.Get("yaml"))
	}
	return keys
}

// settingKeys returns the keys of all settings.
func settingKeys() []string {
	var keys []string
	for _, s := range settings() {
		keys = append(keys, s.key)
	}
	return keys
}
