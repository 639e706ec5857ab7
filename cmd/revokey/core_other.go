//go:build !unix

package main

// noCore does nothing where the system writes no core file.
func noCore() {}
