/* SPDX-License-Identifier: GPL-3.0-or-later */
/* async_int - what the files of the asynchronous channel share. */
#ifndef QAQPA_CHANNEL_ASYNC_INT_H
#define QAQPA_CHANNEL_ASYNC_INT_H

#include "channel/async.h"
#include "channel/channel_int.h"

/* async_name.c: how the element of an operation is called when we write it. */
struct async_name {
	enum async_operation operation;
	const char *name, *ns;
};
/* That of sendMessage for ASYNC_OTHER: a fault has to be written whatever was asked. */
const struct async_name *async_name_of(enum async_operation op);

/* async_field.c: the messages that are read and written, field by field. */
extern const struct direction async_message, async_ack, async_delivery, async_status_question,
	async_messages_question, async_status_answer, async_status_notification, async_messages_answer;

/* async_codec.c: as channel_codec.c. Readers set what the element holds and leave the rest of `out` alone. */
MUST_USE bool async_codec_read_message(struct pool *pool, const char *projection, struct async_message *out,
	const char **why);
MUST_USE bool async_codec_read_ack(struct pool *pool, const char *projection, struct async_ack *out,
	const char **why);
MUST_USE bool async_codec_read_delivery(struct pool *pool, const char *projection, struct async_delivery *out,
	const char **why);
MUST_USE bool async_codec_read_status_question(struct pool *pool, const char *projection,
	struct async_question *out, const char **why);
MUST_USE bool async_codec_read_messages_question(struct pool *pool, const char *projection,
	struct async_question *out, const char **why);
MUST_USE bool async_codec_read_status_answer(struct pool *pool, const char *projection,
	struct async_status *out, const char **why);
MUST_USE bool async_codec_read_status_notification(struct pool *pool, const char *projection,
	struct async_status *out, const char **why);
/* Judges what stands beside the messages. */
MUST_USE bool async_codec_check_messages(struct pool *pool, const char *projection, const char **why);

/* async_codec_write.c */
MUST_USE bool async_codec_write_message(const struct async_message *m, struct buf *out);
MUST_USE bool async_codec_write_ack(const struct async_ack *a, struct buf *out);
MUST_USE bool async_codec_write_delivery(const struct async_delivery *d, struct buf *out);
MUST_USE bool async_codec_write_delivery_ack(struct bytes notification_id, struct stamp date,
	struct bytes session_id, struct buf *out);
MUST_USE bool async_codec_write_status_question(const struct async_question *q, struct buf *out);
MUST_USE bool async_codec_write_messages_question(const struct async_question *q, struct buf *out);
MUST_USE bool async_codec_write_status_answer(const struct async_status *s, struct stamp response_date,
	struct bytes session_id, struct buf *out);
MUST_USE bool async_codec_write_status_notification(const struct async_status *s, struct stamp request_date,
	struct buf *out);
MUST_USE bool async_codec_write_status_ack(struct stamp date, struct bytes session_id, struct buf *out);

#endif
