// Package contract runs the tests of package revoketest, which say what package
// revoke relies on, against versitygw's IAM server in this process. Nobody of
// this project wrote that server, and its authors compared it with AWS.
//
// It holds tests only.
package contract
