package forge

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"
)

// codeCommitOf answers as CodeCommit does for an account of n repositories, one of which is
// deleted between two calls: https://docs.aws.amazon.com/codecommit/latest/APIReference/
func codeCommitOf(t *testing.T, n int) http.HandlerFunc {
	throttled := false
	return func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			NextToken       string
			RepositoryNames []string
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		switch operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "CodeCommit_20150413."); operation {
		case "ListRepositories":
			var start int
			fmt.Sscan(in.NextToken, &start)
			out := obj{}
			var list []obj
			for i := start; i < min(n, start+40); i++ {
				list = append(list, obj{"repositoryName": fmt.Sprint("r", i), "repositoryId": fmt.Sprint("id-", i)})
			}
			if out["repositories"] = list; start+40 < n {
				out["nextToken"] = fmt.Sprint(start + 40)
			}
			send(w, out)
		case "BatchGetRepositories":
			if !throttled {
				throttled = true
				w.WriteHeader(http.StatusBadRequest)
				send(w, obj{"__type": "ThrottlingException", "message": "Rate exceeded"})
				return
			}
			if len(in.RepositoryNames) > 25 {
				t.Errorf("asked for %d at once", len(in.RepositoryNames))
			}
			var list []obj
			var gone []string
			for _, name := range in.RepositoryNames {
				if name == "r3" {
					gone = append(gone, name)
					continue
				}
				list = append(list, obj{"accountId": "111122223333", "repositoryId": "id-" + name, "repositoryName": name, "defaultBranch": "main", "lastModifiedDate": 1714979289, "cloneUrlHttp": "http://" + r.Host + "/v1/repos/" + name})
			}
			send(w, obj{"repositories": list, "repositoriesNotFound": gone})
		default:
			t.Errorf("asked for %q", operation)
		}
	}
}

func TestCodeCommit(t *testing.T) {
	t.Parallel()
	s := newStage(t, CodeCommit, codeCommitOf(t, 90))
	s.options.AWS = credentials.NewStaticCredentialsProvider("KEYID", secretWord, "")
	repos, refused, err := collect(t, s.open(t, CodeCommit, "eu-west-1"))
	if err != nil || len(refused) > 0 {
		t.Fatal(err, refused)
	}
	if len(repos) != 89 || len(s.warnings) != 1 || !strings.Contains(s.warnings[0], `"r3"`) {
		t.Errorf("%d repositories, warned of %q", len(repos), s.warnings)
	}
	want := Repository{
		Forge: CodeCommit, Host: s.host(), ID: "id-r0", Name: s.host() + "/111122223333/r0", URL: s.URL + "/v1/repos/r0", Kind: KindRepository, Visibility: "private",
		Web: "https://eu-west-1.console.aws.amazon.com/codesuite/codecommit/repositories/r0/browse?region=eu-west-1", Pushed: time.Unix(1714979289, 0).UTC(),
	}
	if diff := cmp.Diff(want, repos[0]); diff != "" {
		t.Error(diff)
	}
	s.told(t)
}

func TestCodeCommitSaysNo(t *testing.T) {
	t.Parallel()
	for _, region := range []string{"acme", "eu_west_1", "EU-WEST-1"} {
		if _, err := Open(Source{Kind: CodeCommit, Path: region}, Options{}); err == nil {
			t.Errorf("%q is taken for a region", region)
		}
	}
	s := newStage(t, CodeCommit, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		send(w, obj{"__type": "AccessDeniedException", "message": "not authorized to perform: codecommit:ListRepositories"})
	})
	s.options.AWS = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, errors.New("no role") })
	f := s.open(t, CodeCommit, "eu-west-1")
	if _, _, err := collect(t, f); err == nil || !strings.Contains(err.Error(), "no role") {
		t.Errorf("without credentials: %v", err)
	}
	s.options.AWS = credentials.NewStaticCredentialsProvider("KEYID", secretWord, "")
	_, _, err := collect(t, s.open(t, CodeCommit, "eu-west-1"))
	if err == nil || !strings.Contains(err.Error(), "AccessDenied") || len(s.requests()) != 1 {
		t.Errorf("asked %d times: %v", len(s.requests()), err)
	}
	s.told(t, err)
}

func TestCodeCommitInCircles(t *testing.T) {
	t.Parallel()
	s := newStage(t, CodeCommit, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		send(w, obj{"repositories": []obj{}, "nextToken": "again"})
	})
	s.options.AWS = credentials.NewStaticCredentialsProvider("KEYID", secretWord, "")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for _, err := range s.open(t, CodeCommit, "eu-west-1").Repositories(ctx) {
		if !errors.Is(err, errEndless) {
			t.Error(err)
		}
	}
	if n := len(s.requests()); n != 2 {
		t.Errorf("asked %d times", n)
	}
}

// TestCodeCommitHeader: the same as the AWS CLI's credential helper (1.45.11) gives.
func TestCodeCommitHeader(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ host, path, region, token, want string }{
		{"git-codecommit.eu-west-1.amazonaws.com", "/v1/repos/my-repo", "eu-west-1", "", "KEYID:20240506T070809Z57b68376b2ee1925d7c134b443ff07af1016d35b650ee710cdf7285da958f3ad"},
		{"git-codecommit.cn-north-1.amazonaws.com.cn", "/v1/repos/a%20b", "cn-north-1", "token/+=", "KEYID%token/+=:20240506T070809Z772d2e917abc2bd26262d92d405ea527dc0608598224d1ac892b9c15ba4dd595"},
	} {
		u, _ := url.Parse("https://" + c.host + c.path)
		creds := aws.Credentials{AccessKeyID: "KEYID", SecretAccessKey: "secret/of+the/test", SessionToken: c.token}
		got := codecommitHeader(creds, c.region, u, time.Date(2024, 5, 6, 9, 8, 9, 0, time.FixedZone("", 2*3600)))
		if want := "Basic " + base64.StdEncoding.EncodeToString([]byte(c.want)); got != want {
			t.Errorf("%s: %s, not %s", c.host, got, want)
		}
		f, err := For(Repository{Forge: CodeCommit, URL: u.String()}, Options{AWS: credentials.StaticCredentialsProvider{Value: creds}, now: func() time.Time { return time.Date(2024, 5, 6, 7, 8, 9, 5, time.UTC) }})
		if err != nil {
			t.Fatal(err)
		}
		if again, err := f.Authorization(t.Context(), Repository{URL: u.String()}); again != got || err != nil {
			t.Errorf("%s: %v, not the same", c.host, err)
		}
	}
}
