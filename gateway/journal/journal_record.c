/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_record - an entry as octets of the log, both ways.
 * Promise:  what is read is what was written, octet for octet, or is known not to be: the head has a checksum over all of
 *           it, its own place included, and each piece of octets has one in the head.
 * Not here: files (journal_log.c).
 *
 * A record is its head and behind it the octets of messages. The head: four letters, its length (32 bits), the length
 * of what follows it (64), its place (64), the checksum of all but itself (64); then the fields below in their order,
 * numbers in the machine's order, texts with a length of 32 bits before them and a NUL behind, so that they are C strings
 * as they stand. What is sent on differs from what was received by its Header: of octets that begin or end as the first
 * ones of the record do, that is said, and only what is between stands there, with a checksum over that alone: the others
 * are under the first ones' checksum. */
#include <stddef.h>
#include <xxhash.h>

#include "journal_int.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "logs are read where they were written");

enum { MAGIC_AT = 0, LENGTH_AT = 4, OCTETS_AT = 8, PLACE_AT = 16, SUM_AT = 24, HEAD_MOST = 1 << 26, STRIDE = 256 };
enum { FIELDS_MOST = 256 }; /* octets of a fact or of a word but its texts */

static const char magic[] = "QJR3";

#define PLACE_OF(field, name) offsetof(struct journal_fact, field),
static const size_t texts[] = {JOURNAL_FACT_TEXTS(PLACE_OF)};

enum { TEXTS = sizeof texts / sizeof texts[0] };

static struct bytes fact_text(const struct journal_fact *f, size_t i)
{
	struct bytes text;

	memcpy(&text, (const char *)f + texts[i], sizeof text);
	return text;
}

uint64_t journal_sum(struct bytes octets)
{
	return XXH3_64bits(octets.p, octets.n);
}

struct stamp journal_entry_stamp(const struct journal_entry *entry)
{
	struct stamp newest;

	if (entry->fact_count == 0)
		return stamp_now();
	newest = entry->facts[0].at;
	for (size_t i = 1; i < entry->fact_count; i++) {
		if (entry->facts[i].at.ms > newest.ms)
			newest = entry->facts[i].at;
	}
	return newest;
}

/* --- writing --- */

/* What is being written: the head, into room that is there already, what follows it, and how much that is by now. */
struct writing {
	unsigned char *to;
	size_t left;
	bool ok;
	struct buf *pieces;
	struct bytes first; /* the octets that others may begin or end as */
	uint64_t behind;
};

static void put_raw(struct writing *w, const void *p, size_t n)
{
	w->ok = w->ok && n <= w->left;
	if (!w->ok || n == 0)
		return;
	memcpy(w->to, p, n);
	w->to += n;
	w->left -= n;
}

static void put_number(struct writing *w, int64_t n)
{
	put_raw(w, &n, sizeof n);
}

static void put_text(struct writing *w, struct bytes text)
{
	uint32_t n = (uint32_t)text.n;

	put_raw(w, &n, sizeof n);
	put_raw(w, text.p, text.n);
	put_raw(w, "", 1);
}

static size_t same_front(struct bytes a, struct bytes b)
{
	const size_t most = a.n < b.n ? a.n : b.n;
	size_t n = 0;

	while (most - n >= STRIDE && memcmp(a.p + n, b.p + n, STRIDE) == 0)
		n += STRIDE;
	while (n < most && a.p[n] == b.p[n])
		n++;
	return n;
}

static size_t same_back(struct bytes a, struct bytes b)
{
	const size_t most = a.n < b.n ? a.n : b.n;
	size_t n = 0;

	while (most - n >= STRIDE && memcmp(a.p + a.n - n - STRIDE, b.p + b.n - n - STRIDE, STRIDE) == 0)
		n += STRIDE;
	while (n < most && a.p[a.n - n - 1] == b.p[b.n - n - 1])
		n++;
	return n;
}

