package browser

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/revokey-dev/revokey/report/html/htmltest"
)

const (
	status = iota
	credential
	account
	repository
	place
	author
	leaked
	lastUsed
)

// heading is the button that sorts by the list's column.
func heading(column string) string {
	return `Array.from(document.querySelectorAll("#list th button")).find((b) => b.textContent === "` + column + `")`
}

// TestSort: a click on a heading sorts, a second one the other way round; what is not
// known comes last both times.
func TestSort(t *testing.T) {
	b := open(t, sample())
	worst := b.column(status)
	if worst[0] != "live" || worst[len(worst)-1] != "canary" {
		t.Errorf("at first the order is %q", worst)
	}
	for name, n := range map[string]int{"Account": account, "Place": place, "Author": author, "Leaked": leaked} {
		eval[bool](b, heading(name)+".click(), true")
		up := b.column(n)
		if !slices.IsSortedFunc(up, func(x, y string) int { return strings.Compare(strings.ToLower(x), strings.ToLower(y)) }) {
			t.Errorf("by %s the order is %q", name, up)
		}
		eval[bool](b, heading(name)+".click(), true")
		down := b.column(n)
		slices.Reverse(down)
		if !slices.Equal(up, down) {
			t.Errorf("by %s the other order is %q", name, down)
		}
		if got := eval[[]string](b, `Array.from(document.querySelectorAll("#list [aria-sort]"), (th) => th.textContent + " " + th.getAttribute("aria-sort"))`); !slices.Equal(got, []string{name + " descending"}) {
			t.Errorf("aria-sort is at %q", got)
		}
	}
	for range 2 {
		eval[bool](b, heading("Last used")+".click(), true")
		if got := b.column(lastUsed); got[0] == "" || got[1] == "" || got[2] != "" {
			t.Errorf("by the last use the order is %q", got)
		}
	}
	eval[bool](b, heading("Status")+".click(), true")
	if got := b.column(status); !slices.Equal(got, worst) {
		t.Errorf("by status again: %q", got)
	}
	eval[bool](b, `document.querySelectorAll("table.g")[3].querySelector("th button").click(), true`) // ages, by how long and not by their names
	if got := eval[string](b, `document.querySelectorAll("table.g")[3].tBodies[0].rows[0].cells[0].textContent`); got != "a week or less" {
		t.Errorf("the first age is %q", got)
	}
	b.quiet()
}

// TestFilter: words, the status and groups narrow the list, and the records below it.
func TestFilter(t *testing.T) {
	b := open(t, sample())
	all := len(b.column(status))
	shows := func(what string, want int) {
		t.Helper()
		if got := len(b.column(status)); got != want {
			t.Errorf("%s: %d rows, want %d", what, got, want)
		}
		if got := eval[int](b, `document.querySelectorAll("article:not([hidden])").length`); got != want {
			t.Errorf("%s: %d records, want %d", what, got, want)
		}
		if got := eval[string](b, `document.getElementById("shown").textContent`); want < all && !strings.HasPrefix(got, string(rune('0'+want))+" of") {
			t.Errorf("%s: told is %q", what, got)
		}
	}
	b.do(chromedp.SendKeys("#find", "terraform LINUS"))
	b.until(`document.getElementById("shown").textContent.startsWith("1 of")`)
	shows("two words", 1)
	b.do(chromedp.Click(`#filter button[type=reset]`))
	b.until(`document.getElementById("shown").textContent === "9 credentials"`)
	shows("all again", all)
	b.do(chromedp.SendKeys("#find", "CreateAccessKey")) // which a trace alone has
	b.until(`document.getElementById("shown").textContent.startsWith("1 of")`)
	b.do(chromedp.Click(`#filter button[type=reset]`))
	b.until(`document.getElementById("shown").textContent === "9 credentials"`)
	eval[bool](b, `(() => { const s = document.getElementById("status"); s.value = "open"; s.dispatchEvent(new Event("change")); return true })()`)
	shows("a status", 3)
	eval[bool](b, `Array.from(document.querySelectorAll("table.g tbody button")).find((b) => b.textContent.startsWith("Grace")).click(), true`)
	shows("a status and an author", 1)
	if got := b.column(author); !slices.Equal(got, []string{"Grace Hopper"}) {
		t.Errorf("the author is %q", got)
	}
	b.do(chromedp.Click(`#chips button`))
	shows("without the author", 3)
	b.do(chromedp.Click(`#filter button[type=reset]`))
	b.until(`document.getElementById("shown").textContent === "9 credentials"`)
	shows("all at last", all)
	b.quiet()
}

// focus is where the keyboard is.
const focus = `document.activeElement.textContent.trim() || document.activeElement.id`

