/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue_fit - does this Redis keep what it acknowledges?
 * Promise:  a Redis without append-only file, one that may throw keys away and one that is a replica are told apart from
 *           a good one, each with the words that make it good.
 * Not here: whether it takes a write at this moment (queue_batch tries one), and what follows (queue_loop). */
#include <hiredis/hiredis.h>

#include "queue/queue_wire.h"

const struct queue_fit_words queue_fit_words[QUEUE_FIT_COMMANDS] = {
	{{BYTES_LIT("INFO")}, 1},
	{{BYTES_LIT("CONFIG"), BYTES_LIT("GET"), BYTES_LIT("*append*")}, 3},
};

/* The value of a line key:value of INFO; empty when it has none. */
static struct bytes info_value(const redisReply *info, const char *key)
{
	size_t n = strlen(key);

	for (const char *line = info->str; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, n) == 0 && line[n] == ':')
			return (struct bytes){(const unsigned char *)line + n + 1, strcspn(line + n + 1, "\r\n")};
	}
	return BYTES_NONE;
}

static bool info_is(const redisReply *info, const char *key, const char *value)
{
	return bytes_is(info_value(info, key), value);
}

/* The value of a setting in the reply to CONFIG GET; NULL when it is not there. */
static const char *config_value(const redisReply *config, const char *key)
{
	for (size_t i = 0; config->type == REDIS_REPLY_ARRAY && i + 1 < config->elements; i += 2) {
		const redisReply *name = config->element[i], *value = config->element[i + 1];

		if (name->type == REDIS_REPLY_STRING && value->type == REDIS_REPLY_STRING && strcmp(name->str, key) == 0)
			return value->str;
	}
	return NULL;
}

/* How often the append-only file goes to disk can be read from CONFIG alone. */
static outcome judge_fsync(const struct queue_server *s, const redisReply *config, struct err *e)
{
	const char *fsync = config_value(config, "appendfsync");
	const char *rewrite = config_value(config, "no-appendfsync-on-rewrite");

	if (!fsync && s->everysec_allowed)
		return DONE;
	if (!fsync)
		return err_set(e, REASON_QUEUE_DOWN,
			"Redis does not show its appendfsync: let the user read it (ACL SETUSER <user> +config|get), or allow "
			"everysec");
	if (strcmp(fsync, "always") != 0 && !(s->everysec_allowed && strcmp(fsync, "everysec") == 0))
		return err_set(e, REASON_QUEUE_DOWN,
			"Redis may lose what it acknowledged: appendfsync is %s; set appendfsync %s", fsync,
			s->everysec_allowed ? "always or everysec" : "always, or allow everysec");
	if (rewrite && strcmp(rewrite, "yes") == 0)
		return err_set(e, REASON_QUEUE_DOWN,
			"Redis may lose what it acknowledged while it rewrites its file; set no-appendfsync-on-rewrite no");
	return DONE;
}

bool queue_fit_replicated(const struct redisReply *info)
{
	return info->type == REDIS_REPLY_STRING && !info_is(info, "connected_slaves", "0");
}

outcome queue_fit_judge(const struct queue_server *s, const struct redisReply *const replies[], struct err *e)
{
	const redisReply *info = replies[0];
	struct bytes policy;

	if (info->type != REDIS_REPLY_STRING)
		return err_set(e, REASON_QUEUE_DOWN, "Redis refuses INFO: %s",
			info->type == REDIS_REPLY_ERROR ? info->str : "strange reply");
	policy = info_value(info, "maxmemory_policy");
	if (!info_is(info, "role", "master"))
		return err_set(e, REASON_QUEUE_DOWN, "Redis is a read-only replica; name its master, or Sentinels");
	if (!info_is(info, "loading", "0"))
		return err_set(e, REASON_QUEUE_DOWN, "Redis is reading its file; it will be ready by itself");
	if (!info_is(info, "aof_enabled", "1"))
		return err_set(e, REASON_QUEUE_DOWN,
			"Redis keeps nothing over a restart: appendonly is off; set appendonly yes");
	if (!bytes_is(policy, "noeviction"))
		return err_set(e, REASON_QUEUE_DOWN,
			"Redis may throw messages away: maxmemory-policy is %.*s; set maxmemory-policy noeviction",
			(int)policy.n, policy.n ? (const char *)policy.p : "");
	return judge_fsync(s, replies[1], e);
}
