/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_scripted - plays any system by a scenario: for each service its answers, and when each is given. A new service
 *                needs no C.
 * Promise:  the file is read at each request, so a change of it counts at once; what cannot be read or evaluated is a
 *           fault that says where, never a guess.
 * Not here: systems that remember or send by themselves (a folder of their own).
 * Spec:     wsdl/scenario/v1/scenario.xsd */
#include <libxml/tree.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include "base/clock.h"
#include "base/file.h"
#include "common/payload.h"

#define NS_SCENARIO "urn:qaqpa:scenario:v1"
#define SCENARIO_BYTES (4u << 20)
#define ANSWER_BYTES (4u << 20)
#define STEPS_MOST 1000000 /* of one expression, so that a foolish one ends */

/* One request that is answered. */
struct playing {
	struct pool *pool;
	xmlXPathContext *xpath; /* the payload is its context node */
	struct err *err;
};

static void free_context(xmlXPathContext **c)
{
	xmlXPathFreeContext(*c);
}

static void free_object(xmlXPathObject **o)
{
	xmlXPathFreeObject(*o);
}

static void free_node(xmlNode **n)
{
	xmlFreeNode(*n);
}

static void free_buffer(xmlBuffer **b)
{
	xmlBufferFree(*b);
}

static outcome read_scenario(struct pool *pool, const char *path, xmlDoc **out, struct err *e)
{
	SCOPED(buf_free) struct buf text = BUF(SCENARIO_BYTES);
	const char *slash = strrchr(path, '/');
	const char *folder = slash ? pool_printf(pool, "%.*s/", (int)(slash - path), path) : ".";
	const char *copy;

	if (!folder)
		return err_set(e, REASON_MEMORY, "the scenario");
	TRY(file_read(folder, slash ? slash + 1 : path, SCENARIO_BYTES, &text, e));
	copy = pool_copy(pool, buf_bytes(&text)); /* the tree refers to it */
	if (!copy)
		return err_set(e, REASON_MEMORY, "the scenario");
	TRY(envelope_parse_document(pool, bytes_str(copy), &ENVELOPE_LIMITS_DEFAULT, out, e));
	if (!payload_is(xmlDocGetRootElement(*out), NS_SCENARIO, "scenario"))
		return err_set(e, REASON_CONFIG, "%s is no scenario of scenario.xsd", path);
	return DONE;
}

/* An attribute of the scenario; NULL when absent. From the pool. */
static const char *word(struct pool *pool, xmlNode *node, const char *name)
{
	xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
	const char *copy = value ? pool_copy(pool, bytes_str((const char *)value)) : NULL;

	xmlFree(value);
	return copy;
}

static void no_words(void *ctx, xmlError *problem)
{
	(void)ctx, (void)problem;
}

/* The context of all expressions: the payload, $now, and the prefixes that the answer may use. */
static outcome open_context(struct playing *p, xmlNode *payload, xmlNode *scope)
{
	char now[STAMP_TEXT];
	xmlNs **names = xmlGetNsList(scope->doc, scope);

	p->xpath = payload ? xmlXPathNewContext(payload->doc) : NULL;
	if (!p->xpath) {
		xmlFree(names);
		return err_set(p->err, REASON_CHANNEL_FORMAT, "the request has no payload");
	}
	p->xpath->node = payload;
	p->xpath->opLimit = STEPS_MOST;
	p->xpath->error = no_words;
	stamp_print(sim_now(), now);
	xmlXPathRegisterVariable(p->xpath, (const xmlChar *)"now", xmlXPathNewCString(now));
	for (size_t i = 0; names && names[i]; i++) {
		if (names[i]->prefix)
			xmlXPathRegisterNs(p->xpath, names[i]->prefix, names[i]->href);
	}
	xmlFree(names);
	return DONE;
}

static xmlXPathObject *evaluate(struct playing *p, const char *expression)
{
	xmlXPathObject *value = xmlXPathEvalExpression((const xmlChar *)expression, p->xpath);

	if (!value)
		(void)err_set(p->err, REASON_CONFIG, "the scenario's expression %.200s cannot be evaluated", expression);
	return value;
}

/* Writes the text with every {expression} replaced by its value. */
static outcome fill(struct playing *p, const char *text, struct buf *out)
{
	const char *open, *close;

	while ((open = strchr(text, '{')) && (close = strchr(open, '}'))) {
		const char *expression = pool_printf(p->pool, "%.*s", (int)(close - open - 1), open + 1);
		SCOPED(free_object) xmlXPathObject *value = expression ? evaluate(p, expression) : NULL;
		xmlChar *words = value ? xmlXPathCastToString(value) : NULL;

		if (!words)
			return FAILED;
		buf_add(out, (struct bytes){(const unsigned char *)text, (size_t)(open - text)});
		buf_str(out, (const char *)words);
		xmlFree(words);
		text = close + 1;
	}
	buf_str(out, text);
	return buf_ok(out) ? DONE : err_set(p->err, REASON_MEMORY, "the answer of the scenario is too long");
}

