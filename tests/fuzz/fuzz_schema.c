/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A payload against a schema: the way in which data carries it changes nothing, what was opened before is judged as what was
 * not, and no refusal repeats a value. */
#include <libxml/tree.h>
#include <string.h>

#include "channel/channel.h"
#include "fuzz.h"
#include "security/security.h"

#define POOL_MOST (64u << 20)
#define SECRET "a person's name" /* a value of a seed, which no element can be called */

static struct schema *schema;

enum style { ELEMENT, ESCAPED, BASE64 };

static void write_data(struct buf *out, struct bytes doc, enum style style)
{
	buf_str(out, "<data>");
	if (style == ELEMENT)
		buf_add(out, doc);
	else if (style == ESCAPED)
		buf_xml(out, doc);
	else
		buf_base64(out, doc);
	buf_str(out, "</data>");
}

enum verdict { UNREADABLE, REFUSED, TAKEN };

static enum verdict judge(struct bytes text, bool open)
{
	SCOPED(pool_free) struct pool *pool = pool_new(POOL_MOST);
	struct payload payload, *opened = NULL;
	struct element element;
	struct err e = {0};
	xmlDoc *doc;

	if (!envelope_parse_document(pool, text, &ENVELOPE_LIMITS_DEFAULT, &doc, &e).ok)
		return UNREADABLE;
	element = (struct element){.node = xmlDocGetRootElement(doc), .end = text.n};
	if (open && payload_open(pool, &element, &ENVELOPE_LIMITS_DEFAULT, &payload, &e).ok)
		opened = &payload;
	e = (struct err){0};
	if (schema_check_opened(schema, &element, opened, &e).ok)
		return TAKEN;
	FUZZ_ASSERT(e.reason == REASON_PAYLOAD_SCHEMA && e.detail[0] && !strstr(e.detail, SECRET));
	return REFUSED;
}

static enum verdict judge_as(struct bytes doc, enum style style)
{
	SCOPED(buf_free) struct buf text = BUF(1u << 20);
	enum verdict plain;

	write_data(&text, doc, style);
	if (!buf_ok(&text))
		return UNREADABLE;
	plain = judge(buf_bytes(&text), false);
	FUZZ_ASSERT(judge(buf_bytes(&text), true) == plain);
	return plain;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	SCOPED(buf_free) struct buf good = BUF(1 << 20);
	struct err e;

	(void)argc, (void)argv;
	envelope_init();
	FUZZ_ASSERT(security_init(&e).ok && schema_load(fuzz_seed_path("contracts/permits/v1/permits.xsd"), &schema, &e).ok);
	fuzz_read(fuzz_seed_path("schema/0"), &good);
	for (enum style s = ELEMENT; s <= ESCAPED; s++)
		FUZZ_ASSERT(judge_as(buf_bytes(&good), s) == TAKEN); /* else nothing that is taken would be looked at */
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes doc = {data, size};
	enum verdict element = judge_as(doc, ELEMENT), escaped = judge_as(doc, ESCAPED);

	FUZZ_ASSERT(judge_as(doc, BASE64) != TAKEN); /* a schema is for documents, not for octets */
	if (element == TAKEN)
		FUZZ_ASSERT(escaped == TAKEN || memmem(data, size, "data", 4));
	if (escaped == TAKEN)
		FUZZ_ASSERT(element == TAKEN || memmem(data, size, "<?xml", 5));
	return 0;
}
