// Weight tells what of the program weighs most: the bytes of its symbols, by module.
//
// # Usage
//
//	cd bench
//	go run ./weight [-packages] [-top N]
//
// It builds revokey from the tree around it for linux/amd64, stripped as it is released and
// once more with its symbols, and adds up the symbols of each package, by the module that
// `go list` says it is of. Exit code 1: the stripped program is larger than
// -limit.
//
// # Limitations
//
// What belongs to no symbol, such as the table from addresses to lines that every Go program
// has, is told as one sum: it grows with the code of all.
package main

import (
	"cmp"
	"debug/elf"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const (
	mebi = 1 << 20
	sdk  = "github.com/aws/aws-sdk-go-v2"
)

var errTooLarge = errors.New("larger than the limit")

func main() {
	packages := flag.Bool("packages", false, "tell by package, not by module")
	top := flag.Int("top", 15, "tell the first `N`")
	limit := flag.Float64("limit", 30, "the most that the stripped program may weigh, in `MiB`")
	flag.Parse()
	if err := run(*packages, *top, *limit); err != nil {
		fmt.Fprintln(os.Stderr, "weight:", err)
		os.Exit(1)
	}
}

func run(byPackage bool, top int, limit float64) error {
	dir, err := os.MkdirTemp("", "revokey-weight-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	stripped, whole := filepath.Join(dir, "stripped"), filepath.Join(dir, "whole")
	for file, flags := range map[string]string{stripped: "-s -w", whole: ""} {
		if _, err := command("go", "build", "-trimpath", "-ldflags", flags, "-o", file, "./cmd/revokey"); err != nil {
			return err
		}
	}
	info, err := os.Stat(stripped)
	if err != nil {
		return err
	}
	modules, err := modulesOf()
	if err != nil {
		return err
	}
	sizes, err := symbols(whole)
	if err != nil {
		return err
	}
	weights, rest := make(map[string]int64), info.Size()
	for pkg, size := range sizes {
		name := pkg
		if !byPackage {
			name = modules[pkg]
		}
		if modules[pkg] == "" {
			name = "(no package)"
		}
		weights[name] += size
		rest -= size
	}
	weights["(no symbol: line tables, headers)"] = rest
	table(weights, top, info.Size())
	if size := float64(info.Size()) / mebi; size > limit {
		return fmt.Errorf("%.1f MiB: %w, which is %.0f", size, errTooLarge, limit)
	}
	return nil
}

func table(weights map[string]int64, top int, all int64) {
	fmt.Printf("revokey, linux/amd64, stripped: %.1f MiB\n\n| | MiB | %% |\n|---|---|---|\n", float64(all)/mebi)
	names := slices.SortedFunc(maps.Keys(weights), func(a, b string) int { return cmp.Compare(weights[b], weights[a]) })
	for _, name := range names[:min(top, len(names))] {
		fmt.Printf("| %s | %.2f | %.1f |\n", name, float64(weights[name])/mebi, 100*float64(weights[name])/float64(all))
	}
}

// modulesOf returns the module of each package of the program: of those of Go itself, "Go".
func modulesOf() (map[string]string, error) {
	out, err := command("go", "list", "-deps", "-f", "{{.ImportPath}} {{with .Module}}{{.Path}}{{else}}Go{{end}}", "./cmd/revokey")
	if err != nil {
		return nil, err
	}
	modules := map[string]string{"main": "github.com/revokey-dev/revokey"}
	for line := range strings.Lines(string(out)) {
		if pkg, module, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			if strings.HasPrefix(module, sdk) { // a module for each service
				module = sdk
			}
			modules[pkg] = module
		}
	}
	return modules, nil
}

// symbols adds up the sizes of a program's symbols by package. What is made when it
// starts (bss) is not in the file, and weighs nothing; `go tool nm` would not tell.
func symbols(program string) (map[string]int64, error) {
	file, err := elf.Open(program)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	all, err := file.Symbols()
	if err != nil {
		return nil, err
	}
	sizes := make(map[string]int64)
	for _, s := range all {
		if int(s.Section) < len(file.Sections) && file.Sections[s.Section].Type != elf.SHT_NOBITS {
			sizes[packageOf(s.Name)] += int64(s.Size)
		}
	}
	return sizes, nil
}

// packageOf returns the import path in a symbol's name, such as that of
// type:*github.com/x/y.T or go:itab.*github.com/x/y.T,io.Reader.
func packageOf(symbol string) string {
	name := symbol
	for _, prefix := range []string{"type:.eq.", "type:.hash.", "type:", "go:itab."} {
		name = strings.TrimPrefix(name, prefix)
	}
	name = strings.TrimLeft(name, "*[]&")
	end := cut(name, "[({,")
	slash := strings.LastIndexByte(name[:end], '/')
	dot := strings.IndexByte(name[slash+1:], '.')
	if dot < 0 || slash+1+dot > end {
		return ""
	}
	return strings.ReplaceAll(name[:slash+1+dot], "%2e", ".")
}

// cut returns where the first of chars stands, or the length.
func cut(s, chars string) int {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return i
	}
	return len(s)
}

// command runs a program of Go's in the root of the repository, for linux/amd64.
func command(name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stderr = "..", os.Stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", name, args[0], err)
	}
	return out, nil
}
