package contract

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

const schemaFolder = "../../docs/schema/"

// published returns a schema of ours as people read it, and strict: taking no field that
// it does not describe, so that none is forgotten.
func published(t *testing.T, name string, strict bool) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	files, err := filepath.Glob(schemaFolder + "*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc := decode(t, text)
		if strict {
			closeObjects(doc)
		}
		if err := compiler.AddResource(doc.(map[string]any)["$id"].(string), doc); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := compiler.Compile("https://raw.githubusercontent.com/revokey-dev/revokey/main/docs/schema/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// closeObjects has every object of a schema allow the properties alone that it lists.
func closeObjects(schema any) {
	switch s := schema.(type) {
	case map[string]any:
		if _, lists := s["properties"].(map[string]any); lists {
			s["additionalProperties"] = false
		}
		for _, below := range s {
			closeObjects(below)
		}
	case []any:
		for _, below := range s {
			closeObjects(below)
		}
	}
}

// TestSchema holds reports of every kind of finding, status and place to the schemas that
// docs/schema publishes.
func TestSchema(t *testing.T) {
	finding, whole := published(t, "finding.v1.schema.json", true), published(t, "report.v1.schema.json", true)
	all := records()
	for _, records := range [][]byte{write(t, "json", nil), write(t, "json", all)} {
		if err := whole.Validate(decode(t, records)); err != nil {
			t.Errorf("json: %v", err)
		}
	}
	lines := 0
	for line := range bytes.Lines(write(t, "jsonl", all)) {
		lines++
		if err := finding.Validate(decode(t, line)); err != nil {
			t.Errorf("jsonl: %v\n%s", err, line)
		}
	}
	if lines != len(all) {
		t.Errorf("%d lines of %d findings", lines, len(all))
	}
}

// The schemas refuse what is no report of ours, and, as published, take a field that is new.
func TestSchemaRefuses(t *testing.T) {
	first := func(doc map[string]any) map[string]any { return doc["findings"].([]any)[0].(map[string]any) }
	open := published(t, "report.v1.schema.json", false)
	for name, spoil := range map[string]func(map[string]any){
		"another schema's name":   func(doc map[string]any) { first(doc)["schema"] = "revokey.finding/v2" },
		"an unknown status":       func(doc map[string]any) { first(doc)["verdict"].(map[string]any)["status"] = "dead" },
		"no occurrences":          func(doc map[string]any) { delete(first(doc), "occurrences") },
		"a line that is a string": func(doc map[string]any) { first(doc)["occurrences"].([]any)[0].(map[string]any)["line"] = "1" },
		"a hash that is none":     func(doc map[string]any) { first(doc)["secret_sha256"] = "secret" },
		"a time that is none":     func(doc map[string]any) { first(doc)["first_seen"] = "yesterday" },
		"no summary":              func(doc map[string]any) { delete(doc, "summary") },
	} {
		doc := decode(t, write(t, "json", records())).(map[string]any)
		spoil(doc)
		if open.Validate(doc) == nil {
			t.Errorf("a report with %s passes", name)
		}
	}
	doc := decode(t, write(t, "json", records())).(map[string]any)
	first(doc)["new"] = 1
	if err := open.Validate(doc); err != nil {
		t.Errorf("a report with a new field: %v", err)
	}
	if published(t, "report.v1.schema.json", true).Validate(doc) == nil {
		t.Error("the strict schema takes a field that is not described")
	}
}

// TestSchemaOfTheCommand holds what the program itself writes to the schemas: of a scan,
// and of a verification with all that it explains.
func TestSchemaOfTheCommand(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "revokey")
	if out, err := run("../..", nil, "go", "build", "-o", program, "./cmd/revokey"); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	aws := localaws.New(localaws.Options{})
	url, err := aws.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer aws.Close()
	aws.AddAdmin("111122223333", "admin")
	admin, leaked := aws.AddKey("111122223333", "admin"), aws.AddKey("111122223333", "ci")
	repo := filepath.Join(dir, "repo")
	profile := "[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n"
	content := fmt.Sprintf(profile, "ci", leaked.ID, leaked.Secret) + "lone = " + localaws.NewKeyID(nil, localaws.PrefixKey, "111122223333") + "\n"
	env := []string{
		"HOME=" + dir, "AWS_CONFIG_FILE=" + os.DevNull, "AWS_EC2_METADATA_DISABLED=true", "AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(dir, "operator"),
		"GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com",
	}
	err = errors.Join(os.Mkdir(repo, 0o700), os.WriteFile(filepath.Join(repo, "keys"), []byte(content), 0o600),
		os.WriteFile(filepath.Join(dir, "operator"), fmt.Appendf(nil, profile, "default", admin.ID, admin.Secret), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"commit", "-qm", "keys"}, {"tag", "-am", content, "v1"}} {
		if out, err := run(repo, env, "git", args...); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	scanned, _ := run(repo, env, program, "scan", "--format", "json")
	if err := os.WriteFile(filepath.Join(dir, "report.json"), scanned, 0o600); err != nil {
		t.Fatal(err)
	}
	verified, _ := run(repo, env, program, "verify", "--from", filepath.Join(dir, "report.json"), "--format", "json", "--explain", "--aws-endpoint", url, "--account", "111122223333")
	whole := published(t, "report.v1.schema.json", true)
	for what, told := range map[string][]byte{"scan": scanned, "verify": verified} {
		if err := whole.Validate(decode(t, told)); err != nil {
			t.Errorf("%s: %v\n%s", what, err, told)
		}
		if strings.Contains(string(told), leaked.Secret) {
			t.Errorf("%s tells the secret", what)
		}
	}
	for _, part := range []string{`"explanation"`, `"owner"`, `"status": "live"`} {
		if !strings.Contains(string(verified), part) {
			t.Errorf("the verification holds no %s: it shows too little\n%s", part, verified)
		}
	}
}

// run returns what a program prints on standard output.
func run(dir string, env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, slices.Concat(os.Environ(), env)
	return cmd.Output()
}
