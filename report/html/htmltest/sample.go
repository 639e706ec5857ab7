// Package htmltest makes what the report page is tested with.
package htmltest

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/report/html"
	"github.com/revokey-dev/revokey/revoke"
	"github.com/revokey-dev/revokey/revoke/localaws"
	"github.com/revokey-dev/revokey/scanner"
	"github.com/revokey-dev/revokey/scanner/odb"
)

// MadeAt is when the sample's pages are made.
var MadeAt = time.Date(2026, 3, 14, 3, 12, 0, 0, time.UTC)

// Hostile are names as a repository, a journal and CloudTrail may hold them.
var Hostile = []string{
	`<script>window.pwned=1</script>`,
	`"><img src=x onerror=window.pwned=1>`,
	`' onmouseover='window.pwned=1`,
	`</style></script><b>bold</b>`,
	`javascript:window.pwned=1`,
	"{{.Page}} ${window.pwned=1} `x`",
	"rtl \u202egnp.exe \u2066x\u2069 zero\u200bwidth",
	"esc \x1b[31mred\x1b[0m bell\a nul\x00 cr\r\nlf",
	"\xff\xfe broken",
	"&lt;b&gt; &#60;script&#62; %3Cscript%3E",
	strings.Repeat("long", 200),
}

// Maker makes credentials that are the same every time. It is for one goroutine.
type Maker struct {
	random  *rand.ChaCha8
	Secrets []string // that were made: none may stand in a page
}

// NewMaker returns a maker; those of the same seed make the same.
func NewMaker(seed uint64) *Maker {
	var s [32]byte
	binary.LittleEndian.PutUint64(s[:], seed)
	return &Maker{random: rand.NewChaCha8(s)}
}

// Finding returns a finding of a pair at one place.
func (m *Maker) Finding(account, repository, path, author string, leaked time.Time) scanner.Finding {
	secret := localaws.NewSecret(m.random)
	m.Secrets = append(m.Secrets, secret)
	var id [20]byte
	m.random.Read(id[:])
	commit := odb.NewID(id[:])
	return scanner.Finding{
		Kind: detectors.AccessKey, KeyID: localaws.NewKeyID(m.random, localaws.PrefixKey, account), Secret: detectors.NewSecret(secret),
		Account: account, Repository: repository, FirstSeen: leaked, LastSeen: leaked, AtHead: true,
		Occurrences: []scanner.Occurrence{{
			Where: scanner.InBlob, Object: commit, Line: 3, Column: 15,
			Place: scanner.Place{Path: path, Commit: commit, Author: author, Time: leaked, LastSeen: leaked, Reachable: true, AtHead: true, Refs: []string{"refs/heads/main"}},
		}},
	}
}

