package inflate

import (
	"math/bits"
	"math/rand/v2"
	"testing"
)

// TestTables looks all values of 15 bits up in the tables of random codes, and holds
// what it finds against a search among the codes as RFC 1951, section 3.2.2, makes them.
func TestTables(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	c := new(codes)
	for range 300 {
		lens := randomLengths(r, numLit)
		checkTable(t, c.lit[:], lens, &litAlphabet)
		lens = randomLengths(r, numDist)
		checkTable(t, c.dist[:], lens, &distAlphabet)
	}
}

func checkTable(t *testing.T, table []entry, lens []uint8, a *alphabet) {
	t.Helper()
	mask, err := new(builder).build(table, lens, a)
	if err != nil {
		t.Fatal(err)
	}
	naive := canonical(lens)
	for v := range uint64(1) << maxBits {
		e := table[v&mask]
		if e&pointer != 0 {
			e = table[e.second(v)]
		}
		symbol := naive[v]
		if want := a.symbols[symbol] + entry(lens[symbol])*perBit; e != want {
			t.Fatalf("%015b: got entry %#x, want %#x of symbol %d, whose code has %d bits", v, e, want, symbol, lens[symbol])
		}
	}
}

// canonical tells the symbol that each value of 15 bits, the first one lowest, starts with.
func canonical(lens []uint8) []int {
	symbols := make([]int, 1<<maxBits)
	code := uint32(0)
	for l := 1; l <= maxBits; l++ {
		for symbol := range lens {
			if int(lens[symbol]) != l {
				continue
			}
			for v := bits.Reverse32(code) >> (32 - l); v < 1<<maxBits; v += 1 << l {
				symbols[v] = symbol
			}
			code++
		}
		code <<= 1
	}
	return symbols
}

// randomLengths makes a complete code of up to n symbols: a tree that grows at a leaf
// by chance, or mostly at its deepest, or mostly at its shallowest.
func randomLengths(r *rand.Rand, n int) []uint8 {
	leaves := []uint8{1, 1}
	taste := r.IntN(3)
	for range r.IntN(n - 2) {
		i := r.IntN(len(leaves))
		for range 4 * taste {
			if j := r.IntN(len(leaves)); leaves[j] < maxBits && (leaves[j] > leaves[i]) == (taste == 1) {
				i = j
			}
		}
		if leaves[i] < maxBits {
			leaves[i]++
			leaves = append(leaves, leaves[i])
		}
	}
	lens := make([]uint8, n)
	for i, at := range r.Perm(n)[:len(leaves)] {
		lens[at] = leaves[i]
	}
	return lens
}
