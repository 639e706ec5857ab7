package main

func (g *gateOptions) setCI(env func(string) (string, bool)) error {
	return usagef("not yet")
}
