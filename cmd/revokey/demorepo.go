package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// demoKeys are the keys that the demo's repository leaked.
type demoKeys struct {
	live, removed, inactive, canary localaws.Key
	admin                           localaws.Key // the responder's, not leaked
}

// addKeys makes the users and keys that the demo's AWS knows.
func (d *demo) addKeys() {
	d.server.AddAdmin(demoAccount, "responder")
	d.keys = demoKeys{
		live:     d.server.AddKey(demoAccount, "deploy"),
		removed:  d.server.AddKey(demoAccount, "backup"),
		inactive: d.server.AddKey(demoAccount, "former-employee"),
		admin:    d.server.AddKey(demoAccount, "responder"),
		canary: localaws.Key{
			ID:     localaws.NewKeyID(nil, localaws.PrefixKey, demoCanaryAccount),
			Secret: localaws.NewSecret(nil),
		},
	}
	d.server.SetStatus(d.keys.inactive.ID, localaws.Inactive)
}

// documented is the example of AWS's documentation, in halves: whole, it would
// be a finding in this very file.
var documented = localaws.Key{
	ID:     "AKIAIOSFODNN7" + "EXAMPLE",
	Secret: "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY",
}

// demoCommit is one commit of the demo's history: files with their content,
// where "" removes one.
type demoCommit struct {
	message string
	path    string
	content string
}

func (d *demo) commits() []demoCommit {
	k := d.keys
	return []demoCommit{
		{"describe the set-up", "README.md", fmt.Sprintf("# Shop\n\nPut your keys into `~/.aws/credentials`:\n\n    aws_access_key_id = %s\n    aws_secret_access_key = %s\n", documented.ID, documented.Secret)},
		{"deploy from the laptop", "deploy/prod.env", fmt.Sprintf("AWS_ACCESS_KEY_ID=%s\nAWS_SECRET_ACCESS_KEY=%s\nAWS_REGION=eu-central-1\n", k.live.ID, k.live.Secret)},
		{"back up every night", "scripts/backup.py", fmt.Sprintf("import boto3\n\ns3 = boto3.client(\n    \"s3\",\n    aws_access_key_id=\"%s\",\n    aws_secret_access_key=\"%s\",\n)\n", k.removed.ID, k.removed.Secret)},
		{"oops: no keys in scripts", "scripts/backup.py", "import boto3\n\ns3 = boto3.client(\"s3\")\n"},
		{"first steps with Terraform", "infra/terraform.tfvars", fmt.Sprintf("access_key = \"%s\"\nsecret_key = \"%s\"\n", k.inactive.ID, k.inactive.Secret)},
		{"notes", "notes/todo.txt", fmt.Sprintf("aws_access_key_id = %s\naws_secret_access_key = %s\n", k.canary.ID, k.canary.Secret)},
	}
}

// makeRepository makes the repository with go-git, so that the demo needs no
// git and no configuration of git's has a say in it.
func (d *demo) makeRepository() error {
	repo, err := git.PlainInit(d.path("repo"), false)
	if err != nil {
		return err
	}
	tree, err := repo.Worktree()
	if err != nil {
		return err
	}
	when := time.Now().AddDate(0, -2, 0)
	for _, c := range d.commits() {
		if err := writeFile(filepath.Join(d.path("repo"), c.path), c.content); err != nil {
			return err
		}
		if _, err := tree.Add(c.path); err != nil {
			return err
		}
		by := &object.Signature{Name: "Robin", Email: "robin@example.com", When: when}
		if _, err := tree.Commit(c.message, &git.CommitOptions{Author: by, Committer: by}); err != nil {
			return err
		}
		when = when.AddDate(0, 0, 9)
	}
	return nil
}

// demoProfile is the name of the responder's profile.
const demoProfile = "demo"

// writeProfile gives the responder's credentials to the SDK as a user would: in
// a file of profiles.
func (d *demo) writeProfile() error {
	path := d.path("credentials")
	profile := fmt.Sprintf("[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n", demoProfile, d.keys.admin.ID, d.keys.admin.Secret)
	if err := writeFile(path, profile); err != nil {
		return err
	}
	return os.Setenv("AWS_SHARED_CREDENTIALS_FILE", path)
}

func writeFile(path, content string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(content), 0o600)
}
