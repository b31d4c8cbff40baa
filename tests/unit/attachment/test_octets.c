/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any octets: no read beyond the end, no kind taken for another, and work that grows with the length only. */
#include <stdlib.h>
#include <sys/mman.h>

#include "samples.h"

static const struct attachment_set every_kind = {UINT64_MAX};
static const char *const names[] = {"a.pdf", "a.txt", "a.xml", "a.docx", "a.zip", "a.png", "a.jpg", "a.tar"};
enum { NAMES = sizeof(names) / sizeof(*names), PAGE = 4096 };

/* Memory whose end is followed by a page that may not be read. */
struct fence {
	unsigned char *start;
	size_t room;
};

static struct fence fence_new(size_t room)
{
	struct fence f = {.room = (room + PAGE - 1) / PAGE * PAGE};

	f.start = mmap(NULL, f.room + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(f.start, MAP_FAILED);
	assert_int_equal(mprotect(f.start + f.room, PAGE, PROT_NONE), 0);
	return f;
}

static void fence_free(struct fence *f) { munmap(f->start, f->room + PAGE); }

/* The octets, moved so that they end at the fence. */
static struct bytes fenced(const struct fence *f, const unsigned char *p, size_t n)
{
	unsigned char *to = f->start + f->room - n;

	memcpy(to, p, n);
	return (struct bytes){to, n};
}

static const struct attachment_limits *generous(void)
{
	static const struct attachment_limits limits = {
		.size_most = SIZE_MAX, .name_most = 255, .windows_1251 = true, .utf16 = true, .active_refused = true};

	return &limits;
}

/* Judges the octets under every name; what is taken must be what its name says. */
static void judge(struct bytes o)
{
	enum attachment_kind k = attachment_kind_of(o);

	assert_in_range(k, 0, ATTACHMENT_KIND_COUNT - 1);
	for (size_t i = 0; i < NAMES; i++) {
		struct err e = {0};
		struct look l = {.o = o};
		bool ok = attachment_check_looked(bytes_str(names[i]), BYTES_NONE, &l, every_kind, generous(), &e).ok;
		enum attachment_kind named = attachment_by_extension(bytes_str(names[i] + 2));

		if (ok && k != named && !(k == ATTACHMENT_XML && named == ATTACHMENT_TXT))
			fail_msg("%s is taken as %s", attachment_row(k)->says, names[i]);
		if (!ok && e.detail[0] == 0)
			fail_msg("refused without words");
	}
}

static void every_octet_changed(void **state)
{
	static const unsigned char changes[] = {0x01, 0x20, 0xFF};
	struct fence f = fence_new(SAMPLE_MOST);

	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		SCOPED(buf_free) struct buf b = BUF(SAMPLE_MOST);

		samples[i].make(&b);
		for (size_t at = 0; at < b.len && at < 600; at++)
			for (size_t change = 0; change < sizeof(changes); change++) {
				b.data[at] ^= changes[change];
				judge(fenced(&f, b.data, b.len < 4096 ? b.len : 4096));
				b.data[at] ^= changes[change];
			}
	}
	fence_free(&f);
}

static void every_truncation(void **state)
{
	struct fence f = fence_new(SAMPLE_MOST);

	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		SCOPED(buf_free) struct buf b = BUF(SAMPLE_MOST);

		samples[i].make(&b);
		for (size_t n = 0; n <= b.len; n += n < 600 ? 1 : 997)
			judge(fenced(&f, b.data, n));
	}
	fence_free(&f);
}

/* A PDF without its first octets is none, and one without its last is cut. */
static void a_changed_mark_is_another_kind(void **state)
{
	SCOPED(buf_free) struct buf b = BUF(SAMPLE_MOST);

	(void)state;
	make_pdf(&b);
	for (size_t at = 0; at < 5; at++) {
		b.data[at] ^= 1;
		assert_int_not_equal(attachment_kind_of(buf_bytes(&b)), ATTACHMENT_PDF);
		assert_false(attachment_check(BYTES_LIT("a.pdf"), BYTES_NONE, buf_bytes(&b), every_kind, generous(), NULL).ok);
		b.data[at] ^= 1;
	}
	for (size_t n = 0; n + 1 < b.len; n++) /* the last octet is a line end */
		assert_false(attachment_check(BYTES_LIT("a.pdf"), BYTES_NONE, (struct bytes){b.data, n}, every_kind, generous(),
			NULL).ok);
	assert_true(attachment_check(BYTES_LIT("a.pdf"), BYTES_NONE, buf_bytes(&b), every_kind, generous(), NULL).ok);
}

static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Pieces of samples, marks and noise, one behind the other. */
static void mixtures(void **state)
{
	struct fence f = fence_new(SAMPLE_MOST);
	uint64_t seed = 20260301;

	(void)state;
	for (int round = 0; round < 1500; round++) {
		SCOPED(buf_free) struct buf b = BUF(SAMPLE_MOST);

		for (uint64_t pieces = 1 + next(&seed) % 4; pieces; pieces--) {
			SCOPED(buf_free) struct buf piece = BUF(SAMPLE_MOST);
			size_t from, n;

			samples[next(&seed) % SAMPLES].make(&piece);
			from = next(&seed) % 2 ? 0 : next(&seed) % piece.len;
			n = next(&seed) % 2 ? piece.len - from : next(&seed) % (piece.len - from);
			buf_add(&b, bytes_sub(buf_bytes(&piece), from, from + (n < 4096 ? n : 4096)));
			for (uint64_t changes = next(&seed) % 4; changes && b.len; changes--)
				b.data[next(&seed) % b.len] = (unsigned char)next(&seed);
		}
		judge(fenced(&f, b.data, b.len));
	}
	fence_free(&f);
}

