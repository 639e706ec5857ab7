package scanner

// RootOf returns the root of the repository that path belongs to: of its work tree, or the
// git directory of a bare one, as [History.Name] does. The error is [ErrNotRepository]
// where there is none.
func RootOf(path string) (string, error) {
	r, err := findRepo(path)
	return r.root, err
}
