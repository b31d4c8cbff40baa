/* SPDX-License-Identifier: GPL-3.0-or-later */
/* security_guess - why a digest or a signature value may differ: the usual mistakes are tried until one fits.
 * Promise:  a guess is told as certain only when the octets made by it give the very value of the message.
 * Not here: decisions; nothing found here makes a message acceptable. */
#include <libxml/c14n.h>

#include "security/security_int.h"

enum { GUESS_MAX = 64 << 20, VALUE_MAX = 8192 };

static bool is_below(const xmlNode *apex, const xmlNode *node)
{
	while (node && node != apex)
		node = node->parent;
	return node != NULL;
}

/* A namespace node comes with its element as the parent. */
static int is_visible(void *apex, xmlNode *node, xmlNode *parent)
{
	return is_below(apex, node->type == XML_NAMESPACE_DECL ? parent : node);
}

/* Canonical octets of the element in any of libxml2's forms. */
static bool canonical(xmlNode *apex, int mode, bool comments, struct buf *out)
{
	xmlOutputBuffer *to = xmlAllocOutputBuffer(NULL);
	bool ok = to && xmlC14NExecute(apex->doc, is_visible, apex, mode, NULL, comments, to) >= 0;

	if (ok)
		buf_add(out, (struct bytes){xmlOutputBufferGetContent(to), xmlOutputBufferGetSize(to)});
	if (to)
		xmlOutputBufferClose(to);
	return ok && buf_ok(out);
}

/* --- the same octets with other white space --- */

/* Without white space between tags: as it was before an indenting printer. */
static void compacted(struct bytes in, struct buf *out)
{
	for (size_t i = 0; i < in.n; i++) {
		size_t end = i + 1;

		buf_char(out, (char)in.p[i]);
		if (in.p[i] != '>')
			continue;
		while (end < in.n && strchr(" \t\n", in.p[end]))
			end++;
		if (end < in.n && in.p[end] == '<')
			i = end - 1;
	}
}

static void with_cr(struct bytes in, struct buf *out)
{
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == '\n')
			buf_str(out, "&#xD;");
		buf_char(out, (char)in.p[i]);
	}
}

static void without_cr(struct bytes in, struct buf *out)
{
	for (size_t i = 0; i < in.n; i++) {
		if (in.n - i >= 5 && memcmp(in.p + i, "&#xD;", 5) == 0)
			i += 4;
		else
			buf_char(out, (char)in.p[i]);
	}
}

static void unchanged(struct bytes in, struct buf *out)
{
	buf_add(out, in);
}

struct guess {
	void (*rewrite)(struct bytes in, struct buf *out);
	int mode;
	bool comments;
	const char *words;
};

/* The likeliest first. */
static const struct guess guesses[] = {
	{compacted, XML_C14N_EXCLUSIVE_1_0, false,
		"it was signed without line breaks and indented afterwards"},
	{with_cr, XML_C14N_EXCLUSIVE_1_0, false,
		"it was signed with CR LF line ends, which were changed to LF"},
	{without_cr, XML_C14N_EXCLUSIVE_1_0, false,
		"it was signed with LF line ends, which were changed to CR LF"},
	{unchanged, XML_C14N_1_0, false, "inclusive canonicalisation was used, not exclusive as declared"},
	{unchanged, XML_C14N_EXCLUSIVE_1_0, false, "exclusive canonicalisation was used, not as declared"},
	{unchanged, XML_C14N_EXCLUSIVE_1_0, true, "comments were not left out in the canonical form"},
	{unchanged, XML_C14N_1_0, true, "inclusive canonicalisation with comments was used"},
	{compacted, XML_C14N_1_0, false,
		"inclusive canonicalisation was used, and it was indented afterwards"},
};

static void digest_of(enum digest d, struct bytes octets, unsigned char out[64])
{
	digest_begin(d);
	digest_add(NULL, octets.p, octets.n);
	digest_end(out);
}

struct trial {
	const struct reference *r; /* or: */
	const struct parts *p;
	const struct trust_cert *cert;
	struct bytes value; /* of the signature */
};

static bool fits(const struct trial *t, struct bytes octets)
{
	unsigned char computed[64];

	if (!t->r)
		return trust_verify(t->cert, t->p->algorithm, octets, t->value, NULL).ok;
	digest_of(t->r->digest, octets, computed);
	return memcmp(computed, t->r->value, digest_row(t->r->digest)->size) == 0;
}

