/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_signers - certificates of persons that were decided on, found by digest.
 * Promise:  there is no end of persons, so the table has one: the certificate that came first makes room, and lives on
 *           until nobody can hold it any more.
 * Not here: deciding (trust_issued.c), certificates of participants (trust_table.c). */
#include "trust/trust_int.h"

static void append(struct trust_fifo *f, struct trust_entry *en)
{
	en->next = NULL;
	*(f->newest ? &f->newest->next : &f->oldest) = en;
	f->newest = en;
	f->n++;
}

static struct trust_entry *take_oldest(struct trust_fifo *f)
{
	struct trust_entry *en = f->oldest;

	f->oldest = en->next;
	if (!f->oldest)
		f->newest = NULL;
	f->n--;
	return en;
}

void trust_signers_init(struct trust_signers *s, size_t most)
{
	BUG_IF(pthread_rwlock_init(&s->lock, NULL) != 0);
	s->most = most;
}

static void drop_all(struct trust_fifo *f)
{
	while (f->n) {
		struct trust_entry *en = take_oldest(f);

		trust_entry_free(&en);
	}
}

void trust_signers_drop(struct trust_signers *s)
{
	drop_all(&s->known);
	drop_all(&s->retired);
	pthread_rwlock_destroy(&s->lock);
}

/* The link that leads to the entry of this digest, or to nothing. */
static struct trust_link **place_of(struct trust_signers *s, const unsigned char digest[32])
{
	struct trust_link **at = &s->bucket[((size_t)digest[0] << 8 | digest[1]) % TRUST_BUCKETS];

	while (*at && memcmp((*at)->key, digest, 32) != 0)
		at = &(*at)->next;
	return at;
}

static const struct trust_entry *find(struct trust_signers *s, const unsigned char digest[32])
{
	const struct trust_link *l = *place_of(s, digest);

	return l ? l->entry : NULL;
}

const struct trust_entry *trust_signers_find(struct trust_signers *s, const unsigned char digest[32])
{
	const struct trust_entry *found;

	pthread_rwlock_rdlock(&s->lock);
	found = find(s, digest);
	pthread_rwlock_unlock(&s->lock);
	return found;
}

/* False when the retired are so many that the oldest of them may still be in somebody's hands. */
static bool make_room(struct trust_signers *s, int64_t mono)
{
	struct trust_entry *old;

	while (s->retired.n && mono - s->retired.oldest->retired_ms >= TRUST_RETIRED_FOR_MS) {
		old = take_oldest(&s->retired);
		trust_entry_free(&old);
	}
	if (s->known.n < s->most)
		return true;
	if (s->retired.n == s->most)
		return false;
	old = take_oldest(&s->known);
	*place_of(s, old->cert.sha256) = old->link[INDEX_DER].next;
	old->retired_ms = mono;
	append(&s->retired, old);
	return true;
}

static void put(struct trust_signers *s, struct trust_entry *en)
{
	struct trust_link **at = place_of(s, en->cert.sha256);

	en->link[INDEX_DER].next = NULL;
	*at = &en->link[INDEX_DER];
	append(&s->known, en);
}

outcome trust_signers_add(struct trust_signers *s, struct trust_entry **en, int64_t mono,
	const struct trust_entry **out, struct err *e)
{
	pthread_rwlock_wrlock(&s->lock);
	*out = find(s, (*en)->cert.sha256);
	if (!*out && make_room(s, mono)) {
		put(s, *en);
		*out = *en;
		*en = NULL;
	}
	pthread_rwlock_unlock(&s->lock);
	trust_entry_free(en);
	return *out ? DONE :
		err_set(e, REASON_MEMORY, "%zu certificates of persons came within two hours; no more are kept", 2 * s->most);
}
