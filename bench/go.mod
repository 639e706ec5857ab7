module github.com/revokey-dev/revokey/bench

go 1.26.0

// Its AWS for the soak, which needs the standard library alone.
require github.com/revokey-dev/revokey v0.0.0-00010101000000-000000000000

replace github.com/revokey-dev/revokey => ../
