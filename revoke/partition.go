package revoke

import (
	"bytes"
	"cmp"
	"slices"
)

// partition is a part of AWS with accounts and keys of its own. A key ID does not
// tell which it is of.
type partition struct {
	name    string
	regions []string // that every account has; the first is asked, the next where STS is off
	hints   []string // what names it in a text
}

// partitions are those that the internet reaches, the likeliest to hold a key
// first and the likeliest to be out of reach last. Sources: the partitions of
// AWS's SDKs, and the endpoints that they resolve.
var partitions = []partition{
	{"aws", []string{"us-east-1", "us-west-2"}, []string{"arn:aws:"}},
	{"aws-us-gov", []string{"us-gov-west-1", "us-gov-east-1"}, []string{"arn:aws-us-gov:", "us-gov-"}},
	{"aws-eusc", []string{"eusc-de-east-1"}, []string{"arn:aws-eusc:", "eusc-de-", ".amazonaws.eu"}},
	{"aws-cn", []string{"cn-north-1", "cn-northwest-1"}, []string{"arn:aws-cn:", "cn-north", ".amazonaws.com.cn", ".amazonaws.cn"}},
}

// Partitions returns the names of the partitions that can be asked, in the order
// in which they are.
func Partitions() []string {
	var names []string
	for _, p := range partitions {
		names = append(names, p.name)
	}
	return names
}

// PartitionHints returns the partitions that a text names, by an ARN, a region or
// an endpoint, the one named most often first. A text that stands near a key tells
// this way where to ask first; "aws" is hinted at by ARNs alone, being the first
// anyway.
func PartitionHints(text []byte) []string {
	text = bytes.ToLower(text)
	named := make(map[string]int)
	var found []string
	for _, p := range partitions {
		for _, hint := range p.hints {
			named[p.name] += bytes.Count(text, []byte(hint))
		}
		if named[p.name] > 0 {
			found = append(found, p.name)
		}
	}
	slices.SortStableFunc(found, func(a, b string) int { return cmp.Compare(named[b], named[a]) })
	return found
}
