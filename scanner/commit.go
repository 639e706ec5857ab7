package scanner

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// header calls line for each line of the header of a commit or tag, and
// returns its length, the empty line after it included.
func header(data []byte, line func(key, value []byte)) int {
	n := 0
	for n < len(data) {
		end := bytes.IndexByte(data[n:], '\n')
		if end <= 0 {
			return n + end + 1
		}
		key, value, _ := bytes.Cut(data[n:n+end], []byte{' '})
		line(key, value)
		n += end + 1
	}
	return n
}

// idOf reads an object's name; a damaged one is that of nothing.
func idOf(value []byte) odb.ID {
	var sum [32]byte
	n := len(value) / 2
	if n != 20 && n != 32 {
		return odb.ID{}
	}
	if _, err := hex.Decode(sum[:], value); err != nil {
		return odb.ID{}
	}
	return odb.NewID(sum[:n])
}

// tag is what attribution needs of an annotated tag.
type tag struct {
	id, target odb.ID
	name       string
	tagger     string
	time       int64
}

func parseTag(obj *odb.Object) tag {
	t := tag{id: obj.ID()}
	header(obj.Data, func(key, value []byte) {
		switch string(key) {
		case "object":
			if t.target.IsZero() { // a second line of that key says nothing to git
				t.target = idOf(value)
			}
		case "tag":
			t.name = string(value)
		case "tagger":
			who, when := parseSignature(value)
			t.tagger, t.time = string(who), when
		}
	})
	return t
}

// author returns who wrote a commit.
func author(data []byte) (who string) {
	header(data, func(key, value []byte) {
		if string(key) == "author" {
			person, _ := parseSignature(value)
			who = string(person)
		}
	})
	return who
}

// parseSignature cuts "NAME <MAIL> SECONDS ZONE" into the person and the time.
func parseSignature(s []byte) (who []byte, seconds int64) {
	end := bytes.LastIndexByte(s, '>') + 1
	number, _, _ := bytes.Cut(bytes.TrimLeft(s[end:], " "), []byte{' '})
	seconds, _ = strconv.ParseInt(string(number), 10, 64)
	return s[:end], seconds
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
