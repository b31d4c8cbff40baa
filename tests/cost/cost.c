/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qaqpa_cost - what a message costs before its signature is known to be good, for tests/cost/test_cost.py.
 *
 *   qaqpa_cost shapes            the names of the shapes, and what a message of each is refused with
 *   qaqpa_cost make SHAPE N      a message with N of what the shape is about, signed, to standard output
 *   qaqpa_cost judge FILE ...    judges each: octets, reason, highest number of octets that were allocated for it
 *
 * Instructions are counted from outside, by callgrind: it collects inside judge() alone and writes a record after each
 * call. Allocations are counted here, where no sanitizer has them. */
#include "../unit/security/fixture.h"

#include <errno.h>
#include <malloc.h>

#define MOST (256u << 20)

/* --- allocations --- */

static size_t held, highest;
static bool counted;

#ifndef __SANITIZE_ADDRESS__
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t alignment, size_t n);
void __libc_free(void *p);

static void *add(void *p)
{
	counted = true;
	held += p ? malloc_usable_size(p) : 0;
	highest = held > highest ? held : highest;
	return p;
}

void *malloc(size_t n) { return add(__libc_malloc(n)); }
void *calloc(size_t n, size_t size) { return add(__libc_calloc(n, size)); }
void *memalign(size_t alignment, size_t n) { return add(__libc_memalign(alignment, n)); }
void *aligned_alloc(size_t alignment, size_t n) { return add(__libc_memalign(alignment, n)); }

int posix_memalign(void **out, size_t alignment, size_t n)
{
	*out = add(__libc_memalign(alignment, n));
	return *out ? 0 : ENOMEM;
}

void free(void *p)
{
	held -= p ? malloc_usable_size(p) : 0;
	__libc_free(p);
}

void *realloc(void *p, size_t n)
{
	size_t before = p ? malloc_usable_size(p) : 0;
	void *q = __libc_realloc(p, n);

	if (q || n == 0)
		held -= before;
	return add(q);
}
#endif

/* --- shapes --- */

typedef void maker(struct buf *out, size_t n);

static void repeat(struct buf *out, const char *what, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_str(out, what);
}

static void elements(struct buf *out, size_t n) { repeat(out, "<i/>", n); }
static void comments(struct buf *out, size_t n) { repeat(out, "<!---->", n); }
static void sections(struct buf *out, size_t n) { repeat(out, "<![CDATA[&]]>", n); }
static void references(struct buf *out, size_t n) { repeat(out, "&lt;", n); }
static void returns(struct buf *out, size_t n) { repeat(out, "&#13;", n); }
static void text(struct buf *out, size_t n) { repeat(out, "TG9uZyBkYXRh", n); }

static void attributes(struct buf *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s a%zu=\"\"%s", i % 60 == 0 ? "<i" : "", 59 - i % 60, i % 60 == 59 || i == n - 1 ? "/>" : "");
}

static void declarations(struct buf *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "<i xmlns:p%zu=\"urn:%zu\" p%zu:a=\"\"/>", i, i, i);
}

/* Each element stands below 28 declarations that it could use, and uses the outermost. */
static void scopes(struct buf *out, size_t n)
{
	buf_str(out, "<s");
	for (int i = 0; i < 28; i++)
		buf_printf(out, " xmlns:q%d=\"urn:q%d\"", i, i);
	buf_str(out, ">");
	repeat(out, "<q0:i q27:a=\"\"/>", n);
	buf_str(out, "</s>");
}

static void floors(struct buf *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_str(out, "<i>");
	repeat(out, "</i>", n);
}

static void towers(struct buf *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		floors(out, 50);
}

static void long_names(struct buf *out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_str(out, "<");
		repeat(out, "name", 1000);
		buf_printf(out, "%zu/>", i);
	}
}

static void long_values(struct buf *out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_str(out, "<i a=\"");
		repeat(out, "&quot;", 1000);
		buf_str(out, "\"/>");
	}
}

static void blanks(struct buf *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "<i%4000s/>", "");
}

/* Names whose hashes are equal wherever a hash multiplies by 33: all are made of "bA" and "ab" in their pairs. */
static void identifiers(struct buf *out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "<i xmlns:u=\"" NS_WSU "\" u:Id=\"x");
		for (int bit = 0; bit < 16; bit++)
			buf_str(out, i >> bit & 1 ? "ab" : "bA");
		buf_str(out, "\"/>");
	}
}

/* What the judge of payloads doubts only at the end of them, so that they are read by it and by the parser. */
static const char doubt[] = "<i xml:space='default'/>";

static void apart(struct buf *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "<p:i xmlns:p=\"urn:p\" n=\"%zu\">x</p:i>", i);
}

static void header_blocks(struct buf *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "<b xmlns=\"urn:b%zu\"/>", i);
}

static void unbound(struct buf *out, size_t n)
{
	header_blocks(out, n / 8);
	buf_str(out, "<u:i/>");
}

