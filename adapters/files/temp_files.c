/* SPDX-License-Identifier: GPL-3.0-or-later */
/* temp_files - see temp_files.h.
 * Promise:  every file has a status of its own; the answer has the form of the request: elements with or without namespace,
 *           type first or last.
 * Not here: the files (temp_store.c).
 * Spec:     bus contract 5.6; wsdl/files/v1 */
#include <libxml/tree.h>
#include <stdlib.h>

#include "common/business.h"
#include "files/temp_files.h"

#define ANSWER_BYTES (64u << 20)
#define LIFE_DIGITS 15
#define FILE_MORE 65536 /* what stands around a file that is read */

/* Status of a file: code, words. 001 is of a whole answer. */
static const struct verdict {
	const char *code, *words;
} verdicts[TEMP_VERDICTS] = {
	[TEMP_DONE] = {"000", "Done"},
	[TEMP_BASE64] = {"101", "The content is not base64"},
	[TEMP_LONG] = {"102", "The file is longer than one may be"},
	[TEMP_FULL] = {"103", "The store is full; try later"},
	[TEMP_OWNER_FULL] = {"104", "The share of this participant is full"},
	[TEMP_NAME] = {"105", "The name or the media type is too long or holds control characters"},
	[TEMP_LIFE] = {"106", "The life time is no number of milliseconds above 0"},
	[TEMP_MANY] = {"107", "One message may bring 256 files"},
	[TEMP_NONE] = {"201", "No file lies under this identifier, or its life has ended"},
	[TEMP_NOT_ASKED] = {"202", "Nobody asked to have this file confirmed"},
	[TEMP_ALONE] = {"203", "The files are too long for one answer; ask for this one alone"},
};
static const struct verdict some_failed = {"001", "Not everything was done"};

/* A request while it is served. */
struct serving {
	struct pool *pool;
	const struct temp_place *place;
	const struct temp_caller *caller;
	struct temp_visit *visit;
	const xmlNode *body;
	struct buf out;
	bool qualified;   /* the elements inside are in the namespace */
	size_t failed, n; /* files */
	size_t answered;  /* octets of files in the answer */
};

/* ---- reading: in the namespace or in none ---- */

static bool is(const xmlNode *node, const char *name)
{
	return node && node->type == XML_ELEMENT_NODE && strcmp(node_local(node), name) == 0 &&
		(!*node_ns(node) || strcmp(node_ns(node), NS_TEMP) == 0);
}

const struct _xmlNode *temp_child(const struct _xmlNode *parent, const char *name)
{
	const xmlNode *found = NULL;

	for (const xmlNode *c = parent ? parent->children : NULL; c; c = c->next) {
		if (!is(c, name))
			continue;
		if (found)
			return NULL;
		found = c;
	}
	return found;
}

static bool holds(const xmlNode *parent, const char *name)
{
	const xmlNode *c = parent->children;

	while (c && !is(c, name))
		c = c->next;
	return c;
}

static bool stands_before(const xmlNode *parent, const char *name, const char *other)
{
	const xmlNode *c = parent->children;

	while (c && !is(c, name) && !is(c, other))
		c = c->next;
	return is(c, name);
}

static struct bytes raw(struct pool *pool, const xmlNode *node)
{
	struct bytes text;

	return node && node_text(pool, node, &text) ? text : BYTES_NONE;
}

static const char *text(struct serving *s, const xmlNode *parent, const char *name)
{
	struct bytes found = raw(s->pool, temp_child(parent, name));

	return found.n ? pool_copy(s->pool, found) : NULL;
}

static bool is_true(const char *word)
{
	return word && (strcmp(word, "true") == 0 || strcmp(word, "1") == 0);
}

/* ---- writing ---- */

static void mark(struct serving *s, const char *slash, const char *name)
{
	buf_printf(&s->out, "<%s%s%s>", slash, s->qualified ? "f:" : "", name);
}

static void put(struct serving *s, const char *name, const char *words)
{
	mark(s, "", name);
	buf_xml(&s->out, bytes_str(words));
	mark(s, "/", name);
}

static void put_number(struct serving *s, const char *name, int64_t number)
{
	mark(s, "", name);
	buf_printf(&s->out, "%lld", (long long)number);
	mark(s, "/", name);
}

static void put_status(struct serving *s, const struct verdict *v)
{
	mark(s, "", "status");
	put(s, "code", v->code);
	put(s, "message", v->words);
	mark(s, "/", "status");
}

