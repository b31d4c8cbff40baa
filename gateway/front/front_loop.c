/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front_loop - the event thread: waits, lets what is ready act, writes answers, ends what is overdue.
 * Promise:  one wait per batch of events; a turn costs what happened in it, not the number of connections.
 * Not here: what a source does when it is ready (front_conn.c, front_listen.c). */

#include <sys/epoll.h>

#include "base/clock.h"
#include "base/thread.h"

#include "front/front_int.h"

#define BATCH 256
#define LONGEST_WAIT_US 60000000

/* The first of each line is the next of its phase to expire. */
static int64_t nearest_deadline(const struct front *f)
{
	int64_t nearest = f->now_us + LONGEST_WAIT_US;
	if (f->accept_again_us && f->accept_again_us < nearest)
		nearest = f->accept_again_us;
	for (size_t i = 0; i < f->listener_count; i++)
		for (int phase = 0; phase < PHASE_COUNT; phase++) {
			const struct front_conn *c = f->listeners[i].lines[phase].first;
			if (c && phase != PHASE_ANSWER && c->deadline_us < nearest)
				nearest = c->deadline_us;
		}
	return nearest;
}

static void expire_lines(struct front *f)
{
	for (size_t i = 0; i < f->listener_count; i++)
		for (int phase = 0; phase < PHASE_COUNT; phase++) {
			struct front_line *line = &f->listeners[i].lines[phase];
			while (phase != PHASE_ANSWER && line->first && line->first->deadline_us <= f->now_us)
				front_conn_expire(line->first);
		}
	if (f->accept_again_us && f->accept_again_us <= f->now_us) {
		f->accept_again_us = 0;
		for (size_t i = 0; i < f->listener_count; i++)
			front_listen_resume(&f->listeners[i]);
	}
}

static struct front_job *take_answers(struct front *f)
{
	pthread_mutex_lock(&f->lock);
	struct front_job *first = f->answers;
	f->answers = NULL;
	f->answers_end = &f->answers;
	pthread_mutex_unlock(&f->lock);
	return first;
}

/* What was charged is owed by the address, whether the client is still there or not. */
static void settle(struct front *f, struct front_job *job)
{
	struct front_address *a = job->payer.address;
	front_address_charge(a, &f->listeners[a->listener].options, job->charge_us, f->now_us);
	if (job->conn && job->welcome)
		job->conn->handshake_us = 0;
	front_address_end(&f->addresses, a, f->now_us);
}

/* Writing an answer may bring up the next request, whose handler may answer it on the spot: hence the
 * outer loop. */
static void write_answers(struct front *f)
{
	for (struct front_job *job; (job = take_answers(f)) != NULL;)
		while (job) {
			struct front_job *next = job->next;
			settle(f, job);
			if (job->conn)
				front_conn_answer(job->conn, job);
			else
				front_job_free(job);
			job = next;
		}
}

static void drop_line(struct front_line *line)
{
	while (line->first)
		front_conn_drop(line->first);
}

static void begin_drain(struct front *f)
{
	f->accept_again_us = 0;
	for (size_t i = 0; i < f->listener_count; i++) {
		front_listen_close(&f->listeners[i]);
		drop_line(&f->listeners[i].lines[PHASE_PROXY]);
		drop_line(&f->listeners[i].lines[PHASE_HANDSHAKE]);
		drop_line(&f->listeners[i].lines[PHASE_IDLE]);
	}
	pthread_mutex_lock(&f->lock);
	f->drained = true;
	pthread_cond_broadcast(&f->quiet);
	pthread_mutex_unlock(&f->lock);
}

void *front_loop_run(void *front)
{
	struct front *f = front;
	struct epoll_event events[BATCH];
	bool draining = false;
	pthread_setname_np(pthread_self(), "front");
	f->self = pthread_self();
	f->now_us = mono_us();
	while (!atomic_load(&f->stopping)) {
		int64_t wait_us = nearest_deadline(f) - f->now_us;
		int n = epoll_wait(f->epoll, events, BATCH, wait_us > 0 ? (int)((wait_us + 999) / 1000) : 0);
		f->now_us = mono_us();
		for (int i = 0; i < n; i++) {
			struct front_source *s = events[i].data.ptr;
			s->ready(f, s, events[i].events);
		}
		write_answers(f);
		expire_lines(f);
		if (!draining && atomic_load(&f->draining)) {
			draining = true;
			begin_drain(f);
		}
		front_conn_bury(f);
	}
	return NULL;
}

void front_loop_hand_back(struct front *f, struct front_job *job)
{
	pthread_mutex_lock(&f->lock);
	bool stopped = f->stopped, first = !f->answers;
	if (!stopped) {
		job->next = NULL;
		*f->answers_end = job;
		f->answers_end = &job->next;
	}
	pthread_mutex_unlock(&f->lock);
	if (stopped)
		front_job_free(job);
	else if (first && !pthread_equal(f->self, pthread_self()))
		thread_wake(f->wake);
}
