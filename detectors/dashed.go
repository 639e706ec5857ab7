package detectors

import (
	"bytes"
	"regexp"
)

// The credentials that a dash shows: in text it is rare, and what stands about it
// tells at once.
const (
	appSyncHead = "da2-"
	appSyncLen  = len(appSyncHead) + 26
	mwsHead     = "amzn.mws."
	mwsLen      = len(mwsHead) + 36
	atAccount   = "-at-"
)

var (
	appSyncClass = classOf(lower + decimal)
	decimalClass = classOf(decimal)
	uuidShape    = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
)

// dashReach is what a name with a dash takes, and what is beside it: an account's
// "-at-", the head of an MWS token up to its first dash. An AppSync key is a run.
const dashReach = 20

// hasDashed reports whether there is an AppSync key, the head of an MWS token or a
// name of a service-specific credential in data.
func hasDashed(data []byte) bool {
	for at := nextDash(data, 0); at >= 0; at = nextDash(data, at+1) {
		if byteAt(data, at-1) == '2' && isAppSync(data, at) ||
			byteAt(data, at+1) == 'a' && isServiceUser(data, at) ||
			byteAt(data, at-9) == '.' && startsMWS(data, at) {
			return true
		}
	}
	return false
}

// nextDash returns where, from at on, the next dash stands, or -1.
func nextDash(data []byte, at int) int {
	if next := bytes.IndexByte(data[at:], '-'); next >= 0 {
		return at + next
	}
	return -1
}

// isAppSync reports whether data[at] is the dash of "da2-" and 26 of a–z and 0–9.
//
// https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html
func isAppSync(data []byte, at int) bool {
	end := at + 1 + appSyncLen - len(appSyncHead)
	if at < 3 || string(data[at-3:at+1]) != appSyncHead || end > len(data) || wordClass[byteAt(data, at-4)] {
		return false
	}
	return runEnd(data[:end], appSyncClass, at+1) == end && !wordClass[byteAt(data, end)]
}

var wordClass = classOf(upper + lower + decimal + "_-")

// startsMWS reports whether data[at] is the first dash of what stands behind
// "amzn.mws.".
func startsMWS(data []byte, at int) bool {
	start := at - len(mwsHead) - 8
	return start >= 0 && data[start+len(mwsHead)-1] == '.' && string(data[start:start+len(mwsHead)]) == mwsHead
}

// isMWS reports whether data[at] is the first dash of "amzn.mws." and a UUID.
func isMWS(data []byte, at int) bool {
	start := at - len(mwsHead) - 8
	return startsMWS(data, at) && start+mwsLen <= len(data) && uuidShape.Match(data[start+len(mwsHead):start+mwsLen])
}

// isServiceUser reports whether data[at] is the dash of "-at-" and an account, as
// in the user names that IAM makes for service-specific credentials.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_ssh-keys.html
func isServiceUser(data []byte, at int) bool {
	digits := at + len(atAccount)
	end := digits + 12
	if end > len(data) || data[at+1] != 'a' || string(data[at:digits]) != atAccount || at == 0 || !userClass[data[at-1]] {
		return false
	}
	return runEnd(data[:end], decimalClass, digits) == end && !wordClass[byteAt(data, end)]
}

// userClass are the characters of a user name but "=" and ",", which IAM allows: there
// what stands before it ends.
var userClass = classOf(upper + lower + decimal + "_+.@-")

// dashed returns what hasDashed sees.
func dashed(v *view) []Match {
	var found []Match
	data := v.text
	for at := nextDash(data, 0); at >= 0; at = nextDash(data, at+1) {
		switch {
		case isAppSync(data, at):
			found = append(found, opaque(v, AppSyncKey, Span{at - 3, at - 3 + appSyncLen}, Claims{}))
		case isMWS(data, at):
			start := at - len(mwsHead) - 8
			found = append(found, opaque(v, MWSToken, Span{start, start + mwsLen}, Claims{}))
		case isServiceUser(data, at):
			if m, ok := servicePassword(v, at); ok {
				found = append(found, m)
			}
		}
	}
	return found
}

// documentedAccount is the account of AWS's documentation.
const documentedAccount = "123456789012"

// passwordReach is how far from its user name a service's password may stand.
const passwordReach = 512

// servicePassword returns the user name whose "-at-" is at data[at] with its
// password: 32 bytes in base64, which stand behind it, and before another user.
func servicePassword(v *view, at int) (Match, bool) {
	start, end := at, at+len(atAccount)+12
	for start > max(0, at-100) && userClass[v.text[start-1]] {
		start--
	}
	text := v.text[:min(len(v.text), end+passwordReach)]
	for from, to := range runs(text[end:], base64Class, 43) {
		s := Span{end + from, end + to}
		if to-from != 43 || byteAt(text, s.End) != '=' || byteAt(text, s.End+1) == '=' || !looksRandom(text[s.Start:s.Start+secretLen]) {
			continue
		}
		if n := nameBefore(text, end, s.Start); n.never || bytes.Contains(text[end:s.Start], []byte(atAccount)) {
			break
		}
		s.End++
		user := string(text[start:end])
		m := opaque(v, ServicePassword, s, Claims{User: user, Account: accountAt(user)})
		if m.Claims.Account == documentedAccount {
			m.Class = Example
		}
		return m, true
	}
	return Match{}, false
}

const (
	pemStart = "-----BEGIN "
	pemKey   = "PRIVATE KEY-----"
	pemEnd   = "-----END "
	pemReach = 8 << 10
)

// privateKeys returns the private keys that have the ID of their public key or
// certificate within reach: before, as in a list or a file's name, or behind.
func privateKeys(v *view) []Match {
	var found []Match
	data, taken := v.text, make(map[int]bool)
	for at := nextPrefix(data, 0); at >= 0; at = nextPrefix(data, at+1) {
		if prefix := string(data[at : at+4]); prefix != "APKA" && prefix != "ASCA" || !wholeKeyID(data, at) {
			continue
		}
		if s, ok := pemNear(data, at); ok && !taken[s.Start] {
			taken[s.Start] = true
			m := opaque(v, PrivateKey, s, Claims{ID: string(data[at : at+keyIDLen])})
			m.Class = ClassifyKeyID("AKIA" + m.Claims.ID[4:])
			found = append(found, m)
		}
	}
	return found
}

// pemNear returns where the private key stands that is nearest behind data[at], or
// before it.
func pemNear(data []byte, at int) (Span, bool) {
	if s, ok := pemIn(data, at, min(len(data), at+farApart), false); ok {
		return s, true
	}
	return pemIn(data, max(0, at-farApart), at, true)
}

// pemIn returns the first or the last private key that starts in data[from:to]. Blocks
// of other kinds may stand before and behind it.
func pemIn(data []byte, from, to int, last bool) (Span, bool) {
	start := -1
	for at := from; start < 0 || last; at += len(pemStart) {
		next := bytes.Index(data[at:to], []byte(pemStart))
		if next < 0 {
			break
		}
		if at += next; isPrivateKey(data, at) {
			start = at
		}
	}
	if start < 0 {
		return Span{}, false
	}
	end := bytes.Index(data[start:min(len(data), start+pemReach)], []byte(pemEnd))
	if end < 0 {
		return Span{}, false
	}
	return Span{start, start + end}, true
}

// isPrivateKey reports whether the block whose first line starts at data[at] is one.
func isPrivateKey(data []byte, at int) bool {
	return bytes.Contains(firstLine(data[at:min(len(data), at+64)]), []byte(pemKey))
}
