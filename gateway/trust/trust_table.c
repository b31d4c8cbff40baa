/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_table - certificates that were decided on, found by digest, by their text in base64, by issuer and serial number,
 * and by subject key identifier.
 * Promise:  an entry never changes and never goes before its table, so what was found may be used without a
 *           lock; what strangers can make grow is bounded.
 * Not here: deciding (trust_store.c, trust_issued.c). */
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "trust/trust_int.h"

#define CERTIFICATE_OCTETS ((size_t)1 << 19) /* the largest certificate, its text, and what it says */

void trust_ski_key(struct bytes ski, unsigned char key[32])
{
	const struct bytes parts[] = {BYTES_LIT("ski:"), ski};
	unsigned char whole[64];

	digest_parts(DIGEST_SHA256, parts, 2, whole);
	memcpy(key, whole, 32);
}

void trust_print(const unsigned char digest[32], char out[65])
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < 32; i++) {
		out[2 * i] = digit[digest[i] >> 4];
		out[2 * i + 1] = digit[digest[i] & 15];
	}
	out[64] = 0;
}

static outcome set_links(struct trust_entry *en, struct err *e)
{
	SCOPED(trust_name_free) struct trust_name issuer = TRUST_NAME;
	const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(en->x509);

	if (!trust_name_of(&issuer, X509_get_issuer_name(en->x509)))
		return err_set(e, REASON_CERT_OWNER, "the issuer's name cannot be read");
	memcpy(en->link[INDEX_DER].key, en->cert.sha256, 32);
	trust_name_key(&issuer, bytes_str(en->serial), en->link[INDEX_NAME].key);
	en->link[INDEX_DER].entry = en->link[INDEX_NAME].entry = en;
	if (ski) {
		trust_ski_key((struct bytes){ASN1_STRING_get0_data(ski), (size_t)ASN1_STRING_length(ski)},
			en->link[INDEX_SKI].key);
		en->link[INDEX_SKI].entry = en;
	}
	return DONE;
}

static bool keep(struct trust_entry *en, const struct buf *text, struct bytes *out)
{
	*out = (struct bytes){(const unsigned char *)pool_copy(en->pool, buf_bytes(text)), text->len};
	return out->p && buf_ok(text);
}

static outcome take_der(struct trust_entry *en, struct err *e)
{
	SCOPED(buf_free) struct buf der = BUF(CERTIFICATE_OCTETS);
	unsigned char digest[32];

	TRY(trust_der_write(en->x509, &der, digest, e));
	en->exact = memcmp(digest, en->cert.sha256, 32) == 0;
	return keep(en, &der, &en->cert.der) ? DONE : err_set(e, REASON_MEMORY, "no memory for a certificate");
}

/* What was received may be the same certificate in another encoding. It stays apart: its own digest was decided on, so it is
 * not found by the text of this one. */
static outcome take_text(struct trust_entry *en, struct err *e)
{
	SCOPED(buf_free) struct buf base64 = BUF(CERTIFICATE_OCTETS);

	if (!en->exact)
		return DONE;
	buf_base64(&base64, en->cert.der);
	return keep(en, &base64, &en->base64) ? DONE : err_set(e, REASON_MEMORY, "no memory for a certificate");
}

static outcome fill(struct trust_entry *en, const unsigned char digest[32],
	const struct conf_participant *owner, unsigned allowed, struct err *e)
{
	struct trust_cert *c = &en->cert;

	TRY(trust_check(en->x509, allowed, &c->key_kind, e));
	en->period = (struct trust_period){INT64_MIN, INT64_MAX};
	if (!trust_period_narrow(&en->period, en->x509))
		return err_set(e, REASON_CERT_WEAK, "a date in the certificate cannot be read");
	c->not_before_ms = en->period.from_ms;
	c->not_after_ms = en->period.until_ms;
	c->participant = owner;
	c->key = X509_get0_pubkey(en->x509);
	memcpy(c->sha256, digest, 32);
	TRY(take_der(en, e));
	trust_print(digest, c->print);
	c->subject = en->subject = trust_name_text(X509_get_subject_name(en->x509));
	c->issuer = en->issuer = trust_name_text(X509_get_issuer_name(en->x509));
	c->serial = en->serial = trust_serial_text(en->x509);
	if (!c->subject || !c->issuer || !c->serial || !trust_subject_of(&c->who, en->pool, en->x509) ||
		!prepared_for(&en->verify, c->key, c->key_kind, false)) {
		ERR_clear_error();
		return err_set(e, REASON_MEMORY, "no memory for a certificate");
	}
	return set_links(en, e);
}

outcome trust_entry_new(X509 *x, const unsigned char digest[32], const struct conf_participant *owner,
	unsigned allowed, struct trust_entry **out, struct err *e)
{
	SCOPED(trust_entry_free) struct trust_entry *en = calloc(1, sizeof(*en));

	if (!en) {
		X509_free(x);
		return err_set(e, REASON_MEMORY, "no memory for a certificate");
	}
	en->x509 = x;
	en->pool = pool_new(CERTIFICATE_OCTETS);
	if (!en->pool)
		return err_set(e, REASON_MEMORY, "no memory for a certificate");
	TRY(fill(en, digest, owner, allowed, e));
	*out = en;
	en = NULL;
	return DONE;
}

