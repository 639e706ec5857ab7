package browser

import (
	"os"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestAccess lets axe-core look for what keeps people from reading the page: contrast
// (WCAG 2.2, level AA), roles, names, order; in light and dark, and on paper.
func TestAccess(t *testing.T) {
	script, err := os.ReadFile(os.Getenv("AXE"))
	if err != nil {
		missing(t, "axe-core, which AXE names,")
	}
	b := open(t, sample())
	eval[bool](b, string(script)+";true")
	for _, look := range []struct {
		medium, colours string
		width           int64
	}{{"screen", "light", 1440}, {"screen", "dark", 1440}, {"screen", "light", 390}, {"screen", "dark", 820}, {"print", "light", 1440}} {
		b.size(look.width, 6000) // all of it
		b.media(look.medium, look.colours)
		found, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then((r) =>
			r.violations.flatMap((v) => v.nodes.map((n) => v.id + ": " + n.html.slice(0, 160) + " " + n.failureSummary)))`, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			t.Errorf("%s %s at %d: %s", look.medium, look.colours, look.width, f)
		}
	}
}
