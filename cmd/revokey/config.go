package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// config is the user's own configuration file. None is read from a repository:
// what widens what may be touched at AWS is the user's to say.
type config struct {
	Accounts []string `yaml:"accounts"`
	Profile  string   `yaml:"profile"`
	RoleName string   `yaml:"role_name"`
}

// loadConfig reads the file, or where none is named the one in the user's
// configuration folder, if it is there.
func loadConfig(path string) (config, error) {
	named := path != ""
	if !named {
		dir, err := os.UserConfigDir()
		if err != nil {
			return config{}, nil // no home: nothing is configured
		}
		path = filepath.Join(dir, "revokey", "config.yaml")
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return config{}, nil
	}
	if err != nil {
		return config{}, fmt.Errorf("reading configuration: %w", err)
	}
	return parseConfig(path, data)
}

// parseConfig refuses what it does not know: a mistyped word must not be
// silently without effect.
func parseConfig(path string, data []byte) (config, error) {
	var c config
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return config{}, fmt.Errorf("reading configuration %q: %w", path, err)
	}
	return c, nil
}
