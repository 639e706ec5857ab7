// The physical limit of a scan: inflate once every zlib stream that must be
// inflated to see all blobs, commits and tags of a repository, in one thread,
// with libdeflate, and do nothing with the bytes.
//
//     cc -O2 -o limit limit.c -ldeflate
//     limit HASH_BYTES PACK.idx...
//
// HASH_BYTES is 20 for SHA-1, 32 for SHA-256. It reads indexes of version 2 and
// the packs beside them; loose objects are left out, and an object that is in two
// packs counts twice. Which streams those are, it finds out before the clock
// starts. It prints the streams, their bytes inflated, and the seconds of CPU and
// of wall time that inflating them took. It trusts the packs: give it none that
// git fsck would not pass.

#include <fcntl.h>
#include <libdeflate.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { COMMIT = 1, TREE = 2, BLOB = 3, TAG = 4, OFS_DELTA = 6, REF_DELTA = 7 };
enum { UNKNOWN = 0 };

typedef struct {
	uint64_t offset; // of the object
	uint64_t stream; // of its zlib stream
	uint64_t size;   // of what the stream inflates to
	int64_t base;    // of a delta: its base's place in objects
	uint8_t type;    // of a delta: UNKNOWN until its chain was followed
} object;

typedef struct {
	const uint8_t *idx, *pack;
	uint64_t pack_len;
	uint32_t count;
	object *objects; // by offset
} pack;

static size_t hash_len;

static void die(const char *what, const char *name)
{
	fprintf(stderr, "limit: %s: %s\n", what, name);
	exit(2);
}

