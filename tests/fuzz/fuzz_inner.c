/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures inside data. There is no private key here, so what a demand is satisfied with says what a seed says: the part
 * that it has to cover is, without its signatures, that of a signed seed. */
#include <libxml/tree.h>
#include <string.h>

#include "fuzz.h"
#include "security/inner.h"
#include "security/security.h"

#define POOL_MOST (64u << 20)
#define SEEDS 4

static const char *const names[SEEDS] = {"inner/enveloped", "inner/two", "inner/inclusive", "inner/by_id"};
static const struct conf_rule director = {.name = "director", .subjects = CONF_SUBJECT_EMPLOYEE, .own_bin = true};
static const struct conf_rule *const rules[] = {&director};
static const struct conf_inner whole = {.forms = CONF_INNER_ENVELOPED, .rules = rules, .rule_count = 1};
static const struct conf_inner part = {.forms = CONF_INNER_BY_ID, .rules = rules, .rule_count = 1, .covers = "Doc"};
static struct trust *trust;
static unsigned char said[2 * SEEDS][32];
static size_t said_count;

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

static void digest_of(const struct payload *p, const struct conf_inner *demand, unsigned char out[32])
{
	struct err e;

	digest_begin(DIGEST_SHA256);
	FUZZ_ASSERT(envelope_canonical(covered(p, demand), NULL, digest_add, NULL, &e).ok);
	FUZZ_ASSERT(digest_end(out) == 32);
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
	digest_of(&payload, demand, digest);
	return true;
}

static bool was_signed(const unsigned char digest[32])
{
	for (size_t i = 0; i < said_count; i++) {
		if (memcmp(said[i], digest, 32) == 0)
			return true;
	}
	return false;
}

static void learn(const char *name)
{
	SCOPED(buf_free) struct buf text = BUF(1 << 20);
	bool one, other;
	struct err e = {0};

	fuzz_read(fuzz_seed_path(name), &text);
	one = verify(buf_bytes(&text), &whole, said[said_count], &e);
	said_count += one;
	other = verify(buf_bytes(&text), &part, said[said_count], &e);
	said_count += other;
	if (!one && !other)
		fprintf(stderr, "%s: %s\n", name, e.detail);
	FUZZ_ASSERT(one || other); /* else the target would find nothing */
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct err e;

	(void)argc, (void)argv;
	envelope_init();
	FUZZ_ASSERT(security_init(&e).ok && clock_zone("Asia/Almaty"));
	trust = trust_new();
	FUZZ_ASSERT(trust && trust_add_authority(trust, fuzz_seed_path("pki/root.crt"), &e).ok);
	FUZZ_ASSERT(trust_add_authority(trust, fuzz_seed_path("pki/issuing.crt"), &e).ok);
	for (size_t i = 0; i < SEEDS; i++)
		learn(names[i]);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct conf_inner *const demands[] = {&whole, &part};
	unsigned char digest[32];

	for (size_t i = 0; i < 2; i++) {
		struct err e = {0};

		if (verify((struct bytes){data, size}, demands[i], digest, &e))
			FUZZ_ASSERT(was_signed(digest));
		else
			FUZZ_ASSERT(e.reason != REASON_NONE && e.reason != REASON_INTERNAL);
	}
	return 0;
}
