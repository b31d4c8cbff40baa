/* SPDX-License-Identifier: GPL-3.0-or-later */
/* B3: a signature inside data cannot be made to speak for another content by moving it or what it covers. */
#include "carried.h"

#define EVIL(attributes) "<p:Doc" attributes "><p:sum>999</p:sum></p:Doc>"
#define REQ(inside) "<p:Req xmlns:p=\"urn:p\">" inside "</p:Req>"

/* {D} is the signed element, {S} its detached Signature. */
static const struct {
	const char *name, *shape;
	enum reason reason;
} wrappings[] = {
	{"as it was", REQ("{D}{S}"), REASON_NONE},
	{"as it was, the Signature beside the root", REQ("{D}") "{S}", REASON_NONE},
	{"more beside it, which nobody demands", REQ("<p:other/>{D}<p:more/>{S}"), REASON_NONE},
	{"the other first, the same Id", REQ(EVIL(" Id=\"d1\"") "{D}{S}"), REASON_INNER_COVERAGE},
	{"the other behind, the same Id", REQ("{D}" EVIL(" Id=\"d1\"") "{S}"), REASON_INNER_COVERAGE},
	{"the other first, another Id", REQ(EVIL(" Id=\"d2\"") "{D}{S}"), REASON_INNER_COVERAGE},
	{"the other first, no Id", REQ(EVIL("") "{D}{S}"), REASON_INNER_COVERAGE},
	{"the signed one in a wrapper", REQ(EVIL(" Id=\"d2\"") "<p:wrap>{D}</p:wrap>{S}"), REASON_INNER_COVERAGE},
	{"the signed one in the other", REQ("<p:Doc Id=\"d2\"><p:sum>999</p:sum>{D}</p:Doc>{S}"), REASON_INNER_COVERAGE},
	{"the signed one in the other with the same Id", REQ("<p:Doc Id=\"d1\"><p:sum>999</p:sum>{D}</p:Doc>{S}"),
		REASON_INNER_COVERAGE},
	{"the signed one in an Object", REQ(EVIL(" Id=\"d2\"") "{S+<ds:Object>{D}</ds:Object>}"), REASON_INNER_COVERAGE},
	{"the signed one in an Object, the other with the same Id", REQ(EVIL(" Id=\"d1\"") "{S+<ds:Object>{D}</ds:Object>}"),
		REASON_INNER_COVERAGE},
	{"the signed one in KeyInfo", REQ(EVIL("") "{S}<ds:KeyInfo xmlns:ds=\"" NS_DSIG "\">{D}</ds:KeyInfo>"),
		REASON_INNER_COVERAGE},
	{"the other in another namespace", REQ("<q:Doc xmlns:q=\"urn:q\" Id=\"d2\"><p:sum>999</p:sum></q:Doc>{D}{S}"),
		REASON_INNER_COVERAGE},
	{"the other in no namespace", REQ("<Doc><p:sum>999</p:sum></Doc>{D}{S}"), REASON_INNER_COVERAGE},
	{"the Id as xml:id elsewhere", REQ("<p:x xml:id=\"d1\"/>{D}{S}"), REASON_INNER_COVERAGE},
	{"the Id as ID elsewhere", REQ("<p:x ID=\"d1\"/>{D}{S}"), REASON_INNER_COVERAGE},
	{"the Id as id elsewhere", REQ("<p:x id=\"d1\"/>{D}{S}"), REASON_INNER_COVERAGE},
	{"the Id as wsu:Id elsewhere", REQ("<p:x xmlns:wsu=\"" NS_WSU "\" wsu:Id=\"d1\"/>{D}{S}"), REASON_INNER_COVERAGE},
	{"another Id elsewhere is nothing", REQ("<p:x id=\"d7\"/><p:x id=\"d7\"/>{D}{S}"), REASON_NONE},
	{"the signed one beside the root, the other inside", REQ(EVIL("")) "{D}{S}", REASON_INNER_COVERAGE},
	{"two roots, the signed one second", "<p:Req xmlns:p=\"urn:p\">" EVIL("") "</p:Req>" REQ("{D}{S}"),
		REASON_INNER_COVERAGE},
	{"two roots, the signed one first", REQ("{D}{S}") REQ(EVIL("")), REASON_INNER_COVERAGE},
	{"the Signature in a wrapper", REQ("{D}<p:wrap>{S}</p:wrap>"), REASON_INNER_WRONG},
	{"the Signature before the content", REQ("{S}{D}"), REASON_INNER_WRONG},
	{"the Signature twice", REQ("{D}{S}{S}"), REASON_NONE},
	{"the Signature alone", REQ("{S}"), REASON_INNER_COVERAGE},
	{"no Signature", REQ("{D}"), REASON_INNER_ABSENT},
	{"the Signature inside the signed element", REQ("<p:Doc Id=\"d1\"><p:sum>100</p:sum>{S}</p:Doc>"), REASON_INNER_WRONG},
	{"the signed element renamed", REQ("<p:Doc2 Id=\"d1\"><p:sum>100</p:sum></p:Doc2>{S}"), REASON_INNER_COVERAGE},
	{"the signed element deeper, alone", REQ("<p:wrap>{D}</p:wrap>{S}"), REASON_NONE},
	{"the signed element in another namespace by a declaration around it", "<p:Req xmlns:p=\"urn:q\">{D-}{S}</p:Req>",
		REASON_INNER_WRONG},
	{"a document that looks signed, as escaped text inside", REQ("&lt;p:Doc Id=\"d1\"/&gt;{S}"), REASON_INNER_COVERAGE},
	{"text beside the elements of data", REQ("{D}{S}") "x", REASON_INNER_WRONG},
};

