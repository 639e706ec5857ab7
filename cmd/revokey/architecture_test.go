package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/revokey-dev/revokey/"

// arrows are all the imports between this module's packages: what each may
// build on, itself left out. Test helpers are not part of the house.
var arrows = map[string][]string{
	"detectors":       {},
	"revoke":          {},
	"revoke/localaws": {},

	"scanner/odb/inflate": {},
	"scanner/window":      {},
	"scanner/index":       {"scanner/odb", "scanner/odb/inflate", "scanner/window"},
	"scanner/odb":         {"scanner/odb/inflate", "scanner/window"},
	"scanner/unpack":      {},
	"scanner":             {"detectors", "scanner/index", "scanner/odb", "scanner/odb/inflate", "scanner/unpack", "scanner/window"},
	"sweep/forge":         {},
	"sweep":               {"sweep/forge"},
	"sweep/fetch":         {"sweep", "sweep/forge"},
	"sweep/natsq":         {"sweep", "sweep/forge"},
	"sweep/folder":        {"sweep", "sweep/forge"},
	"sweep/sqsq":          {"sweep", "sweep/forge"},
	"report":              {"detectors", "scanner", "scanner/index", "scanner/odb", "scanner/odb/inflate", "scanner/unpack", "scanner/window", "revoke"},
	"report/silence":      {"detectors", "scanner", "scanner/index", "scanner/odb", "scanner/odb/inflate", "scanner/unpack", "scanner/window", "revoke", "report"},
	"report/html":         {"detectors", "scanner", "scanner/index", "scanner/odb", "scanner/odb/inflate", "scanner/unpack", "scanner/window", "revoke", "report"},
	"cmd/revokey":         {"report/silence", "report/html", "sweep", "sweep/fetch", "sweep/folder", "sweep/forge", "sweep/natsq", "sweep/sqsq", "detectors", "scanner", "scanner/index", "scanner/odb", "scanner/odb/inflate", "scanner/unpack", "scanner/window", "revoke", "revoke/localaws", "report"},
}

// foreign are the modules that some packages must not know.
var foreign = map[string][]string{
	"detectors":      {"."}, // any but the standard library
	"scanner":        {"github.com/aws/", "github.com/urfave/"},
	"scanner/unpack": {"github.com/aws/", "github.com/go-git/", "github.com/urfave/"},
	"revoke":         {"github.com/go-git/", "github.com/urfave/"},
	"sweep/forge":    {"github.com/go-git/", "github.com/urfave/"},
	"report":         {"github.com/urfave/"},
	"report/html":    {"github.com/"},
	"sweep":          {"github.com/aws/", "github.com/go-git/", "github.com/nats-io/", "github.com/urfave/"},
	"report/silence": {"github.com/aws/", "github.com/go-git/", "github.com/urfave/"},
}

// TestArrows holds the architecture: which package may know which.
func TestArrows(t *testing.T) {
	t.Parallel()
	for pkg, allowed := range arrows {
		for _, dep := range list(t, "-deps", module+pkg) {
			own, ours := strings.CutPrefix(dep, module)
			if ours && own != pkg && !slices.Contains(allowed, own) {
				t.Errorf("%s depends on %s", pkg, own)
			}
		}
		for _, dep := range list(t, "-f", `{{join .Imports "\n"}}`, module+pkg) {
			for _, no := range foreign[pkg] {
				if strings.Contains(dep, no) && !strings.HasPrefix(dep, module) {
					t.Errorf("%s imports %s", pkg, dep)
				}
			}
		}
	}
}

// TestEveryPackageHasItsArrows keeps a new package from being overlooked.
func TestEveryPackageHasItsArrows(t *testing.T) {
	t.Parallel()
	for _, pkg := range list(t, module+"...") {
		own := strings.TrimPrefix(pkg, module)
		if _, ok := arrows[own]; !ok && !strings.HasSuffix(own, "test") {
			t.Errorf("%s has no arrows", own)
		}
	}
}

// TestOneMainPackage keeps `go install ./...`, which the pre-commit framework
// runs, at one tool.
func TestOneMainPackage(t *testing.T) {
	t.Parallel()
	got := slices.DeleteFunc(list(t, "-f", `{{if eq .Name "main"}}{{.ImportPath}}{{end}}`, module+"..."), func(s string) bool { return s == "" })
	if !slices.Equal(got, []string{module + "cmd/revokey"}) {
		t.Errorf("main packages: %q", got)
	}
}

func list(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}