static bool try_guess(const struct trial *t, xmlNode *element, const struct guess *g)
{
	SCOPED(buf_free) struct buf plain = BUF(GUESS_MAX), changed = BUF(2 * GUESS_MAX);

	if (!canonical(element, g->mode, g->comments, &plain))
		return false;
	g->rewrite(buf_bytes(&plain), &changed);
	return buf_ok(&changed) && fits(t, buf_bytes(&changed));
}

static bool tell_fitting(const struct trial *t, xmlNode *element, struct buf *out)
{
	for (size_t i = 0; i < sizeof guesses / sizeof guesses[0]; i++) {
		if (try_guess(t, element, &guesses[i])) {
			buf_printf(out, "    certain: %s\n", guesses[i].words);
			return true;
		}
	}
	return false;
}

void security_guess_digest(struct buf *out, const struct reference *r)
{
	const struct trial t = {.r = r};

	if (tell_fitting(&t, r->target, out))
		return;
	buf_str(out,
		"    no usual mistake gives this digest; in order of likelihood:\n"
		"      1. a value inside was edited after signing\n"
		"      2. a library serialised the message again (entities, CDATA, prefixes)\n"
		"      3. the signer digested another element, or the Body in another envelope\n");
}

static bool read_value(struct pool *pool, const struct parts *p, struct buf *out)
{
	struct bytes text;

	return node_text(pool, p->signature_value, &text) && base64_decode(text, out, NULL).ok;
}

static bool add(void *out, const void *data, size_t n)
{
	buf_add(out, (struct bytes){data, n});
	return true;
}

/* SignedInfo in the form that it declares. */
static bool declared(const struct parts *p, struct buf *out)
{
	if (p->inclusive)
		return canonical(p->signed_info, XML_C14N_1_0, false, out);
	return envelope_canonical(p->signed_info, p->prefixes, add, out, NULL).ok && buf_ok(out);
}

void security_guess_side(struct pool *pool, struct buf *out, const struct parts *p,
	const struct trust_cert *cert)
{
	SCOPED(buf_free) struct buf value = BUF(VALUE_MAX), octets = BUF(GUESS_MAX);
	struct trial t = {.p = p, .cert = cert};

	if (!read_value(pool, p, &value) || !declared(p, &octets))
		return;
	t.value = buf_bytes(&value);
	if (fits(&t, buf_bytes(&octets)))
		buf_str(out, "    certain: the digest is the signer's own, for SignatureValue fits SignedInfo\n");
	else
		buf_str(out,
			"    SignatureValue does not fit SignedInfo either: the digest was changed, or the\n"
			"    certificate named is not that of the signing key\n");
}

/* Libraries of the Russian form write the same two numbers the other way round. */
static bool tell_reversed(struct trial t, struct buf *out)
{
	SCOPED(buf_free) struct buf octets = BUF(GUESS_MAX), turned = BUF(VALUE_MAX);

	for (size_t i = t.value.n; i > 0; i--)
		buf_char(&turned, (char)t.value.p[i - 1]);
	t.value = buf_bytes(&turned);
	if (!declared(t.p, &octets) || !buf_ok(&turned) || !fits(&t, buf_bytes(&octets)))
		return false;
	buf_str(out, "    certain: the value stands back to front; r comes first, each number little-endian\n");
	return true;
}

void security_guess_value(struct pool *pool, struct buf *out, const struct parts *p,
	const struct trust_cert *cert)
{
	SCOPED(buf_free) struct buf value = BUF(VALUE_MAX);
	struct trial t = {.p = p, .cert = cert};

	if (!read_value(pool, p, &value))
		return;
	t.value = buf_bytes(&value);
	if (tell_fitting(&t, p->signed_info, out) || tell_reversed(t, out))
		return;
	buf_str(out,
		"    no usual mistake gives this value; in order of likelihood:\n"
		"      1. the certificate named is not that of the signing key\n"
		"      2. SignedInfo was changed after signing (a digest edited, elements re-serialised)\n"
		"      3. the signature value has the wrong form (ECDSA and GOST: r and s, no DER; RSA: PKCS#1)\n");
}