// Sample returns a page with everything that a page may hold, and the secrets of its
// findings.
func Sample() (html.Page, []string) {
	m := NewMaker(1)
	p := html.Page{From: "findings.json", MadeAt: MadeAt, Version: "1.0.0"}
	day := func(n int) time.Time { return MadeAt.AddDate(0, 0, -n) }
	add := func(f scanner.Finding, v revoke.Verdict) *report.Record {
		r := report.NewRecord(f)
		if v.Status != revoke.NotChecked {
			r.Verdict = v
			r.Verdict.CheckedAt = MadeAt.Add(-20 * time.Minute)
		}
		p.Records = append(p.Records, r)
		return &p.Records[len(p.Records)-1]
	}
	const shop, infra = "/srv/src/shop", "/srv/src/infra"

	live := m.Finding("111122223333", shop, "deploy/production/api.env", "Ada Lovelace <ada@example.com>", day(412))
	moved := live.Occurrences[0]
	moved.Path, moved.Time, moved.Line, moved.AtHead, moved.Refs, moved.MoreRefs = "config/old.yaml", day(380), 19, false, []string{"refs/tags/v1.2"}, 11
	live.Occurrences = append(live.Occurrences, moved)
	r := add(live, revoke.Verdict{Status: revoke.Live, Reason: "STS accepts it as arn:aws:iam::111122223333:user/deploy", ARN: "arn:aws:iam::111122223333:user/deploy", Proof: revoke.BySTS, RequestID: "d0c3f4f2-0b5e-4d53-9c3e-aa6a0f2a7e11"})
	r.Owner = &revoke.Owner{
		AccountName: "payments", User: "deploy", Created: day(430), LastUsed: &revoke.LastUse{Time: MadeAt.Add(-26 * time.Hour), Service: "s3", Region: "eu-central-1"},
		Siblings:   []revoke.Sibling{{KeyID: localaws.NewKeyID(m.random, localaws.PrefixKey, "111122223333"), Status: "Active", Created: day(30)}},
		Quarantine: []string{"AWSCompromisedKeyQuarantineV3"},
	}
	p.Traces = append(p.Traces, m.trace(live.KeyID, "111122223333"))

	switched := m.Finding("111122223333", shop, "scripts/backup.py", "Grace Hopper <grace@example.com>", day(96))
	switched.AtHead, switched.LastSeen, switched.Occurrences[0].AtHead = false, day(71), false
	r = add(switched, revoke.Verdict{Status: revoke.Live, Reason: "STS accepts it as arn:aws:iam::111122223333:user/backup", Proof: revoke.BySTS})
	r.Owner = &revoke.Owner{AccountName: "payments", User: "backup", Created: day(300), LastUsed: &revoke.LastUse{Time: day(3), Service: "s3", Region: "us-east-1"}}
	p.Entries = append(p.Entries, m.switchedOff(switched.KeyID, "backup")...)

	add(m.Finding("444455556666", infra, "modules/net/terraform.tfvars", "Linus <linus@example.com>", day(9)), revoke.Verdict{Status: revoke.Live, Reason: "STS accepts it as arn:aws:iam::444455556666:user/ci", Proof: revoke.BySTS})
	add(m.Finding("444455556666", infra, "README.md", "Ada Lovelace <ada@example.com>", day(600)), revoke.Verdict{Status: revoke.Unknown, Reason: "a proxy answered, not AWS: HTTP 403, text/html"})
	add(m.Finding("444455556666", infra, "ci/build.yml", "Grace Hopper <grace@example.com>", day(40)), revoke.Verdict{Status: revoke.Inactive, Reason: "IAM shows the key Inactive", Proof: revoke.ByIAM})
	add(m.Finding("777788889999", shop, "notes/todo.txt", "Linus <linus@example.com>", day(2)), revoke.Verdict{Status: revoke.NotAccepted, Reason: "no partition that was asked knows the key ID", Proof: revoke.BySTS})
	alone := m.Finding("111122223333", infra, "docs/keys.md", "Grace Hopper <grace@example.com>", day(800))
	alone.Secret, m.Secrets = detectors.Secret{}, m.Secrets[:len(m.Secrets)-1] // of which nobody knows
	add(alone, revoke.Verdict{})
	add(scanner.Finding{
		Kind: detectors.ServicePassword, Secret: detectors.NewSecret(m.secret()), Account: "111122223333", Repository: infra, FirstSeen: day(20), LastSeen: day(20),
		Claims:      detectors.Claims{User: "git-at-111122223333", Service: "codecommit"},
		Occurrences: []scanner.Occurrence{{Where: scanner.InTagMessage, Line: 4, Object: odb.NewID(make([]byte, 20)), Place: scanner.Place{Tag: "v2", Author: "Linus <linus@example.com>", Time: day(20), Reachable: true}}},
	}, revoke.Verdict{})
	p.Records = append(p.Records, report.NewRecord(m.Finding("534261010715", shop, "notes/canary.txt", "Linus <linus@example.com>", day(5))))

	check := revoke.JournalCheck{Path: "/home/ada/.local/state/revokey/journal.jsonl", Entries: len(p.Entries), Head: strings.Repeat("5e", 32), Last: p.Entries[len(p.Entries)-1].Time}
	sum := report.NewSummary(scanner.Summary{Blobs: 849_113, Bytes: 11 << 30, SkippedCount: 2, Notes: []string{"assets/big.zip!/secret.docx: encrypted: nobody can look into it"}, Skipped: []scanner.Skipped{
		{What: "object 1f3c9a", Reason: "missing: a partial clone lacks it: pass --fetch-missing"}, {What: "data/dump.sql", Reason: "larger than --max-size 100 MiB"},
	}})
	sum.Silence(p.Records[len(p.Records)-2], "baseline", "rotated in January")
	p.Check, p.Summary = &check, &sum
	var err error
	if p.Links, err = html.NewLinks("", map[string]string{shop: "git@github.com:example/shop.git", infra: "https://gitlab.example.com/platform/infra.git"}); err != nil {
		panic(err)
	}
	return p, m.Secrets
}

