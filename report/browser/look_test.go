package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestLook takes the page's picture at three widths, in light and dark, and on paper,
// and checks that nothing is wider than the screen.
func TestLook(t *testing.T) {
	b := open(t, sample())
	for _, width := range []int64{390, 820, 1440} {
		for _, colours := range []string{"light", "dark"} {
			b.size(width, 900)
			b.media("screen", colours)
			if wide := eval[int64](b, "document.documentElement.scrollWidth"); wide > width {
				t.Errorf("at a width of %d the page is %d wide", width, wide)
			}
			shot, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
			keep(t, fmt.Sprintf("page-%d-%s.png", width, colours), shot, err)
		}
	}
	b.media("print", "dark")
	pdf, err := chromedp.Run(b.ctx, chromedp.PrintToPDF())
	keep(t, "page.pdf", pdf, err)
	b.quiet()
}

// keep saves a picture where SCREENSHOTS says.
func keep(t *testing.T, name string, data []byte, err error) {
	t.Helper()
	if err != nil || len(data) < 10_000 {
		t.Fatalf("%s has %d bytes: %v", name, len(data), err)
	}
	if dir := os.Getenv("SCREENSHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
