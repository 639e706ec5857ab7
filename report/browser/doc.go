// Package browser looks at the report page in a real browser. It is a module of its
// own, so that the product's go.mod knows nothing of what that takes.
//
// It needs chromium, and for [TestAccess] axe-core, of which AXE names the script. Where
// one of them is missing the tests are skipped, loudly, or fail with
// REVOKEY_REQUIRE_BROWSER=1. With SCREENSHOTS=FOLDER the page's pictures stay there,
// to be looked at.
//
// It holds tests only.
package browser
