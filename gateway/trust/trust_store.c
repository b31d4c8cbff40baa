/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_store - the store as a whole: made, filled with pinned certificates, asked.
 * Promise:  an answer from memory costs one digest at most and one look under a shared lock; time is judged at every
 *           question.
 * Not here: certificates that nobody pinned (trust_issued.c), our own keys (trust_key.c). */
#include <stdlib.h>

#include "crypto/crypto.h"

#include "base/memory.h"
#include "trust/trust_int.h"

struct trust *trust_new(void)
{
	struct trust *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	/* Before a certificate is read: OpenSSL remembers that it could not read a key. */
	if (!crypto_init(NULL, NULL).ok) {
		free(t);
		return NULL;
	}
	trust_table_init(&t->table);
	trust_signers_init(&t->signers, TRUST_SIGNERS_MOST);
	t->authorities = X509_STORE_new();
	if (!t->authorities)
		trust_free(&t);
	return t;
}

void trust_free(struct trust **t)
{
	struct trust *old = *t;

	if (!old)
		return;
	*t = NULL;
	trust_table_drop(&old->table);
	trust_signers_drop(&old->signers);
	while (old->members) {
		struct trust_member *m = old->members;

		old->members = m->next;
		free(m);
	}
	while (old->anchors) {
		struct trust_anchor *a = old->anchors;

		old->anchors = a->next;
		trust_anchor_free(&a);
	}
	while (old->keys) {
		struct trust_own *own = old->keys;

		old->keys = own->next;
		trust_own_free(&own);
	}
	keeper_close(&old->keeper);
	trust_blocks_close(&old->blocks);
	X509_STORE_free(old->authorities);
	free(old);
}

outcome trust_pin(struct trust *t, const struct conf_participant *p, const char *path,
	const struct trust_entry **out, struct err *e)
{
	SCOPED(trust_certificates_free) STACK_OF(X509) *list = NULL;
	SCOPED(buf_free) struct buf der = BUF(SIZE_MAX / 2);
	struct trust_entry *en = NULL;
	unsigned char digest[32];

	TRY(trust_file_certificates(path, &list, e));
	if (sk_X509_num(list) != 1)
		return err_set(e, REASON_SEC_TOKEN_BROKEN, "%s: holds several certificates", path);
	TRY(trust_der_write(sk_X509_value(list, 0), &der, digest, e));
	*out = trust_table_der(&t->table, digest);
	if (*out && (*out)->cert.participant == p)
		return DONE;
	if (*out)
		return err_set(e, REASON_CERT_OWNER, "%s: %s has pinned the same certificate", path,
			(*out)->cert.participant->name);
	if (!trust_entry_new(sk_X509_pop(list), digest, p, trust_allowed(p), &en, e).ok)
		return trust_file_failed(path, e);
	return trust_table_add(&t->table, &en, false, out, e);
}

static outcome add_participant(struct trust *t, const struct conf_participant *p, struct err *e)
{
	const struct trust_entry *pinned;
	X509 *issuer;

	for (size_t i = 0; i < p->certificates.n; i++)
		TRY(trust_pin(t, p, p->certificates.name[i], &pinned, e));
	return p->issuer ? trust_member_take(t, p, &issuer, e) : DONE;
}

outcome trust_add_participant(struct trust *t, const struct conf_participant *p, struct err *e)
{
	size_t before = memory_refusals();

	return memory_judge(before, add_participant(t, p, e), e);
}

static outcome answer(const struct trust *t, const struct trust_entry *en, int64_t now_ms, const struct trust_cert **out,
	struct err *e)
{
	TRY(trust_blocks_check(
		t->blocks, en->cert.sha256, en->link[INDEX_NAME].key, REASON_CERT_BLOCKED, e));
	TRY(trust_period_holds(&en->period, now_ms, e));
	*out = &en->cert;
	return DONE;
}

outcome trust_find_der(struct trust *t, struct bytes der, int64_t now_ms, const struct trust_cert **out,
	struct err *e)
{
	const struct trust_entry *known;
	struct trust_entry *fresh = NULL;
	unsigned char digest[32];
	X509 *x = NULL;

	sha256(der, digest);
	known = trust_table_der(&t->table, digest);
	if (!known) {
		TRY(trust_der_read(der, &x, e));
		TRY(trust_issued_decide(t, x, digest, &fresh, e));
		TRY(trust_table_add(&t->table, &fresh, true, &known, e));
	}
	return answer(t, known, now_ms, out, e);
}

outcome trust_find_base64(struct trust *t, struct bytes text, int64_t now_ms, const struct trust_cert **out,
	struct err *e)
{
	const struct trust_entry *known = trust_table_base64(&t->table, text);
	SCOPED(buf_free) struct buf der = BUF(text.n);

	if (known)
		return answer(t, known, now_ms, out, e);
	TRY(base64_decode(text, &der, e));
	return trust_find_der(t, buf_bytes(&der), now_ms, out, e);
}

outcome trust_find_signer(struct trust *t, struct bytes der, int64_t now_ms, const struct trust_cert **out,
	struct err *e)
{
	const struct trust_entry *known;
	struct trust_entry *fresh = NULL;
	unsigned char digest[32];
	X509 *x = NULL;

	sha256(der, digest);
	known = trust_table_der(&t->table, digest); /* pinned ones need no issuer here either */
	if (!known)
		known = trust_signers_find(&t->signers, digest);
	if (!known) {
		TRY(trust_der_read(der, &x, e));
		TRY(trust_signer_decide(t, x, digest, &fresh, e));
		TRY(trust_signers_add(&t->signers, &fresh, mono_ms(), &known, e));
	}
	return answer(t, known, now_ms, out, e);
}

outcome trust_add_blocks(struct trust *t, const char *path, struct err *e)
{
	return trust_blocks_open(path, &t->blocks, e);
}

static outcome find_key(struct trust *t, const unsigned char key[32], int64_t now_ms,
	const struct trust_cert **out, struct err *e)
{
	const struct trust_entry *en;

	TRY(trust_table_pick(&t->table, key, now_ms, &en, e));
	return answer(t, en, now_ms, out, e);
}

/* White space around and zeros before a decimal number go. */
static struct bytes plain_number(struct bytes text)
{
	size_t from = 0, to = text.n;

	while (from < to && strchr(" \t\r\n", text.p[from]))
		from++;
	while (to > from && strchr(" \t\r\n", text.p[to - 1]))
		to--;
	while (to - from > 1 && text.p[from] == '0')
		from++;
	return bytes_sub(text, from, to);
}

outcome trust_find_issuer_serial(struct trust *t, struct bytes issuer, struct bytes serial, int64_t now_ms,
	const struct trust_cert **out, struct err *e)
{
	SCOPED(trust_name_free) struct trust_name name = TRUST_NAME;
	unsigned char key[32];

	serial = plain_number(serial);
	if (serial.n == 0 || serial.n > 64)
		return err_set(e, REASON_SEC_TOKEN_UNKNOWN, "the serial number is no decimal number");
	TRY(trust_name_read(&name, issuer, e));
	trust_name_key(&name, serial, key);
	return find_key(t, key, now_ms, out, e);
}

outcome trust_find_ski(struct trust *t, struct bytes ski, int64_t now_ms, const struct trust_cert **out,
	struct err *e)
{
	unsigned char key[32];

	if (ski.n == 0 || ski.n > 64)
		return err_set(e, REASON_SEC_TOKEN_UNKNOWN, "a subject key identifier of %zu octets", ski.n);
	trust_ski_key(ski, key);
	return find_key(t, key, now_ms, out, e);
}