/* The octets, and behind them the last `rest` of `like`. */
static void put_piece(struct writing *w, struct bytes octets, size_t rest, struct bytes like)
{
	const struct bytes other = bytes_sub(like, 0, like.n - rest);
	const size_t front = same_front(octets, other);
	const struct bytes behind = bytes_sub(octets, front, octets.n);
	const size_t back = same_back(behind, bytes_sub(other, front, other.n));
	const struct bytes own = bytes_sub(behind, 0, behind.n - back);

	put_number(w, (int64_t)(octets.n + rest));
	put_number(w, (int64_t)journal_sum(own));
	put_number(w, (int64_t)front);
	put_number(w, (int64_t)(back + rest));
	put_number(w, (int64_t)w->behind);
	buf_add(w->pieces, (struct bytes){(const unsigned char *)&own, sizeof own});
	w->behind += own.n;
}

/* Of the octets that stand in place behind those of a fact, how many they are. */
static size_t rest_in_place(const struct writing *w, struct bytes rest)
{
	BUG_IF(rest.n > w->first.n || (rest.n > 0 && rest.p != w->first.p + w->first.n - rest.n));
	return rest.n;
}

static void put_fact(struct writing *w, const struct journal_fact *f)
{
	const unsigned char small[] = {f->at.has_offset, (unsigned char)f->direction, (unsigned char)f->kind,
		(unsigned char)f->verdict};

	put_raw(w, small, sizeof small);
	put_number(w, f->at.ms);
	put_number(w, f->at.offset_min);
	put_number(w, f->duration_us);
	put_number(w, (int64_t)f->size);
	put_piece(w, f->octets, rest_in_place(w, f->rest), w->first);
	if (f->octets.n + f->rest.n != f->size)
		put_raw(w, f->sha256, sizeof f->sha256);
	put_text(w, bytes_str(f->exchange));
	for (size_t i = 0; i < TEXTS; i++)
		put_text(w, fact_text(f, i));
}

static void put_seen(struct writing *w, const struct journal_seen *s)
{
	const unsigned char small[] = {(unsigned char)s->state};

	put_raw(w, small, sizeof small);
	put_number(w, s->answer_status);
	put_raw(w, s->content, sizeof s->content);
	put_text(w, bytes_str(s->exchange));
	put_text(w, s->sender_id);
	put_text(w, s->message_id);
}

static void put_waiting(struct writing *w, const struct journal_waiting *word)
{
	const unsigned char small[] = {(unsigned char)word->state};

	put_raw(w, small, sizeof small);
	put_number(w, word->attempts);
	put_number(w, word->accepted_ms);
	put_number(w, word->due_ms);
	put_number(w, word->expire_ms);
	put_piece(w, word->body, 0, BYTES_NONE); /* the index knows one place of it */
	put_text(w, word->id);
	put_text(w, word->destination);
	put_text(w, word->order_key);
	put_text(w, word->meta);
	put_text(w, word->policy);
}

static bool entry_fits(const struct journal_entry *entry)
{
	bool fits = entry->fact_count <= JOURNAL_FACTS;

	for (size_t i = 0; fits && i < entry->fact_count; i++)
		fits = entry->facts[i].octets.n + entry->facts[i].rest.n <= JOURNAL_OCTETS_MOST;
	return fits && (!entry->waiting || entry->waiting->body.n <= JOURNAL_OCTETS_MOST);
}

static uint64_t head_sum(struct bytes head)
{
	uint64_t before = journal_sum(bytes_sub(head, 0, SUM_AT));

	return XXH3_64bits_withSeed(head.p + JOURNAL_HEAD_FIXED, head.n - JOURNAL_HEAD_FIXED, before);
}

/* The head of the entry is not longer. */
static size_t head_room(const struct journal_entry *entry)
{
	const struct journal_waiting *w = entry->waiting;
	size_t room = JOURNAL_HEAD_FIXED + (entry->fact_count + 3) * FIELDS_MOST;

	for (size_t i = 0; i < entry->fact_count; i++) {
		for (size_t t = 0; t < TEXTS; t++)
			room += fact_text(&entry->facts[i], t).n;
	}
	if (entry->seen)
		room += entry->seen->sender_id.n + entry->seen->message_id.n;
	if (w)
		room += w->id.n + w->destination.n + w->order_key.n + w->meta.n + w->policy.n;
	return room;
}

