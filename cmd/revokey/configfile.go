package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/revokey-dev/revokey/report"
)

// repositoryConfig is the name of the configuration in the root of a repository.
const repositoryConfig = ".revokey.yaml"

// maxConfig is how many bytes a repository's configuration may have.
const maxConfig = 64 << 10

// configFile is what one file sets.
type configFile struct {
	name   string // for people
	values map[string][]string
	shown  map[string]string // the values, as they are written
	order  []string          // the keys
	aws    config
}

// errorAt is an error of a line of a file. It does not show the line: a link in a
// repository may lead to a file that holds secrets.
func (f *configFile) errorAt(line int, format string, args ...any) *usageError {
	return usagef("%s line %d: %s", f.name, line, fmt.Sprintf(format, args...))
}

// parse reads YAML, one mapping of settings to values. mine is whether it is the user's own
// file; a repository's may hold less. A key that is not known is an error: a mistyped word
// must not be silently without effect.
func (f *configFile) parse(data []byte, mine bool) error {
	f.values, f.shown = make(map[string][]string), make(map[string]string)
	doc, err := f.document(data)
	if err != nil || len(doc.Content) == 0 {
		return err
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return f.errorAt(root.Line, "it is no list of settings such as max_size: 64")
	}
	aws := yaml.Node{Kind: yaml.MappingNode}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if err := f.check(key, mine); err != nil {
			return err
		}
		f.order = append(f.order, key.Value)
		if slices.Contains(awsKeys(), key.Value) {
			aws.Content = append(aws.Content, key, value)
		} else if err := f.take(key, value); err != nil {
			return err
		}
	}
	if err := aws.Decode(&f.aws); err != nil {
		return usagef("%s: accounts is a list, profile and role_name are words", f.name)
	}
	return nil
}

// document reads YAML of one document: empty where there is none, and an error where there are
// more, which would be without effect.
func (f *configFile) document(data []byte) (doc yaml.Node, err error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return doc, nil
	case err != nil:
		return doc, usagef("%s is no YAML: %s", f.name, err)
	case !errors.Is(dec.Decode(new(yaml.Node)), io.EOF):
		return doc, usagef("%s is more than one document", f.name)
	}
	return doc, nil
}

// check refuses a key that is none, that is not this file's to set, or that came before.
func (f *configFile) check(key *yaml.Node, mine bool) error {
	s, known := settingOf(key.Value)
	aws := slices.Contains(awsKeys(), key.Value)
	switch {
	case !known && !aws:
		return f.unknown(key)
	case !mine && (aws || s.scope < byAnybody):
		return f.errorAt(key.Line, "%s is not a repository's to set", key.Value).
			withHint("it comes from your own file (%s), or from its flag; --distrust-repository leaves the repository's file out", userConfigPath())
	case slices.Contains(f.order, key.Value):
		return f.errorAt(key.Line, "%s is set twice", key.Value)
	}
	return nil
}

// take takes the value, or the values of a list.
func (f *configFile) take(key, value *yaml.Node) error {
	values, err := f.scalars(value)
	if err != nil {
		return err
	}
	f.values[key.Value], f.shown[key.Value] = values, strings.Join(values, ",")
	return nil
}

// unknown returns the error for a key that is none, with what it may have been.
func (f *configFile) unknown(key *yaml.Node) error {
	name := shortened(key.Value)
	err := f.errorAt(key.Line, "unknown setting %q", name)
	if slices.Contains([]string{"apply", "yes", "aws_endpoint"}, key.Value) {
		return err.withHint("it is given by its flag alone, --%s, each time", strings.ReplaceAll(key.Value, "_", "-"))
	}
	if like := nearest(strings.ReplaceAll(name, "-", "_"), slices.Concat(settingKeys(), awsKeys())); like != "" {
		return err.withHint("did you mean %s?", like)
	}
	return err.withHint("`revokey config show` lists the settings")
}

// shortened returns a key as it can be shown: less of it than would tell a secret.
func shortened(key string) string {
	const most = 24
	if len(key) > most {
		return key[:most/2] + "…"
	}
	return key
}

// scalars returns the value, or the values of a list.
func (f *configFile) scalars(value *yaml.Node) ([]string, error) {
	nodes := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		nodes = value.Content
	}
	values := []string{}
	for _, n := range nodes {
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
			return nil, f.errorAt(n.Line, "a value is a word, a number, true or false, or a list of them")
		}
		values = append(values, n.Value)
	}
	return values, nil
}

// userConfigPath is where the user's own configuration is looked for; "" without a home.
func userConfigPath() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "revokey", "config.yaml")
}

// readUserConfig reads the file that a flag names, or else the one in the user's
// configuration folder, if it is there.
func readUserConfig(path string) (*configFile, error) {
	f := &configFile{name: path}
	named := path != ""
	if !named {
		f.name = userConfigPath()
	}
	if f.name == "" {
		return f, nil
	}
	data, err := os.ReadFile(f.name)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return f, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading configuration: %w", err)
	}
	return f, f.parse(data, true)
}

// readRepositoryConfig reads the configuration of the repository, or folder, at root.
func readRepositoryConfig(root string) (*configFile, error) {
	f := &configFile{name: repositoryConfig}
	data, err := readOwn(root, repositoryConfig)
	if err != nil {
		return nil, fmt.Errorf("reading configuration: %w", err)
	}
	if len(data) > maxConfig {
		return nil, fmt.Errorf("reading configuration: %s in the repository is larger than %d KiB; --distrust-repository leaves it out", repositoryConfig, maxConfig>>10)
	}
	if err := f.parse(data, false); err != nil {
		return nil, err
	}
	return f, f.resolve(root)
}

// resolve turns the paths in a repository's file into such from here. They stay within.
func (f *configFile) resolve(root string) error {
	for _, s := range settings() {
		for i, path := range f.values[s.key] {
			if !s.path {
				break
			}
			if err := within(root, path); err != nil {
				return usagef("%s: %s: %s", f.name, s.key, err)
			}
			f.values[s.key][i] = filepath.Join(root, filepath.FromSlash(path))
		}
	}
	return nil
}

// within checks that a path leads to a regular file, or to none yet, below root, by no link.
func within(root, path string) error {
	if !filepath.IsLocal(filepath.FromSlash(path)) {
		return errors.New("the path leads out of the repository")
	}
	at := root
	for name := range strings.SplitSeq(filepath.ToSlash(path), "/") {
		at = filepath.Join(at, name)
		info, err := os.Lstat(at)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !info.Mode().IsRegular() && !info.IsDir() {
			return fmt.Errorf("%s is no regular file", report.Printable(name))
		}
		if info.Size() > maxOwnFile && !info.IsDir() {
			return fmt.Errorf("%s is larger than %d MiB", report.Printable(name), maxOwnFile>>20)
		}
	}
	return nil
}
