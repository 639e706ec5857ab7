package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/revokey-dev/revokey/report/html"
	"github.com/revokey-dev/revokey/report/html/htmltest"
)

// browser is the context of the one browser that all tests share; nil where there is none.
var browser context.Context

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	path := chromium()
	if path == "" {
		fmt.Fprintln(os.Stderr, "\n*** NOT TESTED: there is no chromium here, so nobody has looked at the report page. Install Debian's chromium. ***")
		return m.Run()
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox) // CI's containers allow none
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	defer cancel()
	browser, cancel = chromedp.NewContext(ctx)
	defer cancel()
	if err := chromedp.Do(browser); err != nil {
		fmt.Fprintf(os.Stderr, "starting %s: %v\n", path, err)
		return 1
	}
	return m.Run()
}

func chromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// missing ends a test that cannot run here.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("REVOKEY_REQUIRE_BROWSER") == "1" {
		t.Fatalf("%s is missing, and REVOKEY_REQUIRE_BROWSER=1", what)
	}
	t.Skipf("NOT TESTED: %s is missing", what)
}

// tab is a page in a tab of its own.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	told     []string // errors and warnings of the console, policy violations included
	requests []string
}

// written writes the page into a file, and returns its URL.
func written(t *testing.T, p html.Page) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "page.html")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := html.Write(f, p); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return "file://" + file
}

func sample() html.Page {
	p, _ := htmltest.Sample()
	return p
}

// newTab returns an empty tab of a desk's size, in light colours.
func newTab(t *testing.T) *tab {
	t.Helper()
	if browser == nil {
		missing(t, "chromium")
	}
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 50*time.Second)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatal(err)
	}
	b.call(func(ctx context.Context, target *chromedp.Target) error {
		if _, err := cdp.Call(ctx, target, log.Enable, cdp.Empty{}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, target, network.Enable, network.EnableParams{})
		return err
	})
	b.size(1440, 900)
	b.media("screen", "light")
	return b
}

// open returns a tab that shows the page.
func open(t *testing.T, p html.Page) *tab {
	t.Helper()
	b := newTab(t)
	b.do(chromedp.Navigate(written(t, p)))
	return b
}

func (b *tab) listen(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch ev := ev.(type) {
	case *log.EventEntryAdded:
		b.told = append(b.told, fmt.Sprintf("%s: %s", ev.Entry.Level, ev.Entry.Text))
	case *runtime.EventConsoleAPICalled:
		b.told = append(b.told, fmt.Sprintf("console.%s", ev.Type))
	case *runtime.EventExceptionThrown:
		b.told = append(b.told, "exception: "+ev.ExceptionDetails.Text)
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, ev.Request.URL)
	}
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) call(f func(context.Context, *chromedp.Target) error) {
	b.t.Helper()
	b.do(chromedp.Func(f))
}

func (b *tab) size(width, height int64) { b.do(chromedp.EmulateViewport(width, height)) }

// media sets the medium, and the colours that the user prefers.
func (b *tab) media(medium, colours string) {
	b.call(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Media: medium, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: colours}, {Name: "prefers-reduced-motion", Value: "reduce"}},
		})
		return err
	})
}

// keys presses them where the focus is.
func (b *tab) keys(keys string) { b.do(chromedp.KeyEvent(keys)) }

// eval returns what an expression of the page's comes to.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits for the expression to come true.
func (b *tab) until(expression string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(5*time.Second))); err != nil {
		b.t.Fatalf("waiting for %s: %v", expression, err)
	}
}

// column returns the cells of the list's column that are shown, from top to bottom.
func (b *tab) column(n int) []string {
	b.t.Helper()
	return eval[[]string](b, fmt.Sprintf(`Array.from(document.querySelectorAll("#list tbody tr:not([hidden])"), (tr) => tr.cells[%d].textContent)`, n))
}

// quiet checks that the page asked for nothing but itself, and complained of nothing.
func (b *tab) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.told) > 0 {
		b.t.Errorf("the console has %q", b.told)
	}
	if slices.ContainsFunc(b.requests, func(url string) bool { return !strings.HasPrefix(url, "file:///") }) || len(b.requests) != 1 {
		b.t.Errorf("the page asked for %q", b.requests)
	}
}
