package sweep

import (
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/revokey-dev/revokey/sweep/forge"
)

// Shard is a part of all repositories: the Index-th, from 0, of Total. The zero Shard is all.
type Shard struct {
	Index int `json:"index"`
	Total int `json:"total"`
}

// engines hand out an index, and most of them a total, in variables.
var engines = []struct {
	name, index, total string
	from               int // what they count from
}{
	{"AWS Batch", "AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE", 0},
	{"a Kubernetes indexed Job", "JOB_COMPLETION_INDEX", "", 0},
	{"Cloud Run", "CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_COUNT", 0},
	{"CircleCI", "CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0},
	{"Buildkite", "BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0},
	{"Bitbucket", "BITBUCKET_PARALLEL_STEP", "BITBUCKET_PARALLEL_STEP_COUNT", 0},
	{"Slurm", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", 0},
	{"GitLab CI", "CI_NODE_INDEX", "CI_NODE_TOTAL", 1},
}

// ParseShard reads I/N, I from 0, or "auto": then the variables of AWS Batch arrays, Kubernetes
// indexed jobs, and what else hands out an index, say which it is. total is how many
// there are where the engine does not tell; 0: not known.
func ParseShard(s string, total int, getenv func(string) string) (Shard, error) {
	if s == "auto" {
		return autoShard(total, getenv)
	}
	i, n, ok := strings.Cut(s, "/")
	if !ok {
		return Shard{}, fmt.Errorf("a shard is I/N, such as 0/4, or auto, not %q", s)
	}
	return newShard(i, n, 0)
}

func newShard(i, n string, from int) (Shard, error) {
	index, err := strconv.Atoi(i)
	total, err2 := strconv.Atoi(n)
	if err != nil || err2 != nil || total < 1 || index < from || index-from >= total {
		return Shard{}, fmt.Errorf("there is no shard %s of %s, counted from %d", i, n, from)
	}
	return Shard{index - from, total}, nil
}

func autoShard(total int, getenv func(string) string) (Shard, error) {
	for _, e := range engines {
		index := getenv(e.index)
		if index == "" {
			continue
		}
		n := ""
		if e.total != "" {
			n = getenv(e.total)
		}
		if n == "" && total > 0 {
			n = strconv.Itoa(total)
		}
		if n == "" {
			return Shard{}, fmt.Errorf("%s does not tell how many shards there are: pass --shard-total N", e.name)
		}
		s, err := newShard(index, n, e.from)
		if err != nil {
			return s, fmt.Errorf("%s: %w", e.name, err)
		}
		return s, nil
	}
	return Shard{}, errors.New("no variable says which shard this is: pass --shard I/N")
}

// Has reports whether the repository is in the shard. It depends on the name alone, so that all who
// list the same repositories share them out alike.
func (s Shard) Has(r forge.Repository) bool {
	if s.Total <= 1 {
		return true
	}
	h := fnv.New64a()
	h.Write([]byte(r.Name))
	return h.Sum64()%uint64(s.Total) == uint64(s.Index)
}
