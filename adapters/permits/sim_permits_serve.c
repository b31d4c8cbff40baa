/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_permits_serve - see sim_permits_serve.h.
 * Promise: a message that comes again does nothing twice: its answer is kept in the unit that did what it asks for. A
 *          refusal is not kept, so that the same message may be granted later. */
#include "base/ident.h"
#include "common/moment.h"
#include "permits/sim_permits_serve.h"
#include "trust/trust.h"

bool subject_read(struct pool *pool, const struct _xmlNode *node, struct subject *out)
{
	const char *iin = payload_text(pool, node, "Iin"), *bin = payload_text(pool, node, "Bin");

	*out = (struct subject){iin ? "Iin" : "Bin", iin ? iin : bin, payload_text(pool, node, "Name")};
	return !iin != !bin && out->name;
}

void subject_write(struct buf *out, const char *element, const struct subject *s)
{
	buf_printf(out, "<%s>", element);
	payload_field(out, s->kind, s->number);
	payload_field(out, "Name", s->name);
	buf_printf(out, "</%s>", element);
}

void subject_judge(struct reasons *r, const struct subject *s, const char *code)
{
	if (!iin_bin_is(bytes_str(s->number)))
		reasons_add(r, code, "the %s %.12s has a wrong check digit", strcmp(s->kind, "Iin") == 0 ? "IIN" : "BIN",
			s->number);
}

#define TEXT_MOST 900 /* of 1000 characters; octets are never fewer */

struct bytes text_cut(const char *words)
{
	size_t n = strlen(words);

	while (n > TEXT_MOST || ((unsigned char)words[n] & 0xC0) == 0x80)
		n--;
	return (struct bytes){(const unsigned char *)words, n};
}

static bool digest(struct served *v, const struct sim_request *in)
{
	SCOPED(buf_free) struct buf all = BUF(64u << 20), hex = BUF(65);
	unsigned char sum[32];

	buf_add(&all, in->request->service_id);
	buf_char(&all, '\n');
	buf_str(&all, v->r.sender);
	buf_char(&all, '\n');
	buf_str(&all, v->text);
	if (!buf_ok(&all))
		return false;
	sha256(buf_bytes(&all), sum);
	buf_hex(&hex, (struct bytes){sum, sizeof sum});
	memcpy(v->digest, buf_cstr(&hex), sizeof v->digest);
	return true;
}

/* The answer to the same message. */
struct recall {
	struct served *v;
	const char *answer; /* NULL: there was none */
};

static outcome take_answer(const char *const *texts, void *ctx, struct err *e)
{
	struct recall *r = ctx;

	r->answer = pool_copy(r->v->r.pool, bytes_str(texts[0]));
	return r->answer ? DONE : err_set(e, REASON_MEMORY, "answer");
}

static outcome recall_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct recall *r = ctx;
	const char *digest = r->v->digest;

	return store_each(s, "SELECT answer FROM answered WHERE digest = ?1", &digest, 1, take_answer, r, e);
}

static outcome say_again(const struct recall *r, struct sim_reply *out)
{
	out->code = "SCSS001";
	out->message = r->v->form->message;
	out->data = r->answer;
	return DONE;
}

outcome served_open(struct served *v, struct sim *sim, const struct sim_request *in, const struct answer_form *form,
	const char *root, bool *done, struct sim_reply *out, struct err *e)
{
	struct recall before = {v, NULL};

	*v = (struct served){.form = form, .text = pool_copy(in->pool, in->payload_text)};
	*done = true;
	if (!service_open(&v->r, sim, in, NS_PERMITS, root))
		return reply_unreadable(out, pool_printf(in->pool, "The payload is not a %s of permits.xsd.", root));
	v->at = moment_now(sim);
	stamp_print(v->at, v->now);
	if (!v->text || !digest(v, in))
		return err_set(e, REASON_MEMORY, "request");
	TRY(store_transact(sim_state(sim), recall_in_unit, &before, e));
	*done = before.answer;
	return before.answer ? say_again(&before, out) : DONE;
}

struct finish {
	struct recall before; /* the same message may have been served at the same moment */
	outcome (*unit)(struct store *s, struct served *v, struct err *e);
};

static outcome finish_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct finish *f = ctx;
	struct served *v = f->before.v;
	const char *kept[] = {v->digest, NULL};
	bool fine;

	TRY(recall_in_unit(s, &f->before, e));
	if (f->before.answer)
		return DONE;
	answer_begin(v->answer, v->form, &v->r.info);
	TRY(f->unit(s, v, e));
	fine = v->r.reasons.n == 0;
	answer_end(v->answer, v->form, &v->r.reasons);
	if (!buf_ok(v->answer))
		return err_set(e, REASON_MEMORY, "answer");
	kept[1] = buf_cstr(v->answer);
	return fine ? store_run(s, "INSERT INTO answered VALUES (?1, ?2)", kept, 2, NULL, 0, NULL, e) : DONE;
}

outcome served_finish(struct served *v, outcome (*unit)(struct store *s, struct served *v, struct err *e),
	struct sim_reply *out, struct err *e)
{
	SCOPED(buf_free) struct buf answer = BUF(ANSWER_BYTES);
	struct reasons *reasons = &v->r.reasons;
	struct finish f = {{v, NULL}, unit};

	v->answer = &answer;
	TRY(store_transact(sim_state(v->r.sim), finish_in_unit, &f, e));
	sim_wake(v->r.sim);
	if (f.before.answer)
		return say_again(&f.before, out);
	if (reasons->n == 0)
		return reply_with(out, v->r.pool, "SCSS001", v->form->message, &answer, e);
	return reply_with(out, v->r.pool, reasons->later ? "SCSE003" : "SCSE001", reasons_line(reasons), &answer, e);
}
