module github.com/revokey-dev/revokey/bench

go 1.26.0
