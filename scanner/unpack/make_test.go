package unpack_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os/exec"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// No archive is kept in the tree: these make them.

type file struct{ name, content string }

// must is for what writes to memory.
func must(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func zipOf(t testing.TB, files ...file) []byte       { return methodZip(t, zip.Deflate, files...) }
func storedZip(t testing.TB, files ...file) []byte   { return methodZip(t, zip.Store, files...) }
func write(t testing.TB, w io.Writer, data string)   { _, err := io.WriteString(w, data); must(t, err) }
func gzipWriter(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }
func zstdWriter(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) }
func xzWriter(w io.Writer) (io.WriteCloser, error)   { return xz.NewWriter(w) }

func methodZip(t testing.TB, method uint16, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(93, zstdWriter)
	z.RegisterCompressor(95, func(w io.Writer) (io.WriteCloser, error) { return &lateXZ{to: w}, nil })
	for _, f := range files {
		w, err := z.CreateHeader(&zip.FileHeader{Name: f.name, Method: method})
		must(t, err)
		write(t, w, f.content)
	}
	must(t, z.Close())
	return b.Bytes()
}

// lateXZ writes all at its end: the library writes a header before it is asked to,
// which then stands before the zip's own.
type lateXZ struct {
	bytes.Buffer
	to io.Writer
}

func (l *lateXZ) Close() error {
	w, err := xz.NewWriter(l.to)
	if err == nil {
		_, err = l.WriteTo(w)
	}
	if err != nil {
		return err
	}
	return w.Close()
}

// encryptedZip has a member that says it is encrypted, and one that does not.
func encryptedZip(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateRaw(&zip.FileHeader{Name: "secret", Flags: 1, Method: zip.Store, CompressedSize64: 1, UncompressedSize64: 1})
	must(t, err)
	write(t, w, "1")
	w, err = z.Create("open")
	must(t, err)
	write(t, w, "2")
	must(t, z.Close())
	return b.Bytes()
}

// strangeZip has a member of a method that nobody has.
func strangeZip(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateRaw(&zip.FileHeader{Name: "a", Method: 77, CompressedSize64: 1, UncompressedSize64: 1})
	must(t, err)
	write(t, w, "1")
	must(t, z.Close())
	return b.Bytes()
}

func tarOf(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		must(t, w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.content))}))
		write(t, w, f.content)
	}
	must(t, w.Close())
	return b.Bytes()
}

// oldTar is a tar without a magic.
func oldTar(t testing.TB, files ...file) []byte {
	t.Helper()
	data := tarOf(t, files...)
	for i := 0; i+512 <= len(data) && data[i] != 0; i += 1024 {
		head := data[i : i+512]
		clear(head[257:265])
		setChecksum(head)
	}
	return data
}

func setChecksum(head []byte) {
	copy(head[148:], "        ")
	sum := 0
	for _, c := range head {
		sum += int(c)
	}
	copy(head[148:], fmt.Sprintf("%06o\x00 ", sum))
}

func packed(t testing.TB, data []byte, open func(io.Writer) (io.WriteCloser, error)) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := open(&b)
	must(t, err)
	write(t, w, string(data))
	must(t, w.Close())
	return b.Bytes()
}

func gzipOf(t testing.TB, data []byte) []byte { t.Helper(); return packed(t, data, gzipWriter) }
func xzOf(t testing.TB, data []byte) []byte   { t.Helper(); return packed(t, data, xzWriter) }
func zstdOf(t testing.TB, data []byte) []byte { t.Helper(); return packed(t, data, zstdWriter) }

// by runs a tool of the system over data; where there is none, the test is skipped.
func by(t testing.TB, data []byte, tool string, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath(tool)
	if err != nil {
		t.Skipf("SKIPPED, not tested: there is no %s here: %v", tool, err)
	}
	cmd := exec.Command(path, args...)
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	must(t, err)
	return out
}

// patched returns a copy of data with a number put in at an offset.
func patched[T uint16 | uint32](data []byte, at int, n T) []byte {
	data = bytes.Clone(data)
	if _, err := binary.Encode(data[at:], binary.LittleEndian, n); err != nil {
		panic(err)
	}
	return data
}

// setCRC mends the checksum at the end of the header of a block of xz.
func setCRC(header []byte) {
	n := len(header) - 4
	binary.LittleEndian.PutUint32(header[n:], crc32.ChecksumIEEE(header[:n]))
}