void trust_entry_free(struct trust_entry **en)
{
	if (!*en)
		return;
	prepared_drop(&(*en)->verify);
	X509_free((*en)->x509);
	pool_free(&(*en)->pool);
	free((*en)->subject);
	free((*en)->issuer);
	free((*en)->serial);
	free(*en);
	*en = NULL;
}

void trust_table_init(struct trust_table *t)
{
	BUG_IF(pthread_rwlock_init(&t->lock, NULL) != 0);
}

void trust_table_drop(struct trust_table *t)
{
	while (t->entries) {
		struct trust_entry *en = t->entries;

		t->entries = en->next;
		trust_entry_free(&en);
	}
	pthread_rwlock_destroy(&t->lock);
}

/* Keys are digests: any two octets of them spread evenly. */
static size_t bucket_of(const unsigned char key[32])
{
	return ((size_t)key[0] << 8 | key[1]) % TRUST_BUCKETS;
}

static const struct trust_link *next_match(const struct trust_link *l, const unsigned char key[32])
{
	while (l && memcmp(l->key, key, 32) != 0)
		l = l->next;
	return l;
}

static const struct trust_entry *find_der(const struct trust_table *t, const unsigned char digest[32])
{
	const struct trust_link *l = next_match(t->bucket[bucket_of(digest)], digest);

	return l ? l->entry : NULL;
}

const struct trust_entry *trust_table_der(struct trust_table *t, const unsigned char digest[32])
{
	const struct trust_entry *found;

	pthread_rwlock_rdlock(&t->lock);
	found = find_der(t, digest);
	pthread_rwlock_unlock(&t->lock);
	return found;
}

/* What stands before the padding is the end of a signature: characters as good as random. */
static size_t bucket_of_text(struct bytes text)
{
	return text.n < 4 ? 0 : ((size_t)text.p[text.n - 4] << 6 ^ text.p[text.n - 3]) % TRUST_BUCKETS;
}

const struct trust_entry *trust_table_base64(struct trust_table *t, struct bytes text)
{
	const struct trust_entry *en;

	pthread_rwlock_rdlock(&t->lock);
	en = t->text[bucket_of_text(text)];
	pthread_rwlock_unlock(&t->lock);
	return en && bytes_eq(en->base64, text) ? en : NULL;
}

static outcome pick(const struct trust_link *first, const unsigned char key[32], int64_t now_ms,
	const struct trust_entry **out, struct err *e)
{
	const struct trust_entry *best = NULL;
	struct err late = {.reason = REASON_NONE};

	for (const struct trust_link *l = next_match(first, key); l; l = next_match(l->next, key)) {
		if (!trust_period_holds(&l->entry->period, now_ms, &late).ok)
			continue;
		if (best && best->cert.participant != l->entry->cert.participant)
			return err_set(e, REASON_SEC_TOKEN_UNKNOWN,
				"the reference fits certificates of two participants");
		if (!best || best->period.until_ms < l->entry->period.until_ms)
			best = l->entry;
	}
	if (best) {
		*out = best;
		return DONE;
	}
	if (late.reason != REASON_NONE) {
		if (e)
			*e = late;
		return FAILED;
	}
	return err_set(e, REASON_SEC_TOKEN_UNKNOWN, "the reference fits no known certificate");
}

outcome trust_table_pick(struct trust_table *t, const unsigned char key[32], int64_t now_ms,
	const struct trust_entry **out, struct err *e)
{
	outcome result;

	pthread_rwlock_rdlock(&t->lock);
	result = pick(t->bucket[bucket_of(key)], key, now_ms, out, e);
	pthread_rwlock_unlock(&t->lock);
	return result;
}

static void put(struct trust_table *t, struct trust_entry *en)
{
	for (enum trust_index i = 0; i < INDEX_COUNT; i++) {
		struct trust_link **head = &t->bucket[bucket_of(en->link[i].key)];

		if (!en->link[i].entry)
			continue;
		en->link[i].next = *head;
		*head = &en->link[i];
	}
	if (en->base64.n)
		t->text[bucket_of_text(en->base64)] = en;
	en->next = t->entries;
	t->entries = en;
}

outcome trust_table_add(struct trust_table *t, struct trust_entry **en, bool bounded,
	const struct trust_entry **out, struct err *e)
{
	const struct trust_entry *there;

	if (!take_text(*en, e).ok) {
		trust_entry_free(en);
		return FAILED;
	}
	pthread_rwlock_wrlock(&t->lock);
	there = find_der(t, (*en)->cert.sha256);
	if (!there && !(bounded && t->issued == TRUST_ISSUED_MOST)) {
		put(t, *en);
		t->issued += bounded;
		there = *en;
		*en = NULL;
	}
	pthread_rwlock_unlock(&t->lock);
	trust_entry_free(en);
	*out = there;
	if (!there)
		return err_set(e, REASON_MEMORY, "%d certificates were met; no more are kept", TRUST_ISSUED_MOST);
	return DONE;
}

void trust_each(struct trust *t, void (*each)(void *ctx, const struct trust_cert *c), void *ctx)
{
	pthread_rwlock_rdlock(&t->table.lock);
	for (const struct trust_entry *en = t->table.entries; en; en = en->next)
		each(ctx, &en->cert);
	pthread_rwlock_unlock(&t->table.lock);
}