/* The octets' places follow from the head's length, so they are counted from its end. */
static void put_fields(struct writing *w, const struct journal_entry *entry)
{
	const unsigned char small[] = {(unsigned char)entry->fact_count, entry->seen != NULL, entry->waiting != NULL};

	put_raw(w, small, sizeof small);
	put_number(w, journal_entry_stamp(entry).ms);
	for (size_t i = 0; i < entry->fact_count; i++) {
		put_fact(w, &entry->facts[i]);
		w->first = entry->facts[0].octets;
	}
	if (entry->seen)
		put_seen(w, entry->seen);
	if (entry->waiting)
		put_waiting(w, entry->waiting);
}

bool journal_record_encode(
	const struct journal_entry *entry, uint64_t place, struct buf *heads, struct buf *pieces)
{
	const size_t room = entry_fits(entry) ? head_room(entry) : SIZE_MAX;
	unsigned char *head = room <= HEAD_MOST ? buf_reserve(heads, room) : NULL;
	struct writing w = {.pieces = pieces, .ok = head != NULL};
	uint64_t sum;
	uint32_t length;

	if (!head)
		return false;
	w.to = head + JOURNAL_HEAD_FIXED;
	w.left = room - JOURNAL_HEAD_FIXED;
	put_fields(&w, entry);
	if (!w.ok || !buf_ok(pieces))
		return false;
	length = (uint32_t)(w.to - head);
	memcpy(head + MAGIC_AT, magic, LENGTH_AT);
	memcpy(head + LENGTH_AT, &length, sizeof length);
	memcpy(head + OCTETS_AT, &w.behind, sizeof w.behind);
	memcpy(head + PLACE_AT, &place, sizeof place);
	sum = head_sum((struct bytes){head, length});
	memcpy(head + SUM_AT, &sum, sizeof sum);
	buf_grown(heads, length);
	return true;
}

uint64_t journal_head_octets(const unsigned char *head)
{
	uint64_t octets;

	memcpy(&octets, head + OCTETS_AT, sizeof octets);
	return octets;
}

/* --- reading --- */

struct reading {
	struct bytes left;
	uint64_t octets_at; /* where in the log the octets of this record begin */
	uint64_t octets;    /* how many there are */
	bool ok;
};

static void get_raw(struct reading *r, void *out, size_t n)
{
	r->ok = r->ok && r->left.n >= n;
	if (!r->ok) {
		memset(out, 0, n);
		return;
	}
	memcpy(out, r->left.p, n);
	r->left = bytes_sub(r->left, n, r->left.n);
}

static int64_t get_number(struct reading *r)
{
	int64_t n;

	get_raw(r, &n, sizeof n);
	return n;
}

static struct bytes get_text(struct reading *r)
{
	struct bytes text;
	uint32_t n;

	get_raw(r, &n, sizeof n);
	r->ok = r->ok && r->left.n > n && r->left.p[n] == '\0';
	if (!r->ok)
		return BYTES_NONE;
	text = bytes_sub(r->left, 0, n);
	r->left = bytes_sub(r->left, (size_t)n + 1, r->left.n);
	return text;
}

static void get_exchange(struct reading *r, char out[39])
{
	struct bytes text = get_text(r);

	memset(out, 0, 39);
	r->ok = r->ok && text.n < 39;
	if (r->ok && text.n > 0)
		memcpy(out, text.p, text.n);
}

static const struct journal_piece none;

/* `like`: the octets that these may begin or end as; they stand in one extent. */
static struct journal_piece get_piece(struct reading *r, const struct journal_piece *like)
{
	struct journal_piece p = {.size = (uint64_t)get_number(r)};
	uint64_t at;

	p.sum = (uint64_t)get_number(r);
	p.front = (uint64_t)get_number(r);
	p.back = (uint64_t)get_number(r);
	at = (uint64_t)get_number(r);
	r->ok = r->ok && p.size <= JOURNAL_OCTETS_MOST && p.front <= like->size && p.back <= like->size - p.front &&
		p.front <= p.size && p.back <= p.size - p.front;
	p.own = (struct journal_extent){r->octets_at + at, p.size - p.front - p.back};
	r->ok = r->ok && at <= r->octets && p.own.size <= r->octets - at;
	if (p.own.size < p.size) {
		p.like = like->own;
		p.like_sum = like->sum;
	}
	return p;
}