static void put_verdict(struct serving *s, enum temp_verdict v)
{
	s->n++;
	s->failed += v != TEMP_DONE;
	put_status(s, &verdicts[v]);
}

static void put_meta(struct serving *s, const struct temp_file *f)
{
	mark(s, "", "meta");
	if (f->name)
		put(s, "name", f->name);
	if (f->mime)
		put(s, "mime", f->mime);
	put_number(s, "size", (int64_t)f->content.n);
	put_number(s, "lifeTime", f->life_ms);
	put(s, "needToBeConfirmed", f->confirm ? "true" : "false");
	mark(s, "/", "meta");
}

/* ---- the four requests, file by file ---- */

/* Milliseconds; -1 when it is no number above 0. */
static int64_t life_of(const char *words)
{
	size_t n = words ? strspn(words, "0123456789") : 0;
	int64_t life = n > 0 && n <= LIFE_DIGITS && !words[n] ? (int64_t)strtoll(words, NULL, 10) : 0;

	if (!words)
		return 0;
	return life > 0 ? life : -1;
}

static outcome upload(struct serving *s, const xmlNode *node, struct err *e)
{
	SCOPED(buf_free) struct buf content = BUF(s->place->limits.file);
	struct bytes base64 = raw(s->pool, temp_child(node, "content"));
	struct temp_file f = {.name = text(s, node, "name"), .mime = text(s, node, "mime"),
		.confirm = is_true(text(s, node, "needToBeConfirmed")), .life_ms = life_of(text(s, node, "lifeTime"))};
	const char *process = text(s, node, "fileProcessIdentifier");
	enum temp_verdict v = TEMP_DONE;
	char id[TEMP_ID];
	struct err bad;

	if (base64.n / 4 * 3 > s->place->limits.file + 3)
		v = TEMP_LONG;
	else if (!base64_decode(base64, &content, &bad).ok)
		v = content.failed ? TEMP_LONG : TEMP_BASE64;
	f.content = buf_bytes(&content);
	if (v == TEMP_DONE)
		TRY(temp_store_put(s->visit, (unsigned)s->n, &f, &v, id, &f.life_ms, e));
	mark(s, "", "uploadFileResults");
	put(s, "fileProcessIdentifier", process ? process : "");
	put_verdict(s, v);
	if (v == TEMP_DONE) {
		put(s, "fileIdentifier", id);
		put_number(s, "lifeTime", f.life_ms);
	}
	mark(s, "/", "uploadFileResults");
	return DONE;
}

static const char *identifier(struct serving *s, const xmlNode *node)
{
	const char *id = pool_copy(s->pool, raw(s->pool, node));

	return id ? id : "";
}

/* A file, or why it is not given; `content`: it goes into the answer as well. Only one file at a time is in memory. */
static outcome give(struct serving *s, const xmlNode *node, const char *result, bool content, struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(s->place->limits.file + FILE_MORE);
	const char *id = identifier(s, node);
	struct temp_file f;
	enum temp_verdict v;

	if (!pool)
		return err_set(e, REASON_MEMORY, "a file of the store");
	TRY(temp_store_get(s->place, pool, id, &f, &v, e));
	if (v == TEMP_DONE && content && s->answered > 0 && s->answered + f.content.n > s->place->limits.answer)
		v = TEMP_ALONE;
	mark(s, "", result);
	put_verdict(s, v);
	put(s, "fileIdentifier", id);
	if (v == TEMP_DONE && content) {
		s->answered += f.content.n;
		mark(s, "", "content");
		buf_base64(&s->out, f.content);
		mark(s, "/", "content");
	}
	if (v == TEMP_DONE)
		put_meta(s, &f);
	mark(s, "/", result);
	return DONE;
}

static outcome download(struct serving *s, const xmlNode *node, struct err *e)
{
	return give(s, node, "fileDownloadResults", true, e);
}

static outcome tell(struct serving *s, const xmlNode *node, struct err *e)
{
	return give(s, node, "fileInfoResults", false, e);
}

static outcome confirm(struct serving *s, const xmlNode *node, struct err *e)
{
	const char *id = identifier(s, node);
	enum temp_verdict v;

	TRY(temp_store_confirm(s->place, id, &v, e));
	mark(s, "", "fileConfirmResults");
	put_verdict(s, v);
	put(s, "fileIdentifier", id);
	mark(s, "/", "fileConfirmResults");
	return DONE;
}

