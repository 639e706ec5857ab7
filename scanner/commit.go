package scanner

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// commit is what attribution needs of a commit.
type commit struct {
	id, tree odb.ID
	parents  []odb.ID
	time     int64 // of the committer, seconds since 1970
}

// header calls line for each line of the header of a commit or tag, and
// returns its length, the empty line after it included.
func header(data []byte, line func(key, value string)) int {
	n := 0
	for n < len(data) {
		end := bytes.IndexByte(data[n:], '\n')
		if end <= 0 {
			return n + end + 1
		}
		key, value, _ := strings.Cut(string(data[n:n+end]), " ")
		line(key, value)
		n += end + 1
	}
	return n
}

// parseCommit reads a commit object, and returns the length of its header.
func parseCommit(obj *odb.Object) (commit, int) {
	c := commit{id: obj.ID}
	n := header(obj.Data, func(key, value string) {
		switch key {
		case "tree":
			c.tree, _ = odb.ParseID(value) // a damaged one is a tree that is not there
		case "parent":
			if p, err := odb.ParseID(value); err == nil {
				c.parents = append(c.parents, p)
			}
		case "committer":
			_, when := parseSignature(value)
			c.time = when
		}
	})
	return c, n
}

// tag is what attribution needs of an annotated tag.
type tag struct {
	id, target odb.ID
	name       string
	tagger     string
	time       int64
}

func parseTag(obj *odb.Object) tag {
	t := tag{id: obj.ID}
	header(obj.Data, func(key, value string) {
		switch key {
		case "object":
			t.target, _ = odb.ParseID(value)
		case "tag":
			t.name = value
		case "tagger":
			t.tagger, t.time = parseSignature(value)
		}
	})
	return t
}

// author returns who wrote a commit.
func author(data []byte) (who string) {
	header(data, func(key, value string) {
		if key == "author" {
			who, _ = parseSignature(value)
		}
	})
	return who
}

// parseSignature cuts "NAME <MAIL> SECONDS ZONE" into the person and the time.
func parseSignature(s string) (who string, seconds int64) {
	end := strings.LastIndexByte(s, '>') + 1
	seconds, _ = strconv.ParseInt(firstField(s[end:]), 10, 64)
	return s[:end], seconds
}

func firstField(s string) string {
	if fields := strings.Fields(s); len(fields) > 0 {
		return fields[0]
	}
	return ""
}

// lastYear bounds the dates that commits may claim, so that they can be
// written as RFC 3339, which ends with the year 9999.
var lastYear = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// date returns the time, zero where there is none.
func date(seconds int64) time.Time {
	if seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(min(seconds, lastYear.Unix()), 0).UTC()
}