static const uint8_t *map(const char *name, uint64_t *len)
{
	struct stat st;
	int fd = open(name, O_RDONLY);
	if (fd < 0 || fstat(fd, &st) < 0)
		die("opening", name);
	void *p = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		die("mapping", name);
	close(fd);
	*len = st.st_size;
	return p;
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

// idx_offset is the offset of the index's n-th object.
static uint64_t idx_offset(const pack *p, uint32_t n)
{
	const uint8_t *offsets = p->idx + 8 + 1024 + (uint64_t)p->count * (hash_len + 4);
	uint32_t o = be32(offsets + 4ull * n);
	if (!(o & 0x80000000u))
		return o;
	const uint8_t *large = offsets + 4ull * p->count + 8ull * (o & 0x7fffffffu);
	return (uint64_t)be32(large) << 32 | be32(large + 4);
}

static int by_offset(const void *a, const void *b)
{
	uint64_t x = ((const object *)a)->offset, y = ((const object *)b)->offset;
	return x < y ? -1 : x > y;
}

// at is the place in objects of the one at offset.
static int64_t at(const pack *p, uint64_t offset)
{
	object key = {.offset = offset};
	object *o = bsearch(&key, p->objects, p->count, sizeof key, by_offset);
	if (!o)
		die("reading a pack", "a delta's base is not there");
	return o - p->objects;
}

// named is the place in objects of the one named name, by the index's fan-out.
static int64_t named(const pack *p, const uint8_t *name)
{
	const uint8_t *fan = p->idx + 8, *names = fan + 1024;
	uint32_t low = name[0] ? be32(fan + 4 * (name[0] - 1)) : 0, high = be32(fan + 4 * name[0]);
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		int c = memcmp(names + (uint64_t)mid * hash_len, name, hash_len);
		if (c == 0)
			return at(p, idx_offset(p, mid));
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	die("reading a pack", "a delta's base is in no pack of its own");
	return -1;
}

// read_header fills in all of an object but its offset.
static void read_header(const pack *p, object *o)
{
	const uint8_t *s = p->pack + o->offset;
	uint8_t type = *s >> 4 & 7;
	o->size = *s & 15;
	for (int shift = 4; *s++ & 0x80; shift += 7)
		o->size |= (uint64_t)(*s & 0x7f) << shift;
	o->base = -1;
	o->type = type;
	if (type == OFS_DELTA) {
		uint64_t back = *s & 0x7f;
		while (*s++ & 0x80)
			back = (back + 1) << 7 | (*s & 0x7f);
		o->base = at(p, o->offset - back);
		o->type = UNKNOWN;
	} else if (type == REF_DELTA) {
		o->base = named(p, s);
		o->type = UNKNOWN;
		s += hash_len;
	}
	o->stream = s - p->pack;
}

// resolve gives a delta the type of the root of its chain, and all on the way.
static void resolve(object *objects, object *o)
{
	object *root = o;
	while (root->type == UNKNOWN)
		root = &objects[root->base];
	for (uint8_t type = root->type; o->type == UNKNOWN; o = &objects[o->base])
		o->type = type;
}

static pack read_pack(const char *idx_name)
{
	pack p;
	uint64_t idx_len;
	size_t n = strlen(idx_name);
	char *name = malloc(n + 2);
	if (!name || n < 4 || strcmp(idx_name + n - 4, ".idx"))
		die("not the name of an index", idx_name);
	memcpy(name, idx_name, n - 4);
	strcpy(name + n - 4, ".pack");
	p.idx = map(idx_name, &idx_len);
	p.pack = map(name, &p.pack_len);
	free(name);
	if (idx_len < 8 + 1024 || memcmp(p.idx, "\377tOc\0\0\0\2", 8))
		die("not an index of version 2", idx_name);
	p.count = be32(p.idx + 8 + 1020);
	p.objects = calloc(p.count ? p.count : 1, sizeof *p.objects);
	if (!p.objects)
		die("out of memory for", idx_name);
	for (uint32_t i = 0; i < p.count; i++)
		p.objects[i].offset = idx_offset(&p, i);
	qsort(p.objects, p.count, sizeof *p.objects, by_offset);
	for (uint32_t i = 0; i < p.count; i++)
		read_header(&p, &p.objects[i]);
	for (uint32_t i = 0; i < p.count; i++)
		resolve(p.objects, &p.objects[i]);
	return p;
}

static double seconds(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

// largest is the size of the largest stream that is inflated.
static uint64_t largest(const pack *packs, int n)
{
	uint64_t size = 0;
	for (int i = 0; i < n; i++)
		for (uint32_t k = 0; k < packs[i].count; k++)
			if (packs[i].objects[k].type != TREE && packs[i].objects[k].size > size)
				size = packs[i].objects[k].size;
	return size;
}

static void inflate_all(const pack *p, struct libdeflate_decompressor *d, uint8_t *out, uint64_t *streams, uint64_t *bytes)
{
	for (uint32_t i = 0; i < p->count; i++) {
		const object *o = &p->objects[i];
		if (o->type == TREE)
			continue;
		size_t in, got;
		if (libdeflate_zlib_decompress_ex(d, p->pack + o->stream, p->pack_len - o->stream, out, o->size, &in, &got) || got != o->size)
			die("inflating", "a stream is damaged");
		++*streams;
		*bytes += o->size;
	}
}

int main(int argc, char **argv)
{
	if (argc < 2 || (hash_len = atoi(argv[1])) < 20)
		die("usage", "limit HASH_BYTES PACK.idx...");
	int n = argc - 2;
	pack *packs = calloc(n + 1, sizeof *packs);
	for (int i = 0; i < n; i++)
		packs[i] = read_pack(argv[i + 2]);
	uint8_t *out = malloc(largest(packs, n) + 1);
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	if (!packs || !out || !d)
		die("out of memory", "all of it");
	uint64_t streams = 0, bytes = 0;
	double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
	for (int i = 0; i < n; i++)
		inflate_all(&packs[i], d, out, &streams, &bytes);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	wall = seconds(CLOCK_MONOTONIC) - wall;
	printf("{\"streams\":%llu,\"bytes\":%llu,\"cpu\":%.6f,\"wall\":%.6f}\n",
	       (unsigned long long)streams, (unsigned long long)bytes, cpu, wall);
	return 0;
}
