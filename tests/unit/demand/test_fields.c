/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values that a schema cannot judge: every judge takes what is right and says what is wrong. */
#include "demands.h"

static const struct row {
	const char *name;
	enum conf_judge is;
	const char *value; /* what stands in the element */
	const char *says;  /* NULL: it is taken */
} rows[] = {
	{"a person's number", CONF_JUDGE_IIN, "900101300017", NULL},
	{"a person's number with spaces around it", CONF_JUDGE_IIN, "\n 900101300017\t", NULL},
	{"a person's number as CDATA", CONF_JUDGE_IIN, "<![CDATA[900101300017]]>", NULL},
	{"a person's number in two parts of text", CONF_JUDGE_IIN, "9001<![CDATA[01300017]]>", NULL},
	{"a wrong check digit", CONF_JUDGE_IIN, "900101300018", "the check digit of 9001******** is wrong"},
	{"an organisation where a person belongs", CONF_JUDGE_IIN, "200440000015",
		"2004******** is not an IIN: its fifth digit is that of an organisation"},
	{"eleven digits", CONF_JUDGE_IIN, "90010130001", "it has 11 digits, and an IIN has 12"},
	{"thirteen digits", CONF_JUDGE_IIN, "9001013000170", "it has 13 digits"},
	{"nothing", CONF_JUDGE_IIN, "", "it has 0 digits"},
	{"a Cyrillic letter for a zero", CONF_JUDGE_IIN, "9О0101300017", "character 2 is no digit"},
	{"a space inside", CONF_JUDGE_IIN, "900101 300017", "character 7 is no digit"},
	{"an element inside", CONF_JUDGE_IIN, "<b>900101300017</b>", "it holds more than text"},
	{"a comment inside", CONF_JUDGE_IIN, "9001<!-- -->01300017", "it holds more than text"},
	{"an organisation's number", CONF_JUDGE_BIN, "200440000015", NULL},
	{"a person where an organisation belongs", CONF_JUDGE_BIN, "900101300017",
		"9001******** is not a BIN: its fifth digit is that of a person"},
	{"either: a person", CONF_JUDGE_IIN_BIN, "900101300017", NULL},
	{"either: an organisation", CONF_JUDGE_IIN_BIN, "200440000015", NULL},
	{"neither", CONF_JUDGE_IIN_BIN, "200470000014",
		"2004******** is not an IIN or BIN: its fifth digit is that of no number"},
	{"either with a wrong check digit", CONF_JUDGE_IIN_BIN, "200440000016", "the check digit of 2004******** is wrong"},
	{"the number of a document", CONF_JUDGE_NIKAD, "KZ03 ABC 0000 0001", NULL},
	{"Cyrillic look-alikes", CONF_JUDGE_NIKAD, "KZ03 АВС 0000 0001",
		"place 5 holds the Cyrillic letter А; the Latin letter A"},
	{"a letter that no type has", CONF_JUDGE_NIKAD, "KZ03 ABO 0000 0001", "O"},
	{"wrong check digits", CONF_JUDGE_NIKAD, "KZ04 ABC 0000 0001", "03"},
	{"a NIKAD of 14 places", CONF_JUDGE_NIKAD, "KZ03 ABC 0000 001", "14 places"},
	{"yes", CONF_JUDGE_YES, "true", NULL},
	{"yes as 1", CONF_JUDGE_YES, "1", NULL},
	{"no", CONF_JUDGE_YES, "false", "it has to say true"},
	{"YES", CONF_JUDGE_YES, "YES", "it has to say true"},
	{"yesterday is past", CONF_JUDGE_PAST_DAY, "2030-03-04", NULL},
	{"today is past", CONF_JUDGE_PAST_DAY, "2030-03-05", NULL},
	{"a later hour of today is past", CONF_JUDGE_PAST_DAY, "2030-03-05T23:59:59", NULL},
	{"tomorrow is not", CONF_JUDGE_PAST_DAY, "2030-03-06", "it lies in the future"},
	{"tomorrow in Almaty, today in London", CONF_JUDGE_PAST_DAY, "2030-03-05T23:00:00Z", "it lies in the future"},
	{"no day", CONF_JUDGE_PAST_DAY, "2030-02-30", "it is no date"},
	{"a day in another order", CONF_JUDGE_PAST_DAY, "05.03.2030", "it is no date"},
	{"tomorrow is to come", CONF_JUDGE_FUTURE_DAY, "2030-03-06", NULL},
	{"today is to come", CONF_JUDGE_FUTURE_DAY, "2030-03-05", NULL},
	{"yesterday is over", CONF_JUDGE_FUTURE_DAY, "2030-03-04", "it lies in the past"},
	{"consent of today", CONF_JUDGE_CONSENT, "<Given>true</Given><Date>2030-03-05</Date>", NULL},
	{"consent as elements of a namespace", CONF_JUDGE_CONSENT,
		"<n:Given xmlns:n='urn:n'>1</n:Given><n:Date xmlns:n='urn:n'>2029-01-01</n:Date>", NULL},
	{"consent of tomorrow", CONF_JUDGE_CONSENT, "<Given>true</Given><Date>2030-03-06</Date>",
		"Date in it: it lies in the future"},
	{"consent that was not given", CONF_JUDGE_CONSENT, "<Given>false</Given><Date>2030-03-05</Date>",
		"Given in it has to say true"},
	{"consent without the word", CONF_JUDGE_CONSENT, "<Date>2030-03-05</Date>", "it holds no Given"},
	{"consent without a date", CONF_JUDGE_CONSENT, "<Given>true</Given>", "it holds no Date"},
	{"consent said twice", CONF_JUDGE_CONSENT, "<Given>true</Given><Given>false</Given><Date>2030-03-05</Date>",
		"it holds Given twice"},
	{"consent given deeper", CONF_JUDGE_CONSENT, "<a><Given>true</Given></a><Date>2030-03-05</Date>", "it holds no Given"},
};

