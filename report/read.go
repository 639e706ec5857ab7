package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// Read reads findings as [NewWriter] writes them in "json" or "jsonl". A line
// that is not a finding is an error that names it: nothing is left out.
func Read(r io.Reader) ([]Record, error) {
	records, _, err := ReadReport(r)
	return records, err
}

// ReadReport is [Read] that also returns the summary; nil where the findings come
// without one, as in "jsonl".
func ReadReport(r io.Reader) ([]Record, *Summary, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, nil, err
	}
	var doc document
	if json.Unmarshal(data, &doc) == nil && doc.Schema == reportSchema {
		return doc.Findings, &doc.Summary, checkAll(doc.Findings)
	}
	records, err := readLines(data)
	return records, nil, err
}

func checkAll(records []Record) error {
	for i := range records {
		if err := records[i].check(); err != nil {
			return fmt.Errorf("finding %d: %w", i+1, err)
		}
	}
	return nil
}

func readLines(data []byte) ([]Record, error) {
	var records []Record
	n := 0
	for line := range bytes.Lines(data) {
		n++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var r Record
		if err := r.decode(line); err != nil {
			return nil, fmt.Errorf("line %d is not a finding: %w", n, err)
		}
		records = append(records, r)
	}
	return records, nil
}
