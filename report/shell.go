package report

import "strings"

// ShellWord returns a word so that a shell takes it for one word, and for nothing else: as it
// is, else in quotes. A word that would do something to a terminal comes with escapes, in the
// quotes $'…' of bash, zsh and ksh.
func ShellWord(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:,@+%^=", r)
	}
	switch {
	case Plain(word) != word:
		return "$'" + strings.ReplaceAll(Printable(word), "'", `\'`) + "'"
	case word != "" && word[0] != '=' && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0: // zsh looks for the command behind =
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
