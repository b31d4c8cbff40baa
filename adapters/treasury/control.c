/* SPDX-License-Identifier: GPL-3.0-or-later */
/* control - see control.h.
 * Promise: every check is made, and every reason is told (T1, P6).
 * Spec:    T1 */
#include <libxml/tree.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/ident.h"
#include "treasury/control.h"

bool amount_read(const char *text, int64_t *out)
{
	size_t n = strlen(text);
	char *end;

	if (n < 4 || n > 15 || strspn(text, "0123456789") != n - 3 || text[n - 3] != '.' ||
		strspn(text + n - 2, "0123456789") != 2)
		return false;
	*out = strtoll(text, &end, 10) * 100 + strtol(text + n - 2, NULL, 10);
	return true;
}

void amount_write(int64_t amount, char out[24])
{
	(void)snprintf(out, 24, "%s%lld.%02lld", amount < 0 ? "-" : "", llabs((long long)amount) / 100,
		llabs((long long)amount) % 100);
}

/* The remainder of the characters, letters counted A=10 to Z=35. */
static unsigned remainder_of(const char *text, size_t n, unsigned rest)
{
	for (size_t i = 0; i < n; i++) {
		unsigned value = text[i] >= 'A' ? (unsigned)(text[i] - 'A') + 10 : (unsigned)(text[i] - '0');

		rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
	}
	return rest;
}

bool account_is(const char *account)
{
	size_t n = strlen(account);

	if (n != 20 || strspn(account, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != n)
		return false;
	return remainder_of(account, 4, remainder_of(account + 4, n - 4, 0)) == 1;
}

static bool is_one_of(const char *word, const char *const *words)
{
	while (*words && strcmp(*words, word) != 0)
		words++;
	return *words != NULL;
}

bool control_pays(const char *kind)
{
	static const char *const kinds[] = {"PAYMENT_BILL", "CURRENCY_TRANSFER", "PAYMENT_ORDER", NULL};

	return is_one_of(kind, kinds);
}

static bool is_foreign(const char *kind)
{
	static const char *const kinds[] = {"CURRENCY_EXCHANGE", "CURRENCY_RECONVERSION", "CURRENCY_TRANSFER", NULL};

	return is_one_of(kind, kinds);
}

static bool has_payee(const char *kind)
{
	return control_pays(kind) || strcmp(kind, "PAYEE_ENTRY") == 0;
}

outcome control_lines(struct pool *pool, const struct _xmlNode *business,
	outcome (*each)(const struct control_line *line, void *ctx, struct err *e), void *ctx, struct err *e)
{
	const struct _xmlNode *lines = payload_child(business, "Lines");

	for (const xmlNode *n = lines ? lines->children : NULL; n; n = n->next) {
		static const char *const names[] = {"Number", "Programme", "Specific", "Amount"};
		const char *texts[4];

		if (n->type != XML_ELEMENT_NODE)
			continue;
		if (!payload_texts(pool, n, names, texts, 4))
			return err_set(e, REASON_PAYLOAD_SCHEMA, "a line of the document cannot be read");
		TRY(each(&(struct control_line){texts[0], texts[1], texts[2], texts[3], payload_child(n, "Payee")}, ctx, e));
	}
	return DONE;
}

struct judging {
	struct reasons *r;
	const char *kind;
	int64_t sum;
	long next; /* number of the next line */
};

static void judge_number(struct reasons *r, const struct _xmlNode *parent, const char *line)
{
	const char *iin = payload_text(r->pool, parent, "Iin"), *bin = payload_text(r->pool, parent, "Bin");

	if (!iin == !bin || !iin_bin_is(bytes_str(iin ? iin : bin)))
		reasons_add(r, "payee.number", "line %.20s: the payee has no IIN or BIN with a right check digit", line);
}

static void judge_payee(const struct judging *j, const struct control_line *line)
{
	const char *account = payload_text(j->r->pool, line->payee, "Account");

	if (!line->payee) {
		if (has_payee(j->kind))
			reasons_add(j->r, "payee.absent", "line %.20s names no payee", line->number);
		return;
	}
	judge_number(j->r, line->payee, line->number);
	if (!account || !account_is(account))
		reasons_add(j->r, "payee.account", "line %.20s: the account of the payee has wrong check digits", line->number);
}

static outcome judge_line(const struct control_line *line, void *ctx, struct err *e)
{
	struct judging *j = ctx;
	int64_t amount = 0;

	(void)e;
	if (strtol(line->number, NULL, 10) != j->next)
		reasons_add(j->r, "line.number", "line %ld has the number %.20s", j->next, line->number);
	j->next++;
	if (!amount_read(line->amount, &amount) || amount == 0)
		reasons_add(j->r, "line.amount", "line %.20s: the amount %.24s is none", line->number, line->amount);
	j->sum += amount;
	judge_payee(j, line);
	return DONE;
}

static void judge_total(struct judging *j, const char *total)
{
	int64_t said;
	char sum[24];

	amount_write(j->sum, sum);
	if (!amount_read(total, &said) || said != j->sum)
		reasons_add(j->r, "document.total", "the lines come to %s, the total says %.24s", sum, total);
}

void control_document(struct reasons *r, const struct _xmlNode *business, const char *today)
{
	static const char *const names[] = {"DocumentKind", "DocumentDate", "Currency", "Total"};
	enum { KIND, DATE, CURRENCY, TOTAL };
	struct judging j = {.r = r, .next = 1};
	struct err why;
	const char *text[4];

	if (!payload_texts(r->pool, business, names, text, 4)) {
		reasons_add(r, "document.malformed", "kind, date, currency or total cannot be read");
		return;
	}
	j.kind = text[KIND];
	if (strcmp(text[DATE], today) > 0)
		reasons_add(r, "document.date", "the date %.10s is in the future", text[DATE]);
	if ((strcmp(text[CURRENCY], "KZT") == 0) == is_foreign(text[KIND]))
		reasons_add(r, "document.currency", "%s does not go with %.40s", text[CURRENCY], text[KIND]);
	if (!control_lines(r->pool, business, judge_line, &j, &why).ok)
		reasons_add(r, "document.malformed", "%s", why.detail);
	judge_total(&j, text[TOTAL]);
}
