package main

import (
	"fmt"
	"io"
	"strconv"
)

// result is all that was measured on one repository.
type result struct {
	Repository string   `json:"repository"`
	Objects    int      `json:"objects"`
	PackBytes  int64    `json:"pack_bytes"`
	Processors int      `json:"processors"`
	Rounds     int      `json:"rounds"`
	Rows       []row    `json:"rows"`
	Ratios     []ratio  `json:"ratios"`
	Planted    *planted `json:"planted,omitempty"`
	Notes      []string `json:"notes,omitempty"`
}

// row is one subject's figures; null is what is unknown.
type row struct {
	Name string `json:"name"`
	CPU  stat   `json:"cpu_seconds"`
	Wall stat   `json:"wall_seconds"`
	Anon *stat  `json:"anonymous_bytes"`
}

// ratio is one subject's figures over another's.
type ratio struct {
	Name string `json:"name"`
	CPU  stat   `json:"cpu"`
	Wall stat   `json:"wall"`
}

// add adds the rows of samples, in the order of list, and the ratios.
func (r *result) add(list []subject, samples map[string][]sample) {
	for _, s := range list {
		r.Rows = append(r.Rows, newRow(s.name, samples[s.name]))
	}
	for _, p := range pairs {
		a, b := samples[p.a], samples[p.b]
		if len(a) == 0 || len(b) == 0 {
			continue
		}
		r.Ratios = append(r.Ratios, ratio{p.a + " / " + p.b, ratioOf(column(a, cpu), column(b, cpu)), ratioOf(column(a, wall), column(b, wall))})
	}
}

func newRow(name string, samples []sample) row {
	r := row{Name: name, CPU: statOf(column(samples, cpu)), Wall: statOf(column(samples, wall))}
	if memory := statOf(column(samples, anon)); memory.Max > 0 {
		r.Anon = &memory
	}
	return r
}

func cpu(s sample) float64  { return s.CPU }
func wall(s sample) float64 { return s.Wall }
func anon(s sample) float64 { return s.Anon }

func column(samples []sample, of func(sample) float64) []float64 {
	var values []float64
	for _, s := range samples {
		values = append(values, of(s))
	}
	return values
}

// markdown writes the result as two tables.
func (r *result) markdown(w io.Writer) {
	fmt.Fprintf(w, "### %s: %s objects, %d MiB of packs\n\n", r.Repository, thousands(r.Objects), r.PackBytes>>20)
	fmt.Fprintf(w, "Medians of %d rounds on %d processors, least–most behind them.\n\n", r.Rounds, r.Processors)
	fmt.Fprint(w, "| | CPU s | wall s | memory MiB |\n|---|---|---|---|\n")
	for _, row := range r.Rows {
		fmt.Fprintf(w, "| `%s` | %s | %s | %s |\n", row.Name, row.CPU.text("%.2f"), row.Wall.text("%.2f"), memory(row.Anon))
	}
	fmt.Fprint(w, "\n| ratio | CPU | wall |\n|---|---|---|\n")
	for _, q := range r.Ratios {
		fmt.Fprintf(w, "| %s | %s | %s |\n", q.Name, q.CPU.text("%.3f"), q.Wall.text("%.3f"))
	}
	fmt.Fprintln(w)
	if p := r.Planted; p != nil {
		fmt.Fprintf(w, "Of %d keys planted, %d were found, %d at the commit that brought them.\n\n", p.Keys, p.Found, p.AtCommit)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(w, "Note: %s.\n\n", n)
	}
}

func (s stat) text(format string) string {
	return fmt.Sprintf(format+" ("+format+"–"+format+")", s.Median, s.Min, s.Max)
}

func memory(s *stat) string {
	if s == nil {
		return "unknown"
	}
	const mib = 1 << 20
	return stat{s.Median / mib, s.Min / mib, s.Max / mib}.text("%.0f")
}

// thousands writes n as 849,014.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