// TestKeyboard does with keys alone what a mouse can: skips to the list, searches it,
// sorts it, and goes to a record.
func TestKeyboard(t *testing.T) {
	b := open(t, sample())
	b.keys(kb.Tab)
	if got := eval[string](b, focus); got != "Skip to the credentials" {
		t.Fatalf("the first stop is %q", got)
	}
	b.keys(kb.Enter)
	b.until(`location.hash === "#credentials"`)
	b.keys(kb.Tab)
	if got := eval[string](b, focus); got != "find" {
		t.Fatalf("after the skip, the next stop is %q", got)
	}
	b.keys("grace")
	b.until(`document.getElementById("shown").textContent.startsWith("3 of")`)
	for stop := ""; stop != "Leaked"; stop = eval[string](b, focus) {
		b.keys(kb.Tab)
		if eval[bool](b, `document.activeElement.closest("article") !== null`) {
			t.Fatal("no stop is the heading of a column")
		}
		if !eval[bool](b, `getComputedStyle(document.activeElement).outlineStyle === "solid"`) {
			t.Errorf("the focus does not show at %q", eval[string](b, focus))
		}
	}
	b.keys(kb.Enter)
	if got := b.column(leaked); !slices.Equal(got, []string{"2024-01-04", "2025-12-08", "2026-02-02"}) {
		t.Errorf("sorted by the keyboard: %q", got)
	}
	b.keys(kb.Tab)
	b.keys(kb.Tab)
	link := eval[string](b, focus)
	b.keys(kb.Enter)
	b.until(`location.hash.startsWith("#c") && location.hash !== "#credentials"`)
	if got := eval[string](b, `document.querySelector(":target h3 code").textContent`); got != link || link == "" {
		t.Errorf("%q leads to %q", link, got)
	}
	b.quiet()
}

// TestWithoutScript: everything stands there, the worst first, and no control that
// does nothing.
func TestWithoutScript(t *testing.T) {
	b := newTab(t)
	b.call(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	})
	b.do(chromedp.Navigate(written(t, sample())))
	text, err := chromedp.Run(b.ctx, chromedp.Text("body"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2 live credentials", "refused by AWS", "deploy/production/api.env", "CreateAccessKey", "missing: a partial clone lacks it", "hash of the last"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q does not show", want)
		}
	}
	nodes, err := chromedp.Run(b.ctx, chromedp.Nodes("button:not(#filter *), #filter:not([hidden])", chromedp.AtLeast(0)))
	if err != nil || len(nodes) > 0 {
		t.Errorf("%d controls do nothing: %v", len(nodes), err)
	}
	b.quiet()
}

// tooWide names what is wider than the screen.
const tooWide = `Array.from(document.querySelectorAll("body *")).filter((e) => e.getBoundingClientRect().right > innerWidth && !e.closest(".scroll")).slice(0, 5).map((e) => e.cloneNode(false).outerHTML).join()`

// TestHostileInBrowser: what a browser makes of hostile names is text: nothing runs, no
// element comes of it, nothing is asked for.
func TestHostileInBrowser(t *testing.T) {
	p, _ := htmltest.HostilePage()
	b := open(t, p)
	if eval[bool](b, `"pwned" in window`) {
		t.Error("a foreign script ran")
	}
	if got := eval[string](b, `Array.from(new Set(Array.from(document.body.querySelectorAll("*"), (e) => e.localName))).filter((n) => ["img", "iframe", "object", "embed", "link", "base", "style"].includes(n)).join()`); got != "" {
		t.Errorf("foreign elements: %s", got)
	}
	if got := eval[int](b, `document.scripts.length`); got != 1 {
		t.Errorf("%d scripts", got)
	}
	if got := eval[string](b, `Array.from(document.querySelectorAll("*")).flatMap((e) => e.getAttributeNames()).filter((n) => n.startsWith("on") || n === "style").join()`); got != "" {
		t.Errorf("foreign attributes: %s", got)
	}
	if got := eval[string](b, `Array.from(document.links, (a) => a.href).filter((h) => !h.startsWith("file:///") && !h.startsWith("https://github.com/our/")).join()`); got != "" {
		t.Errorf("foreign links: %s", got)
	}
	b.do(chromedp.SendKeys("#find", "pwned"))
	b.until(`document.getElementById("shown").textContent !== ""`)
	eval[bool](b, `document.querySelectorAll("table.g tbody button").forEach((x) => x.click()), true`)
	for _, width := range []int64{390, 1440} {
		b.size(width, 900)
		shot, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
		keep(t, fmt.Sprintf("hostile-%d.png", width), shot, err)
		if wide := eval[int64](b, "document.documentElement.scrollWidth"); wide > width {
			t.Errorf("at a width of %d the page is %d wide: %s", width, wide, eval[string](b, tooWide))
		}
	}
	if eval[bool](b, `"pwned" in window`) {
		t.Error("a foreign script ran")
	}
	b.quiet()
}