/* Octets that would be read again and again by a careless search. */
static const struct pattern {
	const char *name;
	struct bytes unit;
} patterns[] = {
	{"zeros", BYTES_LIT("\0")},
	{"spaces", BYTES_LIT(" ")},
	{"slashes", BYTES_LIT("/")},
	{"escaped names", BYTES_LIT("/#45#46")},
	{"names without values", BYTES_LIT("/EF ")},
	{"names and numbers", BYTES_LIT("/EF 1 0 ")},
	{"names and comments", BYTES_LIT("/EF\n%")},
	{"ends", BYTES_LIT("%%EOF\n")},
	{"ends and numbers", BYTES_LIT("%%EOF 1 0 obj ")},
	{"ends in comments", BYTES_LIT("%%EOF\n%\n")},
	{"fronts of PDF", BYTES_LIT("%PDF-")},
	{"members of ZIP", BYTES_LIT("PK\x03\x04")},
	{"entries of ZIP", BYTES_LIT("PK\x01\x02")},
	{"ends of ZIP", BYTES_LIT("PK\x05\x06")},
	{"marks of tar", BYTES_LIT("ustar")},
	{"octal numbers", BYTES_LIT("0000644 ")},
	{"angle brackets", BYTES_LIT("<")},
	{"Cyrillic", BYTES_LIT("\xD0\x9F")},
	{"windows-1251", BYTES_LIT("\xCF")},
};

/* Octets looked at in a file of `n` octets that begins with `front` and then repeats the unit. */
static uint64_t work(const char *front, const struct pattern *p, const char *end, const char *name, size_t n)
{
	unsigned char *o = malloc(n);
	size_t head = strlen(front), tail = strlen(end);
	struct look l = {.o = {o, n}};
	struct err e;
	bool ok;

	assert_non_null(o);
	memcpy(o, front, head);
	for (size_t i = head; i < n; i++)
		o[i] = p->unit.p[(i - head) % p->unit.n];
	memcpy(o + n - tail, end, tail);
	ok = attachment_check_looked(bytes_str(name), BYTES_NONE, &l, every_kind, generous(), &e).ok;
	free(o);
	(void)ok; /* either is right: the work is what counts */
	return l.looked;
}

enum { SHORT = 400000, LOOKS_MOST = 30, LOOKS_ONCE = 700000 };

static void work_grows_with_the_length(void **state)
{
	static const struct {
		const char *front, *end;
	} frames[] = {{"", ""}, {"%PDF-1.4\n", "\n%%EOF\n"}, {"PK\x03\x04", ""}, {"\xFF\xD8\xFF", ""}};
	uint64_t most = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
		for (size_t k = 0; k < sizeof(frames) / sizeof(*frames); k++)
			for (size_t m = 0; m < 4; m++) {
				const char *name = (const char *const[]){"a.pdf", "a.txt", "a.docx", "a.jpg"}[m];
				uint64_t once = work(frames[k].front, &patterns[i], frames[k].end, name, SHORT);
				uint64_t twice = work(frames[k].front, &patterns[i], frames[k].end, name, 2 * SHORT);

				if (twice > 2 * once + 2000 || once > (uint64_t)LOOKS_MOST * SHORT + LOOKS_ONCE)
					fail_msg("%s, %s: %llu looks, then %llu", patterns[i].name, name, (unsigned long long)once,
						(unsigned long long)twice);
				most = once > most ? once : most;
			}
	print_message("at most %.1f looks for each octet\n", (double)most / SHORT);
}

/* 100 MB of noise with the frame of a PDF. */
static void a_hundred_megabytes(void **state)
{
	size_t n = 100000000;
	unsigned char *o = malloc(n);
	struct look l = {.o = {o, n}};
	uint64_t seed = 7;
	struct err e = {0};

	(void)state;
	assert_non_null(o);
	for (size_t i = 0; i + 8 <= n; i += 8) {
		uint64_t v = next(&seed);

		memcpy(o + i, &v, 8);
	}
	memcpy(o, "%PDF-1.4\n", 9);
	memcpy(o + n - 6, "%%EOF\n", 6);
	if (!attachment_check_looked(BYTES_LIT("a.pdf"), BYTES_NONE, &l, every_kind, generous(), &e).ok)
		fail_msg("noise in a PDF is refused: %s", e.detail);
	free(o);
	print_message("%.2f looks for each octet\n", (double)l.looked / (double)n);
	assert_true(l.looked >= n);
	assert_true(l.looked <= 6 * (uint64_t)n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_octet_changed),
		cmocka_unit_test(every_truncation),
		cmocka_unit_test(a_changed_mark_is_another_kind),
		cmocka_unit_test(mixtures),
		cmocka_unit_test(work_grows_with_the_length),
		cmocka_unit_test(a_hundred_megabytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