static void get_fact(
	struct reading *r, struct journal_fact *f, struct journal_piece *octets, const struct journal_piece *like)
{
	unsigned char small[4];

	*f = (struct journal_fact){.id = 0};
	get_raw(r, small, sizeof small);
	f->at.has_offset = small[0];
	f->direction = (enum journal_direction)small[1];
	f->kind = (enum journal_kind)small[2];
	f->verdict = (enum journal_verdict)small[3];
	f->at.ms = get_number(r);
	f->at.offset_min = (int)get_number(r);
	f->duration_us = get_number(r);
	f->size = (size_t)get_number(r);
	*octets = get_piece(r, like);
	f->kept = (size_t)octets->size;
	if (f->kept != f->size)
		get_raw(r, f->sha256, sizeof f->sha256);
	get_exchange(r, f->exchange);
	for (size_t i = 0; i < TEXTS; i++) {
		struct bytes text = get_text(r);

		memcpy((char *)f + texts[i], &text, sizeof text);
	}
}

static void get_seen(struct reading *r, struct journal_seen *s)
{
	unsigned char small[1];

	*s = (struct journal_seen){.state = SEEN_NONE};
	get_raw(r, small, sizeof small);
	s->state = (enum journal_seen_state)small[0];
	s->answer_status = (int)get_number(r);
	get_raw(r, s->content, sizeof s->content);
	get_exchange(r, s->exchange);
	s->sender_id = get_text(r);
	s->message_id = get_text(r);
}

static void get_waiting(struct reading *r, struct journal_waiting *w, struct journal_piece *body)
{
	unsigned char small[1];

	*w = (struct journal_waiting){.attempts = 0};
	get_raw(r, small, sizeof small);
	w->state = (enum journal_waiting_state)small[0];
	w->attempts = (int)get_number(r);
	w->accepted_ms = get_number(r);
	w->due_ms = get_number(r);
	w->expire_ms = get_number(r);
	*body = get_piece(r, &none);
	w->id = get_text(r);
	w->destination = get_text(r);
	w->order_key = get_text(r);
	w->meta = get_text(r);
	w->policy = get_text(r);
}

size_t journal_head_length(const unsigned char fixed[JOURNAL_HEAD_FIXED], uint64_t place)
{
	uint64_t own, octets;
	uint32_t length;

	memcpy(&length, fixed + LENGTH_AT, sizeof length);
	memcpy(&octets, fixed + OCTETS_AT, sizeof octets);
	memcpy(&own, fixed + PLACE_AT, sizeof own);
	if (memcmp(fixed, magic, LENGTH_AT) != 0 || own != place || length <= JOURNAL_HEAD_FIXED || length > HEAD_MOST)
		return 0;
	return octets <= (JOURNAL_FACTS + 1) * JOURNAL_OCTETS_MOST ? length : 0;
}

static bool get_fields(struct reading *r, struct journal_record *out)
{
	unsigned char small[3];

	get_raw(r, small, sizeof small);
	out->at_ms = get_number(r);
	out->fact_count = small[0];
	out->has_seen = small[1];
	out->has_waiting = small[2];
	r->ok = r->ok && out->fact_count <= JOURNAL_FACTS;
	for (size_t i = 0; r->ok && i < out->fact_count; i++)
		get_fact(r, &out->facts[i], &out->octets[i], i > 0 ? &out->octets[0] : &none);
	if (out->has_seen)
		get_seen(r, &out->seen);
	if (out->has_waiting)
		get_waiting(r, &out->waiting, &out->body);
	return r->ok && r->left.n == 0;
}

bool journal_record_decode(struct bytes head, struct journal_record *out)
{
	struct reading r = {.ok = true};
	uint64_t sum;

	if (head.n <= JOURNAL_HEAD_FIXED)
		return false;
	memcpy(&sum, head.p + SUM_AT, sizeof sum);
	if (sum != head_sum(head))
		return false;
	memcpy(&out->place, head.p + PLACE_AT, sizeof out->place);
	memcpy(&r.octets, head.p + OCTETS_AT, sizeof r.octets);
	r.octets_at = out->place + head.n;
	out->next = r.octets_at + r.octets;
	r.left = bytes_sub(head, JOURNAL_HEAD_FIXED, head.n);
	return get_fields(&r, out);
}
