package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	noCore()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	std := newStreams(os.Stdin, os.Stdout, os.Stderr)
	code := guarded(std, func() int { return run(ctx, os.Args, std) })
	stop()
	os.Exit(code)
}
