package forge

import (
	"net/url"
	"slices"
	"strings"
)

const (
	bitbucketServer = "https://bitbucket.org"
	azureServer     = "https://dev.azure.com"
)

// home is a host, and the variables whose tokens belong to it and may go to no other.
type home struct {
	server string   // "https://host[:port][/prefix]"
	user   string   // that git gives with such a token; a leading "$" names a variable
	tokens []string // variables, the first that is set counts
}

// homes are those of a kind, the one first on which a source without a host is looked
// for. The variables are those of the forges' own tools and of their CI.
func homes(kind string, getenv func(string) string) []home {
	switch kind {
	case GitHub:
		return githubHomes(getenv)
	case GitLab:
		return gitlabHomes(getenv)
	case Gitea:
		return slices.DeleteFunc([]home{
			{serverIn(getenv("GITEA_SERVER_URL")), "oauth2", []string{"GITEA_TOKEN", "GITEA_SERVER_TOKEN"}},
			{serverIn(getenv("FORGEJO_SERVER_URL")), "oauth2", []string{"FORGEJO_TOKEN"}},
		}, func(h home) bool { return h.server == "" })
	case Bitbucket:
		return []home{
			{bitbucketServer, "x-token-auth", []string{"BITBUCKET_ACCESS_TOKEN"}},
			{bitbucketServer, "$BITBUCKET_EMAIL", []string{"BITBUCKET_API_TOKEN"}},
		}
	case Azure:
		return azureHomes(getenv)
	}
	return nil
}

// githubHomes are as gh has them: https://cli.github.com/manual/gh_help_environment. On a
// runner of Actions GITHUB_SERVER_URL tells whose GITHUB_TOKEN is.
func githubHomes(getenv func(string) string) []home {
	const user = "x-access-token"
	cloud := home{first(serverIn(getenv("GITHUB_SERVER_URL")), "https://github.com"), user, []string{"GH_TOKEN", "GITHUB_TOKEN"}}
	host := serverIn(getenv("GH_HOST"))
	switch {
	case host == "" || hostIn(host) == hostIn(cloud.server):
		return []home{cloud}
	case strings.HasSuffix(hostIn(host), ".ghe.com"):
		return []home{{host, user, cloud.tokens}, cloud}
	}
	return []home{{host, user, []string{"GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"}}, cloud}
}

// gitlabHomes are as glab has them: https://docs.gitlab.com/cli/#environment-variables. In
// a job CI_SERVER_URL tells whose CI_JOB_TOKEN is.
func gitlabHomes(getenv func(string) string) []home {
	job := serverIn(getenv("CI_SERVER_URL"))
	hs := []home{{first(serverIn(getenv("GITLAB_HOST")), job, "https://gitlab.com"), "oauth2", []string{"GITLAB_TOKEN"}}}
	if job != "" {
		hs = append(hs, home{job, "gitlab-ci-token", []string{"CI_JOB_TOKEN"}})
	}
	return hs
}

// azureHomes are as the Azure CLI, Terraform and Azure Pipelines have them.
func azureHomes(getenv func(string) string) []home {
	own := first(serverIn(getenv("AZDO_ORG_SERVICE_URL")), azureServer)
	hs := []home{{origin(own), "", []string{"AZURE_DEVOPS_EXT_PAT", "AZDO_PERSONAL_ACCESS_TOKEN"}}}
	if job := serverIn(getenv("SYSTEM_COLLECTIONURI")); job != "" {
		hs = append(hs, home{origin(job), "", []string{"SYSTEM_ACCESSTOKEN"}})
	}
	return hs
}

// tokenVariables are all of a kind, whatever host they belong to.
func tokenVariables(kind string, getenv func(string) string) []string {
	if kind == Gitea {
		return []string{"GITEA_TOKEN", "GITEA_SERVER_TOKEN", "FORGEJO_TOKEN"}
	}
	var names []string
	for _, h := range homes(kind, getenv) {
		names = append(names, h.tokens...)
	}
	if kind == GitHub {
		names = append(names, "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")
	}
	return names
}

// hostVariable is what names the host that a kind's tokens belong to.
var hostVariable = map[string]string{GitHub: "GH_HOST", GitLab: "GITLAB_HOST", Gitea: "GITEA_SERVER_URL", Azure: "AZDO_ORG_SERVICE_URL"}

// jobVariable is what names it in the forge's own CI.
var jobVariable = map[string]string{GitHub: "GITHUB_SERVER_URL", GitLab: "CI_SERVER_URL", Gitea: "FORGEJO_SERVER_URL", Azure: "SYSTEM_COLLECTIONURI"}

// serverIn reads a variable that holds a host or a URL; "" is none, or not one.
func serverIn(value string) string {
	if value == "" {
		return ""
	}
	if !strings.Contains(value, "://") {
		value = "https://" + value
	}
	u, err := url.Parse(value)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || badHost(u.Host) {
		return ""
	}
	return strings.TrimSuffix(u.Scheme+"://"+plainHost(u)+u.Path, "/")
}

// plainHost is the host of u in lower case, without the port where it goes without saying.
func plainHost(u *url.URL) string {
	host := strings.ToLower(u.Host)
	switch u.Scheme {
	case "https":
		return strings.TrimSuffix(host, ":443")
	case "http":
		return strings.TrimSuffix(host, ":80")
	}
	return host
}

func hostIn(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		return ""
	}
	return plainHost(u)
}

// origin is server without its path.
func origin(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + plainHost(u)
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
