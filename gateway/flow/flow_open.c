/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_open - messages being worked on in this process, so that copies that arrive at the same time meet.
 * The replay memory on disk knows only what was committed; this closes the gap between look-up and commit. */
#include <pthread.h>
#include <stdlib.h>

#include "base/ident.h"

#include "flow/flow_int.h"

#define OPEN_BUCKETS 4096u /* exchanges under way are bounded by the front; chains stay short */

struct open_message {
	struct open_message *next;
	unsigned char content[32];
	size_t sender_n, id_n;
	unsigned char text[]; /* sender, then messageId */
};

struct open_set {
	pthread_mutex_t lock;
	uint64_t seed;
	struct open_message *bucket[OPEN_BUCKETS];
};

struct open_set *open_set_new(void)
{
	struct open_set *s = calloc(1, sizeof *s);

	if (s) {
		pthread_mutex_init(&s->lock, NULL);
		random_fill(&s->seed, sizeof s->seed); /* hostile names cannot aim at one chain */
	}
	return s;
}

void open_set_free(struct open_set **sp)
{
	struct open_set *s = *sp;

	if (!s)
		return;
	*sp = NULL;
	for (size_t i = 0; i < OPEN_BUCKETS; i++) {
		while (s->bucket[i]) {
			struct open_message *next = s->bucket[i]->next;

			free(s->bucket[i]);
			s->bucket[i] = next;
		}
	}
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static uint64_t mix(uint64_t h, struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		h = (h ^ b.p[i]) * 0x100000001b3u;
	return (h ^ b.n) * 0x9e3779b97f4a7c15u;
}

/* The link that points to the message, or to the NULL where it belongs. */
static struct open_message **find(struct open_set *s, struct bytes sender, struct bytes id)
{
	uint64_t h = mix(mix(s->seed, sender), id);
	struct open_message **at = &s->bucket[(h >> 32) % OPEN_BUCKETS];

	for (; *at; at = &(*at)->next) {
		struct open_message *m = *at;

		if (bytes_eq((struct bytes){m->text, m->sender_n}, sender)
			&& bytes_eq((struct bytes){m->text + m->sender_n, m->id_n}, id))
			break;
	}
	return at;
}

bool open_set_enter(struct open_set *s, struct bytes sender, struct bytes id, const unsigned char content[32],
	bool *same)
{
	struct open_message *m = calloc(1, sizeof *m + sender.n + id.n);
	struct open_message **at;
	bool entered;

	*same = true; /* without memory the message is told to come again */
	if (!m)
		return false;
	memcpy(m->content, content, sizeof m->content);
	m->sender_n = sender.n;
	m->id_n = id.n;
	if (sender.n)
		memcpy(m->text, sender.p, sender.n);
	if (id.n)
		memcpy(m->text + sender.n, id.p, id.n);
	pthread_mutex_lock(&s->lock);
	at = find(s, sender, id);
	entered = *at == NULL;
	if (entered)
		*at = m;
	else
		*same = memcmp((*at)->content, content, sizeof m->content) == 0;
	pthread_mutex_unlock(&s->lock);
	if (!entered)
		free(m);
	return entered;
}

void open_set_leave(struct open_set *s, struct bytes sender, struct bytes id)
{
	struct open_message **at, *m;

	pthread_mutex_lock(&s->lock);
	at = find(s, sender, id);
	m = *at;
	if (m)
		*at = m->next;
	pthread_mutex_unlock(&s->lock);
	free(m);
}
