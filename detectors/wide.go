package detectors

import "bytes"

// hasWide reports whether data holds a key ID, or what may be a secret, in UTF-16
// or a key ID in UTF-32, of whatever order of bytes: characters of base64 with
// NULs between.
func hasWide(data []byte) bool {
	if bytes.IndexByte(data, 0) < 0 {
		return false
	}
	for _, step := range []int{2, 4} {
		for start, end := range strided(data, base64Class, keyIDLen, step) {
			if wideRun(data, start, end, step) {
				return true
			}
		}
	}
	return false
}

// wideRun reports whether the characters in data[start:end], step apart, are or
// hold what is looked for.
func wideRun(data []byte, start, end, step int) bool {
	from := start - min(beside, start/step)*step
	text := narrowed(data[from:min(len(data), end+beside*step)], step)
	return hasPlainKeyID(text) || step == 2 && len(findSecrets(text)) > 0
}

// wideText is a text of characters that are step bytes apart.
type wideText struct {
	step, phase int
	how         string
}

var wideTexts = []wideText{
	{2, 0, "utf-16le"}, {2, 1, "utf-16be"}, {4, 0, "utf-32le"}, {4, 3, "utf-32be"},
	{4, 1, "utf-32"}, {4, 2, "utf-32"}, // within something else
}

// narrowed returns every step-th byte of data, 0xff where it stands for no
// character of ASCII: where neither the bytes before nor behind are NUL.
func narrowed(data []byte, step int) []byte {
	text := make([]byte, 0, len(data)/step+1)
	for at := 0; at < len(data); at += step {
		c := data[at]
		if !nulls(data, at+1, at+step) && !nulls(data, at-step+1, at) {
			c = 0xff
		}
		text = append(text, c)
	}
	return text
}

// nulls reports whether data[from:to], as far as there is any, is all NUL.
func nulls(data []byte, from, to int) bool {
	for i := max(0, from); i < min(to, len(data)); i++ {
		if data[i] != 0 {
			return false
		}
	}
	return true
}

// wideViews returns the views of data as UTF-16 and UTF-32 in which there is
// something.
func wideViews(data []byte) []*view {
	if !hasWide(data) {
		return nil
	}
	var views []*view
	for _, w := range wideTexts {
		text := narrowed(data[min(w.phase, len(data)):], w.step)
		if (accessKey{}).Quiet(text) {
			continue
		}
		p := part{from: Span{w.phase, len(data)}, text: text, how: []string{w.how}, step: w.step}
		views = append(views, (&view{text: data}).with([]part{p}))
	}
	return views
}
