package main

import "github.com/urfave/cli/v2"

// config is what the user's own configuration file says of AWS. None of it is read from a
// repository, nor from the environment: what widens what may be touched at AWS is the user's
// to say.
type config struct {
	Accounts []string `yaml:"accounts"`
	Profile  string   `yaml:"profile"`
	RoleName string   `yaml:"role_name"`
}

func configFlag() cli.Flag {
	return &cli.StringFlag{Name: "config", Usage: "`FILE` with your settings (default: revokey/config.yaml in the user's configuration folder)", Category: "AWS"}
}

// loadConfig reads the file, or where none is named the one in the user's
// configuration folder, if it is there.
func loadConfig(path string) (config, error) {
	f, err := readUserConfig(path)
	if err != nil {
		return config{}, err
	}
	return f.aws, nil
}
