/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures inside data. There is no private key here, so what a demand is satisfied with says what a seed says: the part
 * that it has to cover is, without its signatures, that of a signed seed. */
#include <libxml/tree.h>

#include "fuzz_trust.h"
#include "security/inner.h"

#define POOL_MOST (64u << 20)

static const struct conf_rule director = {.name = "director", .subjects = CONF_SUBJECT_EMPLOYEE, .own_bin = true};
static const struct conf_rule *const rules[] = {&director};
static const struct conf_inner whole = {.forms = CONF_INNER_ENVELOPED, .rules = rules, .rule_count = 1};
static const struct conf_inner part = {.forms = CONF_INNER_BY_ID, .rules = rules, .rule_count = 1, .covers = "Doc"};
static struct trust *trust;
static struct fuzz_said said;

static void drop_signatures(xmlNode *root)
{
	for (xmlNode *next, *c = root->children; c; c = next) {
		next = c->next;
		if (c->type != XML_ELEMENT_NODE || strcmp(node_local(c), "Signature") != 0 || strcmp(node_ns(c), NS_DSIG) != 0)
			continue;
		xmlUnlinkNode(c);
		xmlFreeNode(c);
	}
}

/* The part that has to be covered, without signatures. */
static xmlNode *covered(const struct payload *p, const struct conf_inner *demand)
{
	xmlNode *root = p->top == p->data ? xmlFirstElementChild(p->data) : p->top;

	FUZZ_ASSERT(root && root == payload_root(p));
	drop_signatures(root);
	for (xmlNode *c = root->children; demand->covers && c; c = c->next) {
		if (c->type == XML_ELEMENT_NODE && strcmp(node_local(c), demand->covers) == 0)
			return c;
	}
	return root;
}

/* Opens what stands in data; false when there is nothing to look at. */
static bool open_data(struct pool *pool, struct bytes text, struct payload *out, struct err *e)
{
	struct element element;
	xmlDoc *doc;

	if (!envelope_parse_document(pool, text, &ENVELOPE_LIMITS_DEFAULT, &doc, e).ok)
		return false;
	element = (struct element){.node = xmlDocGetRootElement(doc), .end = text.n};
	return payload_open(pool, &element, &ENVELOPE_LIMITS_DEFAULT, out, e).ok;
}

static bool verify(struct bytes text, const struct conf_inner *demand, unsigned char digest[32], struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(POOL_MOST);
	struct inner_result result;
	struct payload payload;

	if (!open_data(pool, text, &payload, e) ||
		!inner_verify(pool, &payload, demand, "200440000015", trust, stamp_now().ms, &result, e).ok)
		return false;
	FUZZ_ASSERT(result.n > 0 && payload_root(&payload));
	for (size_t i = 0; i < result.n; i++)
		FUZZ_ASSERT(result.signer[i].certificate && result.signer[i].kind == INNER_XML && result.signer[i].value.n);
	fuzz_say(covered(&payload, demand), digest);
	return true;
}

static void learn(const char *path)
{
	const struct conf_inner *const demands[] = {&whole, &part};
	SCOPED(buf_free) struct buf text = BUF(1 << 20);
	unsigned char digest[32];
	size_t before = said.n;
	struct err e = {0};

	fuzz_read(path, &text);
	for (size_t i = 0; i < 2; i++) {
		if (verify(buf_bytes(&text), demands[i], digest, &e))
			fuzz_learn(&said, digest);
	}
	if (said.n == before)
		fprintf(stderr, "%s: %s\n", path, e.detail);
	FUZZ_ASSERT(said.n > before); /* else the target would find nothing */
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	trust = fuzz_trust();
	fuzz_each_seed("inner", "signed", learn);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct conf_inner *const demands[] = {&whole, &part};
	unsigned char digest[32];

	for (size_t i = 0; i < 2; i++) {
		struct err e = {0};

		if (verify((struct bytes){data, size}, demands[i], digest, &e))
			FUZZ_ASSERT(fuzz_was_said(&said, digest));
		else
			FUZZ_ASSERT(e.reason != REASON_NONE && e.reason != REASON_INTERNAL);
	}
	return 0;
}
