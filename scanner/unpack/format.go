package unpack

import (
	"bytes"
	"strconv"
	"strings"
)

// format is a kind of archive.
type format int

const (
	none format = iota
	zipped
	tarred
	gzipped
	bzipped
	xzipped
	zstandard
	sevenZipped
	rarred
	lz4ed
	compressed
)

// String returns the name of the format, as a user knows it.
func (f format) String() string {
	return [...]string{"none", "zip", "tar", "gzip", "bzip2", "xz", "zstd", "7z", "RAR", "lz4", "compress"}[f]
}

// Looks reports whether data, of which no more than [Head] bytes are read, may be an
// archive. That it may be is often wrong for what is like the head of a tar.
func Looks(data []byte) bool {
	return magic(data) != none || len(data) >= tarBlock && likeTar(data)
}

// Head is how many bytes [Looks] reads.
const Head = 108

// formatOf tells the format of all of data.
func formatOf(data []byte) format {
	if f := magic(data); f != none {
		return f
	}
	if isTar(data) {
		return tarred
	}
	return none
}

// magic tells the formats that begin with bytes of their own.
func magic(data []byte) format {
	if len(data) < 6 {
		return none
	}
	switch data[0] {
	case 'P':
		return zipMagic(data)
	case 0x1f:
		return gzipMagic(data)
	case 'B', 0xfd, 0x28, '7', 'R', 0x04:
		return longMagic(data)
	}
	return skippable(data)
}

func zipMagic(data []byte) format {
	switch string(data[:4]) {
	case "PK\x03\x04", "PK\x05\x06", "PK\x07\x08":
		return zipped
	}
	return skippable(data)
}

func gzipMagic(data []byte) format {
	switch {
	case data[1] == 0x8b && data[2] == 8:
		return gzipped
	case data[1] == 0x9d && data[2]&0x60 == 0 && data[2]&0x1f >= 9 && data[2]&0x1f <= 16:
		return compressed
	}
	return none
}

func longMagic(data []byte) format {
	switch {
	case isBzip2(data):
		return bzipped
	case string(data[:6]) == "\xfd7zXZ\x00":
		return xzipped
	case string(data[:4]) == "\x28\xb5\x2f\xfd":
		return zstandard
	case string(data[:6]) == "7z\xbc\xaf\x27\x1c":
		return sevenZipped
	case string(data[:6]) == "Rar!\x1a\x07":
		return rarred
	case string(data[:4]) == "\x04\x22\x4d\x18":
		return lz4ed
	}
	return none
}

// isBzip2 reports whether data starts a block, or is the end of an empty stream.
func isBzip2(data []byte) bool {
	if len(data) < 10 || string(data[:3]) != "BZh" || data[3] < '1' || data[3] > '9' {
		return false
	}
	block := string(data[4:10])
	return block == "\x31\x41\x59\x26\x53\x59" || block == "\x17\x72\x45\x38\x50\x90"
}

// skippable tells the frames that may stand before those of Zstandard.
// See https://datatracker.ietf.org/doc/html/rfc8878#section-3.1.2.
func skippable(data []byte) format {
	if data[0]&0xf0 == 0x50 && string(data[1:4]) == "\x2a\x4d\x18" {
		return zstandard
	}
	return none
}

// tarBlock is the size of a tar header.
const tarBlock = 512

// likeTar reports whether the mode stands where it does in the header of a tar: seven
// octal digits, some of which may be spaces or NUL, and a space or NUL.
// See https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html (ustar).
func likeTar(data []byte) bool {
	if data[107] != 0 && data[107] != ' ' {
		return false
	}
	digits := 0
	for _, c := range data[100:107] {
		switch {
		case c >= '0' && c <= '7':
			digits++
		case c != 0 && c != ' ':
			return false
		}
	}
	return digits > 0
}

// isTar reports whether data starts with the header of a tar, by its checksum; old
// ones have no magic.
func isTar(data []byte) bool {
	if len(data) < tarBlock || !likeTar(data) {
		return false
	}
	header := data[:tarBlock]
	const at, end = 148, 156
	want, err := strconv.ParseUint(strings.Trim(string(header[at:end]), " \x00"), 8, 32)
	sum := uint64(8 * ' ') // the checksum's own field counts as spaces
	for i, c := range header {
		if i < at || i >= end {
			sum += uint64(c)
		}
	}
	return err == nil && sum == want || bytes.HasPrefix(header[257:], []byte("ustar"))
}
