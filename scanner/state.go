package scanner

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"github.com/revokey-dev/revokey/scanner/odb"
	"github.com/revokey-dev/revokey/scanner/regular"
)

// state is what one scan of a history leaves for the next: which objects were read,
// by which rules, in which of them something was found, and what attribution needs
// of the others. It holds names of objects and numbers only: no secret, no path and
// no other text of the repository. What is needed of those is read again.
type state struct {
	rules   string // the detectors and limits; others mean a new scan
	known   odb.Known
	loose   int      // how many of the known objects were loose
	hits    []odb.ID // the objects in which something was found, or could not be looked at
	commits commitRows
	more    [][]byte // rows of further commits, when it is written
	tags    []odb.ID
	objects []odb.ID // those that the trees below hold: a part of hits
	trees   []odb.ID
	entries [][]holds // of each tree
	names   []nameRef // of the entries
}

// nameRef is where a name of an entry can be read again.
type nameRef struct {
	tree    odb.ID
	at, len int32 // in the tree
}

// StateError is returned by [OpenHistory] for a state file that cannot be used,
// which is then left as it is.
type StateError struct {
	Path   string
	Reason string
}

func (e *StateError) Error() string {
	return fmt.Sprintf("state file %q %s: remove it, or name another", e.Path, e.Reason)
}

// stateMagic starts a state file; the number in it is that of its format.
const stateMagic = "revokey state 1\n"

var (
	errNoState      = errors.New("is no state file of revokey, or of another version")
	errStateDamaged = errors.New("is damaged")
)

// loadState reads a state file. One that is not there is nil.
func loadState(path string) (*state, error) {
	data, err := regular.Read(path, math.MaxInt64) // a pipe or a device is none, and may never end
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the state: %w", err)
	}
	s, err := parseState(data)
	if err != nil {
		return nil, &StateError{Path: path, Reason: err.Error()}
	}
	return s, nil
}

// save replaces the state file as a whole.
func (s *state) save(path string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing the state file %q: %w", path, err)
		}
	}()
	f, err := os.CreateTemp(filepath.Dir(path), ".revokey-state-*")
	if err != nil {
		return err
	}
	err = s.encode(f)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// crcTable is that of CRC-32C, for which processors have an instruction.
func crcTable() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// encode writes the file: the magic, its parts, and the CRC-32C of all that.
func (s *state) encode(f io.Writer) error {
	sum := crc32.New(crcTable())
	e := stateEncoder{w: bufio.NewWriterSize(io.MultiWriter(f, sum), 1<<16)}
	e.w.WriteString(stateMagic)
	e.bytes([]byte(s.rules))
	e.ids(s.known.Packs)
	e.bytes(s.known.Objects)
	e.number(s.loose)
	e.ids(s.hits)
	e.number(s.commits.hash)
	e.bytes(s.commits.rows, s.more...)
	e.ids(s.tags)
	e.ids(s.objects)
	e.ids(s.trees)
	for _, entries := range s.entries {
		e.number(len(entries))
		for _, h := range entries {
			e.entry(h)
		}
	}
	e.number(len(s.names))
	for _, n := range s.names {
		e.ids([]odb.ID{n.tree})
		e.number(int(n.at))
		e.number(int(n.len))
	}
	err := e.w.Flush() // the first error of all that was written
	_, sumErr := f.Write(binary.LittleEndian.AppendUint32(nil, sum.Sum32()))
	return errors.Join(err, sumErr)
}

// stateEncoder writes parts: numbers as varints, and what has a length behind it.
type stateEncoder struct{ w *bufio.Writer }

func (e *stateEncoder) number(n int) { e.w.Write(binary.AppendUvarint(nil, uint64(n))) }

func (e *stateEncoder) bytes(b []byte, more ...[]byte) {
	n := len(b)
	for _, m := range more {
		n += len(m)
	}
	e.number(n)
	e.w.Write(b)
	for _, m := range more {
		e.w.Write(m)
	}
}

