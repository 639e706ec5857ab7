// Revokey finds AWS keys that leaked into git, proves which of them still work,
// and switches them off.
//
// # Usage
//
//	revokey scan [PATH]                  look for keys in a whole history
//	revokey scan --staged|--range A..B|--ci
//	                                     look at what a commit, or a range of them, brings
//	revokey hook install|doctor          let git refuse commits and pushes that bring keys
//	revokey verify --from FINDINGS       ask AWS which of them are live
//	revokey revoke --from FINDINGS       plan what to switch off; --apply does it
//	revokey undo [KEYID|last]            take it back
//	revokey trace KEYID                  look at what was done with it
//	revokey report --incident KEYID      put the record of it together
//	revokey report --html FILE           make a page of all findings
//	revokey keys list|audit|rotate|…     look after the keys of your own users
//	revokey journal check                check the record of what was done at AWS
//	revokey baseline create              list what is known, to be told of what is new
//	revokey config show                  tell what is set, and by what
//	revokey demo                         see all of it, offline
//	revokey completion SHELL             make TAB complete commands and flags
//	revokey help [COMMAND]               tell all about a command
//
// # Exit codes
//
//	0    clean: nothing found, or all that was asked for is done and proven
//	1    findings, none of them proven live
//	2    trouble: bad usage, an error, or something was not scanned
//	3    at least one key is live
//	130  interrupted
//
// The gravest wins: 3, then 2, then 1. Examples of AWS's documentation, and
// placeholders, are reported and counted, and are no findings for the exit code.
//
// # Limitations
//
// It knows AWS's credentials alone. In which forms they are found, and in which not, is told
// in docs/detection.md; what of a repository is read, in docs/repositories.md.
package main
