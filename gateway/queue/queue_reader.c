/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue_reader - the library's reader of replies, which believes the other side in one thing less.
 * Promise:  memory goes by what has come, not by what was announced: an array longer than any reply of ours is no reply.
 * Not here: what a reply means (queue_reply). */
#include <pthread.h>

#include <hiredis/hiredis.h>

#include "queue/queue_wire.h"

#define ELEMENTS_MOST (1 << 20) /* all destinations come in one array */
#if HIREDIS_MAJOR < 1
#define ELEMENTS int
#else
#define ELEMENTS size_t
#endif

static redisReplyObjectFunctions functions; /* the library's, but for arrays */
static void *(*create_array)(const redisReadTask *task, ELEMENTS n);
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the making of both */

static void *create_bounded(const redisReadTask *task, ELEMENTS n)
{
	return n <= ELEMENTS_MOST ? create_array(task, n) : NULL;
}

static void prepare(void)
{
	redisReader *reader = redisReaderCreate();

	if (!reader)
		return;
	functions = *reader->fn;
	create_array = functions.createArray;
	functions.createArray = create_bounded;
	redisReaderFree(reader);
}

struct redisReader *queue_reader_new(void)
{
	bool there;

	pthread_mutex_lock(&lock);
	if (!create_array)
		prepare();
	there = create_array;
	pthread_mutex_unlock(&lock);
	return there ? redisReaderCreateWithFunctions(&functions) : NULL;
}