static void every_value_is_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct conf_field field = {.element = "X", .is = rows[i].is};
		const struct conf_service s = {.id = "S", .fields = {&field, 1}};
		enum reason reason = rows[i].is == CONF_JUDGE_CONSENT ? REASON_PAYLOAD_CONSENT : REASON_PAYLOAD_FIELD;
		char content[400];

		snprintf(content, sizeof content, "<p><X>%s</X></p>", rows[i].value);
		must(rows[i].name, &s, content, reason, rows[i].says);
	}
}

static const struct conf_field iin = {.element = "Iin", .is = CONF_JUDGE_IIN};
static const struct conf_service persons = {.id = "S", .fields = {&iin, 1}};

/* The second of three is wrong; text styles are escaped by the row. */
static void a_refusal_names_element_and_occurrence_in_every_style(void **state)
{
#define THREE(open, close)                                                                                              \
	open "p" close open "Iin" close "900101300017" open "/Iin" close open "a" close open "Iin" close "900101300018" open \
		"/Iin" close open "/a" close open "Iin" close "850202300024" open "/Iin" close open "/p" close
	static const char *const styles[] = {THREE("<", ">"), THREE("&lt;", "&gt;"), "<![CDATA[" THREE("<", ">") "]]>",
		"<n:p xmlns:n='urn:n'><n:Iin>900101300017</n:Iin><n:Iin>900101300018</n:Iin></n:p>",
		"<p/><Iin>900101300017</Iin><Iin>900101300018</Iin>",
		"PHA+PElpbj45MDAxMDEzMDAwMTc8L0lpbj48SWluPjkwMDEwMTMwMDAxODwvSWluPjwvcD4="};

	(void)state;
	for (size_t i = 0; i < COUNT(styles); i++)
		must(styles[i], &persons, styles[i], REASON_PAYLOAD_FIELD,
			"element Iin, occurrence 2: the check digit of 9001********");
}

static void no_number_of_a_person_is_told_whole(void **state)
{
	static const char *const wrong[] = {"900101300018", "9001013000", "90010130001А", "200440000016", "900141300017"};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		char content[100];

		snprintf(content, sizeof content, "<Iin>%s</Iin>", wrong[i]);
		SCOPED(judged_end) struct judged j = judge(&persons, content);
		assert_false(j.o.ok);
		for (size_t k = 0; wrong[i][k + 4]; k++) {
			char five[6];

			snprintf(five, sizeof five, "%.5s", wrong[i] + k);
			if (strstr(j.e.detail, five))
				fail_msg("%s tells %s", j.e.detail, five);
		}
	}
}

static void an_element_that_is_not_there_is_the_business_of_the_schema(void **state)
{
	(void)state;
	must("absent", &persons, "<p/>", REASON_NONE, NULL);
	must("another name", &persons, "<p><IIN>1</IIN></p>", REASON_NONE, NULL);
	must("no document", &persons, "", REASON_PAYLOAD_DOCUMENT, "no XML document");
	must("words", &persons, "hello, world", REASON_PAYLOAD_DOCUMENT, "neither a document nor base64");
	must("octets that are no document", &persons, "AAECAw==", REASON_PAYLOAD_DOCUMENT, "no XML document");
}

static void two_judges_of_one_element_both_hold(void **state)
{
	static const struct conf_field both[] = {{.element = "X", .is = CONF_JUDGE_PAST_DAY},
		{.element = "X", .is = CONF_JUDGE_FUTURE_DAY}};
	const struct conf_service s = {.id = "S", .fields = {both, 2}};

	(void)state;
	must("today", &s, "<X>2030-03-05</X>", REASON_NONE, NULL);
	must("yesterday", &s, "<X>2030-03-04</X>", REASON_PAYLOAD_FIELD, "past");
	must("tomorrow", &s, "<X>2030-03-06</X>", REASON_PAYLOAD_FIELD, "future");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_value_is_judged),
		cmocka_unit_test(a_refusal_names_element_and_occurrence_in_every_style),
		cmocka_unit_test(no_number_of_a_person_is_told_whole),
		cmocka_unit_test(an_element_that_is_not_there_is_the_business_of_the_schema),
		cmocka_unit_test(two_judges_of_one_element_both_hold),
	};

	envelope_init();
	return clock_zone("Asia/Almaty") ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
