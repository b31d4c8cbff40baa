/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The content of data under every demand: what is refused is refused for its content, and nothing that is told of it holds a
 * number whole; what a notice repeats has the form of the contract. */
#include <libxml/tree.h>
#include <string.h>

#include "demand/demand.h"
#include "fuzz.h"

#define POOL_MOST (64u << 20)

static const struct conf_field fields[] = {
	{.element = "Iin", .is = CONF_JUDGE_IIN},
	{.element = "Bin", .is = CONF_JUDGE_BIN},
	{.element = "Number", .is = CONF_JUDGE_IIN_BIN},
	{.element = "Nikad", .is = CONF_JUDGE_NIKAD},
	{.element = "Consent", .is = CONF_JUDGE_CONSENT},
	{.element = "Yes", .is = CONF_JUDGE_YES},
	{.element = "Past", .is = CONF_JUDGE_PAST_DAY},
	{.element = "Future", .is = CONF_JUDGE_FUTURE_DAY},
};
static const char *const kinds[] = {"ORDER", "INVOICE"}, *const files[] = {"pdf", "txt"};
static const struct conf_service service = {.id = "S", .payload_bytes = 1u << 20, .fields = {fields, 8},
	.kinds = {.element = "Kind", .allowed = {kinds, 2}},
	.attachments = {.element = "File", .name = "Name", .media = "Media", .content = "Content", .stored = "Id",
		.kinds = {files, 2}, .size = 1000, .total = 2000, .most = 3},
	.term = {.element = "LastDay", .minute = 240}};
static struct demand *demand;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct err e;

	(void)argc, (void)argv;
	envelope_init();
	FUZZ_ASSERT(clock_zone("Asia/Almaty") && demand_new(&service, &demand, &e).ok);
	return 0;
}

static bool is_of_content(enum reason r)
{
	return reason_row(r)->fault == FAULT_PAYLOAD;
}

/* Five digits in a row of one that was judged would tell more than year and month. */
static void check_words(const struct err *e)
{
	const char *told = strstr(e->detail, "Iin, occ");
	size_t digits = 0;

	FUZZ_ASSERT(is_of_content(e->reason) || e->reason == REASON_MEMORY);
	for (told = told ? strchr(told, ':') : NULL; told && *told; told++) {
		digits = *told >= '0' && *told <= '9' ? digits + 1 : 0;
		FUZZ_ASSERT(digits < 5 || strstr(e->detail, " digits, and") || strstr(e->detail, "character "));
	}
}

static void check_numbers(struct demand_numbers n)
{
	FUZZ_ASSERT(n.request_number.n == 20 || (n.request_number.n == 0 && n.chain_id.n == 0));
	FUZZ_ASSERT(n.chain_id.n <= 64);
	for (size_t i = 0; i < n.request_number.n; i++)
		FUZZ_ASSERT(n.request_number.p[i] >= '0' && n.request_number.p[i] <= '9');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SCOPED(pool_free) struct pool *pool = pool_new(POOL_MOST);
	SCOPED(buf_free) struct buf text = BUF(1u << 20), words = BUF(512);
	struct demand_seen seen;
	struct demand_time times;
	struct payload payload;
	struct element element;
	struct stamp now;
	xmlDoc *doc;
	struct err e = {0};

	FUZZ_ASSERT(stamp_parse(BYTES_LIT("2030-03-05T12:00:00+05:00"), &now));
	buf_str(&text, "<data>");
	buf_add(&text, (struct bytes){data, size});
	buf_str(&text, "</data>");
	if (!buf_ok(&text) || !envelope_parse_document(pool, buf_bytes(&text), &ENVELOPE_LIMITS_DEFAULT, &doc, &e).ok)
		return 0;
	element = (struct element){.node = xmlDocGetRootElement(doc), .end = text.len};
	if (!payload_open(pool, &element, &ENVELOPE_LIMITS_DEFAULT, &payload, &e).ok) {
		FUZZ_ASSERT(e.reason == REASON_PAYLOAD_DOCUMENT || e.reason == REASON_MEMORY);
		return 0;
	}
	check_numbers(demand_numbers(pool, &payload));
	if (!demand_check(demand, pool, &payload, now, &seen, &e).ok) {
		check_words(&e);
		return 0;
	}
	FUZZ_ASSERT(seen.kind == kinds[0] || seen.kind == kinds[1]);
	FUZZ_ASSERT(demand_time(demand, NULL, &seen, now, &times, &words, &e).ok && times.has_term == seen.has_last_day);
	return 0;
}