func (m *Maker) secret() string {
	s := localaws.NewSecret(m.random)
	m.Secrets = append(m.Secrets, s)
	return s
}

// switchedOff is what a journal tells of a deactivation, by an operator.
func (m *Maker) switchedOff(keyID, user string) []revoke.Entry {
	at := MadeAt.Add(-9 * time.Minute)
	e := revoke.Entry{ID: "1", Run: "r", Time: at, KeyID: keyID, Account: "111122223333", User: user, Action: revoke.Deactivate, Phase: revoke.PhaseIntent,
		Operator: "arn:aws:iam::111122223333:user/responder", Role: "arn:aws:iam::111122223333:role/Responder"}
	result, proof := e, e
	result.Phase, result.Outcome, result.RequestID, result.Time = revoke.PhaseResult, revoke.Done, "7a1d0a63-5d9c-4a4e-8a51-5bd7f4a9a001", at.Add(300*time.Millisecond)
	proof.Phase, proof.Proof, proof.Seconds, proof.Note, proof.Time = revoke.PhaseProof, revoke.BySTS, 3.9, "no partition that was asked knows the key ID", at.Add(4200*time.Millisecond)
	return []revoke.Entry{e, result, proof}
}

func (m *Maker) trace(keyID, account string) revoke.Trace {
	first, last := MadeAt.Add(-31*time.Hour), MadeAt.Add(-25*time.Minute)
	call := func(service, name string, g revoke.Gravity, count, refused int) revoke.TracedCall {
		return revoke.TracedCall{Service: service + ".amazonaws.com", Name: name, Gravity: g, Count: count, Refused: refused, First: first, Last: last, Regions: []string{"eu-central-1", "us-east-1"}}
	}
	return revoke.Trace{
		Schema: revoke.TraceSchema, KeyID: keyID, Account: account, Since: MadeAt.AddDate(0, 0, -90), Until: MadeAt.Add(-5 * time.Minute), Regions: []string{"eu-central-1", "us-east-1"},
		Events: 219, First: first, Last: last, Errors: map[string]int{"AccessDenied": 12, "UnauthorizedOperation": 3},
		Calls: []revoke.TracedCall{
			call("iam", "CreateAccessKey", revoke.Persistence, 1, 0), call("ec2", "RunInstances", revoke.Cost, 14, 11), call("cloudtrail", "StopLogging", revoke.Hiding, 1, 1), call("s3", "ListBuckets", revoke.Ordinary, 203, 0),
		},
		Sources: []revoke.TracedSource{
			{Address: "203.0.113.7", Agent: "aws-cli/2.17.1 Python/3.12 Linux/6.1", Count: 207, First: first, Last: last},
			{Address: "198.51.100.23", Agent: "Boto3/1.34 Botocore/1.34", Count: 12, First: first, Last: last},
		},
		Sessions: []revoke.Minted{{KeyID: localaws.NewKeyID(m.random, localaws.PrefixSession, account), By: "GetFederationToken", Made: last, Events: 2, Calls: []revoke.TracedCall{call("iam", "CreateUser", revoke.Persistence, 2, 2)}}},
		Missing:  []string{},
	}
}

// Many returns a page of n findings, such as a scan of many repositories that nobody
// verified yet, but for the first hundred.
func Many(n int) html.Page {
	m := NewMaker(2)
	p := html.Page{From: "findings.jsonl", MadeAt: MadeAt, Version: "1.0.0"}
	remotes := make(map[string]string)
	for i := range n {
		repository := fmt.Sprintf("/srv/src/team-%d/service-%d", i%20, i%300)
		remotes[repository] = fmt.Sprintf("https://github.com/example/service-%d.git", i%300)
		f := m.Finding(fmt.Sprintf("%012d", 100_000_000_000+i%120), repository, fmt.Sprintf("services/worker-%d/config/settings-%d.yaml", i%77, i), fmt.Sprintf("Developer %d <dev%d@example.com>", i%400, i%400), MadeAt.AddDate(0, 0, -i%2000))
		if i%3 == 0 {
			f.AtHead, f.LastSeen = false, f.FirstSeen.AddDate(0, 0, 20)
		}
		r := report.NewRecord(f)
		if i < 100 {
			r.Verdict = revoke.Verdict{Status: revoke.Live, Reason: "STS accepts it", Proof: revoke.BySTS, CheckedAt: MadeAt.Add(-time.Hour)}
			p.Entries = append(p.Entries, m.switchedOff(f.KeyID, "deploy")...)
		}
		p.Records = append(p.Records, r)
	}
	p.Links, _ = html.NewLinks("", remotes)
	return p
}