static outcome fill_text(struct playing *p, xmlNode *text)
{
	SCOPED(buf_free) struct buf filled = BUF(ANSWER_BYTES);

	TRY(fill(p, (const char *)text->content, &filled));
	xmlNodeSetContent(text, (const xmlChar *)buf_cstr(&filled));
	return DONE;
}

/* Every text and attribute of the copied answer. The depth is that of a parsed document, which has a limit. */
static outcome fill_tree(struct playing *p, xmlNode *node)
{
	for (xmlAttr *a = node->properties; a; a = a->next) {
		for (xmlNode *text = a->children; text; text = text->next)
			TRY(fill_text(p, text));
	}
	for (xmlNode *child = node->children; child; child = child->next) {
		if (child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE)
			TRY(fill_text(p, child));
		else if (child->type == XML_ELEMENT_NODE)
			TRY(fill_tree(p, child));
	}
	return DONE;
}

static outcome write_data(struct playing *p, xmlNode *answer, const char **data)
{
	SCOPED(free_buffer) xmlBuffer *text = xmlBufferCreate();
	SCOPED(free_node) xmlNode *copy = NULL;
	xmlNode *content = xmlFirstElementChild(answer);

	if (!content)
		return DONE;
	copy = xmlDocCopyNode(content, answer->doc, 1);
	if (!copy || !text)
		return err_set(p->err, REASON_MEMORY, "the answer of the scenario");
	TRY(fill_tree(p, copy));
	if (xmlNodeDump(text, answer->doc, copy, 0, 0) < 0)
		return err_set(p->err, REASON_MEMORY, "the answer of the scenario");
	*data = pool_copy(p->pool, bytes_str((const char *)xmlBufferContent(text)));
	return *data ? DONE : err_set(p->err, REASON_MEMORY, "the answer of the scenario");
}

/* True for the first answer whose condition holds; *failed when one cannot be evaluated. */
static bool holds(struct playing *p, xmlNode *answer, bool *failed)
{
	const char *when = word(p->pool, answer, "when");
	SCOPED(free_object) xmlXPathObject *value = when ? evaluate(p, when) : NULL;

	*failed = when && !value;
	return !when || (value && xmlXPathCastToBoolean(value));
}

static outcome play(struct playing *p, xmlNode *service, struct sim_reply *out)
{
	SCOPED(buf_free) struct buf message = BUF(4096);
	bool failed = false;

	for (xmlNode *a = xmlFirstElementChild(service); a; a = xmlNextElementSibling(a)) {
		if (!holds(p, a, &failed)) {
			if (failed)
				return FAILED;
			continue;
		}
		const char *code = word(p->pool, a, "code"), *words = word(p->pool, a, "message");

		TRY(fill(p, words ? words : "Played by a scenario.", &message));
		out->code = code ? code : "SCSS001";
		out->message = pool_copy(p->pool, buf_bytes(&message));
		return write_data(p, a, &out->data);
	}
	return err_set(p->err, REASON_CONFIG, "no answer of the scenario fits the request");
}

static xmlNode *service_of(struct pool *pool, xmlDoc *scenario, struct bytes service_id)
{
	for (xmlNode *s = xmlFirstElementChild(xmlDocGetRootElement(scenario)); s; s = xmlNextElementSibling(s)) {
		const char *id = word(pool, s, "id");

		if (payload_is(s, NS_SCENARIO, "service") && id && bytes_is(service_id, id))
			return s;
	}
	return NULL;
}

static outcome answer_by_scenario(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	SCOPED(free_context) xmlXPathContext *xpath = NULL;
	struct playing p = {.pool = in->pool, .err = e};
	const char *path = sim_setting(sim, "scenario");
	xmlNode *service;
	xmlDoc *scenario;

	if (!path)
		return err_set(e, REASON_CONFIG, "say --set scenario=FILE");
	TRY(read_scenario(in->pool, path, &scenario, e));
	service = service_of(in->pool, scenario, in->request->service_id);
	if (!service)
		return err_set(e, REASON_SERVICE_UNKNOWN, "the scenario does not name the service");
	TRY(open_context(&p, in->payload, service));
	xpath = p.xpath;
	return play(&p, service, out);
}

static const struct sim_service none[] = {{NULL, NULL}};

extern const struct sim_system sim_system_scripted;
const struct sim_system sim_system_scripted = {
	.name = "scripted",
	.summary = "any system, by a scenario: --set scenario=FILE",
	.services = none,
	.other = answer_by_scenario,
};