// ids writes names of one length.
func (e *stateEncoder) ids(ids []odb.ID) {
	e.number(len(ids))
	if len(ids) > 0 {
		e.number(ids[0].Len())
	}
	for _, id := range ids {
		e.w.Write(id.Bytes())
	}
}

func (e *stateEncoder) entry(h holds) {
	e.number(int(h.name))
	e.number(int(h.held))
	kind := 0
	if h.tree {
		kind = 1
	}
	e.number(kind)
}

// parseState reads what encode wrote.
func parseState(data []byte) (*state, error) {
	if len(data) < len(stateMagic) || string(data[:len(stateMagic)]) != stateMagic {
		return nil, errNoState
	}
	body := len(data) - 4
	if body < len(stateMagic) || binary.LittleEndian.Uint32(data[body:]) != crc32.Checksum(data[:body], crcTable()) {
		return nil, errStateDamaged
	}
	d := stateDecoder{data: data[len(stateMagic):body]}
	s := &state{rules: string(d.bytes())}
	s.known = odb.Known{Packs: d.ids(), Objects: d.bytes()}
	s.loose, s.hits = d.number(), d.ids()
	s.commits = commitRows{hash: d.number(), rows: d.bytes()}
	s.tags, s.objects, s.trees = d.ids(), d.ids(), d.ids()
	for range s.trees {
		s.entries = append(s.entries, d.entries())
	}
	for range d.count() {
		s.names = append(s.names, d.name())
	}
	if d.bad || len(d.data) > 0 || !s.sound() {
		return nil, errStateDamaged
	}
	return s, nil
}

// stateDecoder takes parts off data. What is not there sets bad, and is empty.
type stateDecoder struct {
	data []byte
	bad  bool
}

func (d *stateDecoder) number() int {
	n, size := binary.Uvarint(d.data)
	if size <= 0 || n > 1<<40 {
		d.bad, d.data = true, nil
		return 0
	}
	d.data = d.data[size:]
	return int(n)
}

// count is the number of things that follow, each of a byte at least.
func (d *stateDecoder) count() int {
	n := d.number()
	if n > len(d.data) {
		d.bad = true
		return 0
	}
	return n
}

func (d *stateDecoder) bytes() []byte {
	n := d.count()
	b := d.data[:n]
	d.data = d.data[n:]
	return b
}

func (d *stateDecoder) ids() []odb.ID {
	n := d.count()
	if n == 0 {
		return nil
	}
	size := d.number()
	if size != 20 && size != 32 || n > len(d.data)/size {
		d.bad = true
		return nil
	}
	ids := make([]odb.ID, n)
	for i := range ids {
		ids[i] = odb.NewID(d.data[i*size : (i+1)*size])
	}
	d.data = d.data[n*size:]
	return ids
}

func (d *stateDecoder) entries() []holds {
	entries := make([]holds, d.count())
	for i := range entries {
		entries[i] = holds{name: int32(d.number()), held: int32(d.number()), tree: d.number() == 1}
	}
	return entries
}

func (d *stateDecoder) name() nameRef {
	ids := d.ids()
	n := nameRef{at: int32(d.number()), len: int32(d.number())}
	if len(ids) != 1 {
		d.bad = true
		return n
	}
	n.tree = ids[0]
	return n
}

// sound reports whether all numbers are of something that is there.
func (s *state) sound() bool {
	for _, entries := range s.entries {
		for _, h := range entries {
			held := len(s.objects)
			if h.tree {
				held = len(s.trees)
			}
			if h.name < 0 || int(h.name) >= len(s.names) || h.held < 0 || int(h.held) >= held {
				return false
			}
		}
	}
	hash := s.commits.hash
	return (hash == 0 || hash == 20 || hash == 32) && (hash == 0 || len(s.known.Objects)%hash == 0)
}