// HostilePage returns a page whose every foreign string is hostile, and holds one of
// the secrets besides.
func HostilePage() (html.Page, []string) {
	p, secrets := Sample()
	n := 0
	nasty := func() string {
		n++
		return fmt.Sprintf("%s %s %s", Hostile[n%len(Hostile)], secrets[n%len(secrets)], Hostile[(n+1)%len(Hostile)])
	}
	for i := range p.Records {
		poison(&p.Records[i], nasty)
	}
	for i := range p.Entries {
		e := &p.Entries[i]
		e.User, e.Operator, e.Role, e.Note, e.RequestID, e.Endpoint = nasty(), nasty(), nasty(), nasty(), nasty(), nasty()
		e.Policy = &revoke.Policy{Name: nasty()}
	}
	for i := range p.Traces {
		poisonTrace(&p.Traces[i], nasty)
	}
	s := p.Summary
	s.AWSEndpoint, s.Notes = nasty(), []string{nasty()}
	s.Skipped = []report.Skipped{{What: nasty(), Reason: nasty()}}
	s.Silenced[0].Reason, s.Silenced[0].By = nasty(), nasty()
	p.Check.Path, p.Check.Broken, p.From, p.Version = nasty(), nasty(), nasty(), nasty()
	remotes := make(map[string]string)
	for _, r := range p.Records {
		remotes[*r.Repository] = []string{"javascript:window.pwned=1", "https://github.com/\"onload=\"x/y", "https://github.com/our/<script>"}[len(remotes)%3]
	}
	p.Links, _ = html.NewLinks("", remotes)
	return p, secrets
}

func poison(r *report.Record, nasty func() string) {
	s := func() *string { x := nasty(); return &x }
	r.Account, r.Repository, r.Fingerprint = s(), s(), nasty()
	r.Verdict.Reason, r.Verdict.ARN, r.Verdict.RequestID = nasty(), nasty(), nasty()
	r.Claims = &report.Claims{ID: s(), User: s(), Service: s(), Region: s(), SignedBy: s()}
	if r.Owner != nil {
		r.Owner.User, r.Owner.AccountName, r.Owner.Notes, r.Owner.Quarantine = nasty(), nasty(), []string{nasty()}, []string{nasty()}
		r.Owner.LastUsed.Service, r.Owner.LastUsed.Region = nasty(), nasty()
	}
	for i := range r.Occurrences {
		o := &r.Occurrences[i]
		o.Path, o.Member, o.Author, o.Tag = s(), s(), s(), s()
		o.Refs, o.Reflogs, o.Allow = []string{"refs/heads/" + nasty()}, []string{nasty()}, &report.Allow{By: nasty(), Reason: nasty()}
		if i > 0 {
			o.Commit = s()
			o.Path = nil
			o.Object = s()
		}
	}
	r.Candidates = []report.Candidate{{SecretSHA256: hexSum("x"), Occurrence: r.Occurrences[0]}}
}

func hexSum(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func poisonTrace(t *revoke.Trace, nasty func() string) {
	t.Account, t.Regions, t.Missing, t.Errors = nasty(), []string{nasty()}, []string{nasty()}, map[string]int{nasty(): 1}
	for i := range t.Calls {
		c := &t.Calls[i]
		c.Service, c.Name, c.Gravity, c.Regions = nasty(), nasty(), revoke.Gravity(nasty()), []string{nasty()}
	}
	for i := range t.Sources {
		t.Sources[i].Address, t.Sources[i].Agent = nasty(), nasty()
	}
	for i := range t.Sessions {
		t.Sessions[i].KeyID, t.Sessions[i].By, t.Sessions[i].Role = nasty(), nasty(), nasty()
	}
}
