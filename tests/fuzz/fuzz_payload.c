/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The content of data in every style: the way of carrying a document changes nothing in what is found, and what is taken
 * has, by another reckoning, right numbers, an allowed kind, and files of allowed kinds within their bounds. */
#include <libxml/tree.h>
#include <string.h>

#include "attachment/attachment.h"
#include "demand/demand.h"
#include "fuzz.h"

#define POOL_MOST (64u << 20)
#define FILE_MOST 1000
#define FILES_MOST 3

static const struct conf_field fields[] = {
	{.element = "Iin", .is = CONF_JUDGE_IIN},
	{.element = "Bin", .is = CONF_JUDGE_BIN},
	{.element = "Number", .is = CONF_JUDGE_IIN_BIN},
	{.element = "Yes", .is = CONF_JUDGE_YES},
};
static const char *const kinds[] = {"ORDER", "INVOICE"}, *const files[] = {"pdf", "txt"};
static const struct conf_service service = {.id = "S", .payload_bytes = 1u << 20, .fields = {fields, 4},
	.kinds = {.element = "Kind", .allowed = {kinds, 2}},
	.attachments = {.element = "File", .name = "Name", .media = "Media", .content = "Content",
		.kinds = {files, 2}, .size = FILE_MOST, .total = 2 * FILE_MOST, .most = FILES_MOST},
	.term = {.element = "LastDay", .minute = 240}};
static const char good[] = "<p><Kind>ORDER</Kind><Iin>900101300017</Iin><Bin>200440000015</Bin><Number>200440000015</Number>"
	"<Yes>1</Yes><LastDay>2030-03-05</LastDay><File><Name>a.txt</Name><Media>text/plain</Media><Content>aGVsbG8=</Content>"
	"</File></p>";
static struct demand *demand;

/* ---- what is taken ---- */

static bool digit_fits(const char *n)
{
	unsigned one = 0, two = 0;

	for (unsigned i = 0; i < 11; i++) {
		one += (i + 1) * (unsigned)(n[i] - '0');
		two += ((i + 2) % 11 + 1) * (unsigned)(n[i] - '0');
	}
	one = one % 11 == 10 ? two % 11 : one % 11;
	return one == (unsigned)(n[11] - '0');
}

static void check_number(struct bytes text)
{
	char number[13] = "";

	FUZZ_ASSERT(text.n == 12);
	memcpy(number, text.p, 12);
	FUZZ_ASSERT(strspn(number, "0123456789") == 12 && digit_fits(number));
}

static void check_file(struct pool *pool, const xmlNode *file)
{
	SCOPED(buf_free) struct buf content = BUF(1u << 20);
	struct bytes text = BYTES_NONE;
	enum attachment_kind kind;

	for (const xmlNode *c = file->children; c; c = c->next) {
		if (c->type == XML_ELEMENT_NODE && strcmp(node_local(c), "Content") == 0)
			FUZZ_ASSERT(node_text(pool, c, &text));
	}
	FUZZ_ASSERT(base64_decode(text, &content, NULL).ok && content.len <= FILE_MOST);
	kind = attachment_kind_of(buf_bytes(&content));
	FUZZ_ASSERT(kind == ATTACHMENT_PDF || kind == ATTACHMENT_TXT || kind == ATTACHMENT_XML);
}

static void check_taken(struct pool *pool, const struct payload *p, const struct demand_seen *seen)
{
	size_t met = 0, kinds_met = 0;

	for (xmlNode *n = p->top; n; n = node_next(p->top, n)) {
		const char *name = n->type == XML_ELEMENT_NODE ? node_local(n) : "";
		struct bytes text;

		if (strcmp(name, "File") == 0) {
			met++;
			check_file(pool, n);
		}
		if (strcmp(name, "Iin") != 0 && strcmp(name, "Bin") != 0 && strcmp(name, "Number") != 0 && strcmp(name, "Kind") != 0)
			continue;
		FUZZ_ASSERT(node_text(pool, n, &text));
		text = bytes_trim(text, XML_SPACE);
		if (name[0] != 'K')
			check_number(text);
		else
			FUZZ_ASSERT(++kinds_met == 1 && bytes_is(text, seen->kind));
	}
	FUZZ_ASSERT(met <= FILES_MOST && kinds_met == 1);
}

/* ---- styles ---- */

enum style { ELEMENT, ESCAPED, SECTION, BASE64, STYLES };

static void write_data(struct buf *out, struct bytes doc, enum style style)
{
	buf_str(out, style == SECTION ? "<data><![CDATA[" : "<data>");
	if (style == ESCAPED)
		buf_xml(out, doc);
	else if (style == BASE64)
		buf_base64(out, doc);
	else
		buf_add(out, doc);
	buf_str(out, style == SECTION ? "]]></data>" : "</data>");
}

struct verdict {
	bool read; /* a document was found */
	enum reason reason;
	char detail[64];
};

static void judge(struct bytes doc, enum style style, struct verdict *out)
{
	SCOPED(pool_free) struct pool *pool = pool_new(POOL_MOST);
	SCOPED(buf_free) struct buf text = BUF(1u << 20);
	struct demand_seen seen;
	struct payload payload;
	struct element element;
	struct stamp now;
	struct err e = {0};
	xmlDoc *tree;

	*out = (struct verdict){0};
	write_data(&text, doc, style);
	if (!buf_ok(&text) || !envelope_parse_document(pool, buf_bytes(&text), &ENVELOPE_LIMITS_DEFAULT, &tree, &e).ok)
		return;
	element = (struct element){.node = xmlDocGetRootElement(tree), .end = text.len};
	if (!payload_open(pool, &element, &ENVELOPE_LIMITS_DEFAULT, &payload, &e).ok || !payload.top)
		return;
	FUZZ_ASSERT(stamp_parse(BYTES_LIT("2030-03-05T12:00:00+05:00"), &now));
	out->read = true;
	if (demand_check(demand, pool, &payload, now, &seen, &e).ok)
		check_taken(pool, &payload, &seen);
	else
		out->reason = e.reason;
	snprintf(out->detail, sizeof out->detail, "%.60s", out->reason ? e.detail : "");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct verdict v;
	struct err e;

	(void)argc, (void)argv;
	envelope_init();
	FUZZ_ASSERT(clock_zone("Asia/Almaty") && demand_new(&service, &demand, &e).ok);
	for (enum style s = 0; s < STYLES; s++) {
		judge(BYTES_LIT(good), s, &v);
		FUZZ_ASSERT(v.read && v.reason == REASON_NONE); /* else what is taken would never be looked at */
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes doc = {data, size};
	struct verdict v[STYLES];

	for (enum style s = 0; s < STYLES; s++)
		judge(doc, s, &v[s]);
	if (v[ESCAPED].read && v[BASE64].read && size && data[0] == '<')
		FUZZ_ASSERT(v[ESCAPED].reason == v[BASE64].reason && strcmp(v[ESCAPED].detail, v[BASE64].detail) == 0);
	if (v[ESCAPED].read && v[SECTION].read && size && data[0] == '<' && !memmem(data, size, "]]", 2))
		FUZZ_ASSERT(v[ESCAPED].reason == v[SECTION].reason && strcmp(v[ESCAPED].detail, v[SECTION].detail) == 0);
	if (v[ESCAPED].read && v[ELEMENT].read && size && data[0] == '<' && !memmem(data, size, "data", 4))
		FUZZ_ASSERT(v[ESCAPED].reason == v[ELEMENT].reason);
	return 0;
}