static const struct kind {
	const char *type, *request, *each, *response;
	outcome (*serve)(struct serving *s, const xmlNode *node, struct err *e);
} kinds[] = {
	{"UPLOAD", "uploadRequest", "fileUploadRequests", "uploadResponse", upload},
	{"DOWNLOAD", "downloadRequest", "fileIdentifiers", "downloadResponse", download},
	{"CONFIRM", "confirmRequest", "fileIdentifiers", "confirmResponse", confirm},
	{"GET_FILE_INFO", "getFileInfoRequest", "fileIdentifiers", "getFileInfoResponse", tell},
};

/* ---- the whole ---- */

static const struct kind *kind_of(const char *type)
{
	for (size_t i = 0; type && i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(type, kinds[i].type) == 0)
			return &kinds[i];
	}
	return NULL;
}

static outcome serve_files(struct serving *s, const struct kind *k, struct err *e)
{
	mark(s, "", k->response);
	for (const xmlNode *c = s->body->children; c; c = c->next) {
		if (is(c, k->each))
			TRY(k->serve(s, c, e));
	}
	put_status(s, s->failed ? &some_failed : &verdicts[TEMP_DONE]);
	mark(s, "/", k->response);
	return DONE;
}

/* The root in the namespace or not; the type where it stood. */
static outcome write_answer(struct serving *s, const struct kind *k, const xmlNode *root, struct err *e)
{
	bool in = *node_ns(root), last = !stands_before(root, "type", k->request);

	buf_printf(&s->out, "<%stempStorageResponse%s>", in ? "f:" : "", in ? " xmlns:f=\"" NS_TEMP "\"" : "");
	if (!last)
		put(s, "type", k->type);
	TRY(serve_files(s, k, e));
	if (last)
		put(s, "type", k->type);
	buf_printf(&s->out, "</%stempStorageResponse>", in ? "f:" : "");
	return buf_ok(&s->out) ? DONE : err_set(e, REASON_MEMORY, "answer of the file store");
}

/* What the message says of its sender is true, or not said. */
static bool credentials_fit(struct serving *s, const xmlNode *root)
{
	const xmlNode *given = temp_child(root, "credentials");
	const char *sender = text(s, given, "senderId");
	struct bytes password = raw(s->pool, temp_child(given, "password"));

	if (sender && strcmp(sender, s->caller->sender) != 0)
		return false;
	return password.n == 0 || !s->caller->password || s->caller->password(s->caller->ctx, password);
}

static outcome refuse(struct temp_answer *out, const char *code, const char *message)
{
	*out = (struct temp_answer){code, message, NULL};
	return DONE;
}

static outcome serve(struct serving *s, const xmlNode *root, struct temp_answer *out, struct err *e)
{
	const struct temp_origin from = {s->caller->owner, s->caller->message};
	const struct kind *k = is(root, "tempStorageRequest") ? kind_of(text(s, root, "type")) : NULL;

	s->body = k ? temp_child(root, k->request) : NULL;
	if (!s->body || !holds(s->body, k->each))
		return refuse(out, "SCSE002", "The payload is not a tempStorageRequest of files.xsd.");
	if (!credentials_fit(s, root))
		return refuse(out, "SCSE001", "The credentials in the request are not those of its sender.");
	s->qualified = *node_ns(s->body);
	TRY(temp_store_begin(s->place, s->pool, &from, &s->visit, e));
	TRY(write_answer(s, k, root, e));
	out->data = pool_copy(s->pool, buf_bytes(&s->out));
	out->code = s->failed ? "SCSE001" : "SCSS001";
	out->message = s->failed ? "Not everything was done; each file has its status." : "Everything was done.";
	return out->data ? DONE : err_set(e, REASON_MEMORY, "answer of the file store");
}

outcome temp_files_serve(struct pool *pool, const struct temp_place *place, const struct temp_caller *caller,
	const struct _xmlNode *payload, struct temp_answer *out, struct err *e)
{
	struct serving s = {.pool = pool, .place = place, .caller = caller, .out = BUF(ANSWER_BYTES)};
	outcome result;

	*out = (struct temp_answer){0};
	result = serve(&s, payload, out, e);
	buf_free(&s.out);
	return result;
}
