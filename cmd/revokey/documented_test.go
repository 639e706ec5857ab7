package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestDocumented holds every package of the repository, those of the nested modules too,
// to a doc comment, and every exported name to one: of what stands in a group, that of the
// group or the one behind it will do. What fmt and errors define needs none.
func TestDocumented(t *testing.T) {
	t.Parallel()
	packages := make(map[string]bool) // whether it has a doc comment
	names := 0
	err := filepath.WalkDir(docsRoot, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == ".git" || entry.Name() == "build" || entry.Name() == "dist"):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		packages[filepath.Dir(path)] = packages[filepath.Dir(path)] || file.Doc != nil
		for _, name := range undocumented(file, &names) {
			t.Errorf("%s: %s has no doc comment", path, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir, ok := range packages {
		if !ok {
			t.Errorf("%s: the package has no doc comment", dir)
		}
	}
	if len(packages) < 15 || names < 200 {
		t.Errorf("saw %d packages and %d exported names only", len(packages), names)
	}
}

// undocumented returns the exported names of a file without a doc comment, and counts all.
func undocumented(file *ast.File, names *int) []string {
	var all []string
	check := func(name *ast.Ident, docs ...*ast.CommentGroup) {
		if !name.IsExported() {
			return
		}
		*names++
		for _, d := range docs {
			if d != nil {
				return
			}
		}
		all = append(all, name.Name)
	}
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			ofOthers := d.Recv != nil && slices.Contains([]string{"Error", "String", "Unwrap"}, d.Name.Name)
			if !ofOthers && (d.Recv == nil || receiverIsExported(d.Recv)) {
				check(d.Name, d.Doc)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					check(s.Name, d.Doc, s.Doc, s.Comment)
				case *ast.ValueSpec:
					for _, name := range s.Names {
						check(name, d.Doc, s.Doc, s.Comment)
					}
				}
			}
		}
	}
	return all
}

func receiverIsExported(recv *ast.FieldList) bool {
	typ := recv.List[0].Type
	for {
		switch t := typ.(type) {
		case *ast.StarExpr:
			typ = t.X
		case *ast.IndexExpr:
			typ = t.X
		case *ast.Ident:
			return t.IsExported()
		default:
			return false
		}
	}
}