static const char *shaped(const char *shape, const char *d, const char *s)
{
	const char *more = strstr(shape, "{S+"), *text = shape;

	if (more) { /* what follows up to the closing brace goes into the Signature */
		const char *inside = replaced(replaced(part_of(more, "{S+", ">}"), "{S+", ""), "{D}", d);
		const char *whole = part_of(more, "{S+", ">}");

		text = replaced(text, whole, replaced(s, "</ds:Signature>",
			pool_printf(persons.pool, "%.*s</ds:Signature>", (int)strlen(inside) - 1, inside)));
	}
	while (strstr(text, "{D}"))
		text = replaced(text, "{D}", d);
	if (strstr(text, "{D-}"))
		text = replaced(text, "{D-}", replaced(d, " xmlns:p=\"urn:p\"", ""));
	while (strstr(text, "{S}"))
		text = replaced(text, "{S}", s);
	return text;
}

static void a_signed_element_cannot_be_moved(void **state)
{
	const struct template t = {.uri = "#d1", .transforms = TRANSFORM(NS_EXC_C14N)};
	const char *doc = sealed("<p:Req xmlns:p=\"urn:p\"><p:Doc xmlns:p=\"urn:p\" Id=\"d1\"><p:sum>100</p:sum></p:Doc>@"
		"</p:Req>",
		&t, DIRECTOR, true);
	const char *d = part_of(doc, "<p:Doc", "</p:Doc>"), *s = part_of(doc, "<ds:Signature", "</ds:Signature>");

	(void)state;
	for (size_t i = 0; i < COUNT(wrappings); i++) {
		struct answer a = ask(data_of(shaped(wrappings[i].shape, strstr(d, "xmlns:p") ? d :
			replaced(d, "<p:Doc", "<p:Doc xmlns:p=\"urn:p\""), s)), &by_id);

		must_be(wrappings[i].name, &a, wrappings[i].reason);
	}
}

