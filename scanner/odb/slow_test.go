//go:build slow

package odb_test

func init() { slow = true }