static const struct shape {
	const char *name;
	maker *body;        /* in the payload */
	bool certain;       /* that the payload is well-formed; else it ends with doubt */
	const char *before; /* piece of the signed message, before which ... */
	maker *inside;      /* ... more is put that nobody has signed */
	enum reason reason;
} shapes[] = {
	{.name = "elements", .body = elements},
	{.name = "attributes", .body = attributes},
	{.name = "declarations", .body = declarations},
	{.name = "scopes", .body = scopes},
	{.name = "towers", .body = towers},
	{.name = "comments", .body = comments},
	{.name = "sections", .body = sections},
	{.name = "references", .body = references},
	{.name = "returns", .body = returns},
	{.name = "text", .body = text},
	{.name = "long-names", .body = long_names},
	{.name = "long-values", .body = long_values},
	{.name = "blanks", .body = blanks},
	{.name = "identifiers", .body = identifiers},
	{.name = "header-blocks", .before = "<wsse:Security ", .inside = header_blocks},
	{.name = "header-elements", .before = "<wsse:Security ", .inside = towers},
	{.name = "header-identifiers", .before = "<wsse:Security ", .inside = identifiers},
	{.name = "key-identifier", .before = "</wsse:KeyIdentifier>", .inside = text, .reason = REASON_SEC_TOKEN_BROKEN},
	{.name = "signature-value", .before = "</ds:SignatureValue>", .inside = text, .reason = REASON_SEC_VALUE},
	{.name = "digest-value", .before = "</ds:DigestValue>", .inside = text, .reason = REASON_SEC_DIGEST},
	{.name = "depth", .body = floors, .reason = REASON_XML_DEPTH},
	{.name = "apart", .body = apart, .certain = true},
	/* Judged apart, and then the rest turns out to be malformed: all is parsed once more, for the words. */
	{.name = "apart-in-vain", .body = elements, .certain = true, .before = "<wsse:Security ", .inside = unbound,
		.reason = REASON_XML_NAMESPACE},
};

static void sign(struct bytes plain, struct buf *out)
{
	struct sign_options options = {world.key[SENDER], CONF_FORM_KEY_IDENTIFIER, SIGNATURE_COUNT};
	SCOPED(pool_free) struct pool *pool = pool_new(MOST);
	struct err e = {0};

	if (!security_sign(pool, plain, &options, out, &e).ok)
		fail_msg("%s: %s", reason_row(e.reason)->name, e.detail);
}

static void make(const struct shape *shape, size_t n)
{
	SCOPED(buf_free) struct buf plain = BUF(MOST), whole = BUF(MOST), out = BUF(MOST);
	size_t at;

	buf_str(&plain, "<soapenv:Envelope xmlns:soapenv=\"" NS_SOAP11 "\"><soapenv:Body><m:SendMessage xmlns:m=\"urn:m\">"
		"<request><requestData><data>");
	if (shape->body && (shape->reason == REASON_NONE || shape->certain))
		shape->body(&plain, n);
	buf_printf(&plain, "%s</data></requestData></request></m:SendMessage></soapenv:Body></soapenv:Envelope>",
		shape->certain ? "" : doubt);
	sign(buf_bytes(&plain), &whole);
	/* What nobody can sign because it is never parsed is put in afterwards. */
	const char *before = shape->before ? shape->before : "</data>";
	at = (size_t)((char *)memmem(whole.data, whole.len, before, strlen(before)) - (char *)whole.data);
	buf_add(&out, (struct bytes){whole.data, at});
	if (shape->before)
		shape->inside(&out, n);
	else if (shape->reason != REASON_NONE)
		shape->body(&out, n);
	buf_add(&out, (struct bytes){whole.data + at, whole.len - at});
	assert_true(buf_ok(&out));
	fwrite(out.data, 1, out.len, stdout);
}

/* --- judging --- */

enum reason judge(struct bytes message);

__attribute__((noinline)) enum reason judge(struct bytes message)
{
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	struct pool *pool = pool_new(MOST);
	const struct trust_cert *who;
	const struct verified *v;
	struct envelope *env;
	struct err e = {0};

	limits.elements = 200000; /* as in the configuration */
	if (envelope_parse_frame(pool, message, &limits, &env, &e).ok)
		e.reason = security_verify(pool, env, world.trust, world.now, &v, &who, &e).ok ? REASON_NONE : e.reason;
	pool_free(&pool);
	return e.reason;
}

static void judge_file(const char *path)
{
	SCOPED(buf_free) struct buf message = BUF(MOST);
	FILE *file = fopen(path, "r");
	unsigned char *into;
	size_t n, before;
	enum reason reason;

	assert_non_null(file);
	while ((into = buf_reserve(&message, 65536)) && (n = fread(into, 1, 65536, file)) > 0)
		buf_grown(&message, n);
	fclose(file);
	before = highest = held;
	reason = judge(buf_bytes(&message));
	printf("%zu %s %zu\n", message.len, reason_row(reason)->name, highest - before);
}

int main(int argc, char **argv)
{
	assert_int_equal(world_make(NULL), 0);
	if (argc == 2 && strcmp(argv[1], "shapes") == 0) {
		for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
			printf("%s %s\n", shapes[i].name, reason_row(shapes[i].reason)->name);
		if (!counted)
			puts("uncounted"); /* a sanitizer has the allocations */
	} else if (argc == 4 && strcmp(argv[1], "make") == 0) {
		for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
			if (strcmp(shapes[i].name, argv[2]) == 0)
				make(&shapes[i], strtoul(argv[3], NULL, 10));
		}
	} else if (argc > 2 && strcmp(argv[1], "judge") == 0) {
		for (int i = 2; i < argc; i++)
			judge_file(argv[i]);
	} else {
		return 1;
	}
	return world_drop(NULL);
}