/* {G} is a whole good document, {S} its Signature, {B} what is inside it without the Signature. */
static const struct {
	const char *name, *shape;
	enum reason reason;
} transplants[] = {
	{"as it was", "{G}", REASON_NONE},
	{"inside a document of the attacker", "<evil><sum>999</sum>{G}</evil>", REASON_INNER_WRONG},
	{"inside an attribute-like wrapper of the same name",
		"<p:Req xmlns:p=\"urn:p\" kind=\"a\"><p:sum>999</p:sum>{G}</p:Req>",
		REASON_INNER_WRONG},
	{"the Signature in a document of the attacker", "<p:Req xmlns:p=\"urn:p\" kind=\"a\"><p:sum>999</p:sum>{S}</p:Req>",
		REASON_INNER_WRONG},
	{"the Signature beside the document of the attacker", "<p:Req xmlns:p=\"urn:p\"><p:sum>999</p:sum></p:Req>{S}",
		REASON_INNER_COVERAGE},
	{"the good document behind that of the attacker", "<evil><sum>999</sum></evil>{G}", REASON_INNER_WRONG},
	{"the good document before that of the attacker", "{G}<evil><sum>999</sum></evil>", REASON_INNER_WRONG},
	{"two good documents", "{G}{G}", REASON_INNER_WRONG},
	{"the Signature moved beside the root", "<p:Req xmlns:p=\"urn:p\" kind=\"a\">{B}</p:Req>{S}", REASON_INNER_COVERAGE},
	{"the Signature of the document inside an Object of another",
		"<evil><sum>999</sum><ds:Signature xmlns:ds=\"" NS_DSIG "\"><ds:Object>{G}</ds:Object></ds:Signature></evil>",
		REASON_INNER_WRONG},
	{"text before it", "x{G}", REASON_INNER_WRONG},
	{"text behind it", "{G}x", REASON_INNER_WRONG},
};

static void a_signed_document_cannot_be_moved(void **state)
{
	const char *good = sealed(DOC, NULL, DIRECTOR, true);
	const char *s = part_of(good, "<ds:Signature", "</ds:Signature>"), *b = part_of(good, "<p:sum>", "</p:who>");

	(void)state;
	for (size_t i = 0; i < COUNT(transplants); i++) {
		const char *text = transplants[i].shape;
		struct answer a;

		while (strstr(text, "{G}"))
			text = replaced(text, "{G}", good);
		text = strstr(text, "{S}") ? replaced(text, "{S}", s) : text;
		text = strstr(text, "{B}") ? replaced(text, "{B}", b) : text;
		a = ask(data_of(text), &both);
		must_be(transplants[i].name, &a, transplants[i].reason);
	}
}

/* An inclusive signature that was made before the document was put into the message is judged on the document alone; a
 * wrong one beside the document must not be lost on the way. */
static void a_wrong_signature_beside_the_document_is_not_passed_over(void **state)
{
	const struct template beside = {.uri = "#r", .transforms = TRANSFORM(NS_EXC_C14N)};
	const char *doc = sealed("<a Id=\"r\"><b>1</b>@</a>", &forms[1].t, DIRECTOR, true);
	const char *right = sealed(pool_printf(persons.pool, "<q>%s@</q>", doc), &beside, ACCOUNTANT, true);
	const char *second = part_of(strstr(right, "</a>"), "<ds:Signature", "</ds:Signature>");
	struct answer a = ask(data_of(doc), &both);

	(void)state;
	must_be("the document", &a, REASON_NONE);
	a = ask(data_of(pool_printf(persons.pool, "%s%s", doc, replaced(second, "<ds:SignatureValue>",
		"<ds:SignatureValue>AAAA"))), &both);
	must_be("a wrong one beside it", &a, REASON_INNER_WRONG);
}

/* A document signed alone whose root is in no namespace, pasted where a default namespace is in force, is another one. */
static void a_namespace_around_does_not_creep_in(void **state)
{
	static const struct template *const both_forms[] = {&forms[0].t, &forms[1].t};

	(void)state;
	for (size_t i = 0; i < COUNT(both_forms); i++) {
		const char *doc = sealed("<a><b>1</b>@</a>", both_forms[i], DIRECTOR, true);
		struct answer a = ask(data_of(doc), &enveloped);

		must_be("no namespace around", &a, REASON_NONE);
		a = ask(pool_printf(persons.pool, "<data xmlns=\"urn:evil\">%s</data>", doc), &enveloped);
		must_be("a default namespace around", &a, REASON_INNER_WRONG);
		a = ask(pool_printf(persons.pool, "<data xmlns:other=\"urn:evil\">%s</data>", doc), &enveloped);
		must_be("a prefix around that nothing uses", &a, REASON_NONE);
	}
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, fresh_pool, drop_pool)
	const struct CMUnitTest tests[] = {
		ROW(a_signed_element_cannot_be_moved),
		ROW(a_signed_document_cannot_be_moved),
		ROW(a_wrong_signature_beside_the_document_is_not_passed_over),
		ROW(a_namespace_around_does_not_creep_in),
	};

	return cmocka_run_group_tests(tests, persons_make, persons_drop);
}
