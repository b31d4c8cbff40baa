/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A certificate that is not sent whole, or as text: by issuer and serial number in many spellings, by subject key
 * identifier, in base64. */
#include "pki.h"

#include "trust/trust_int.h"

#define SERIAL "1234567890123456789"
#define OID_CN "2.5.4.3"
/* DER of the strings, as hex. */
#define HEX_KZ "#13024B5A"
#define HEX_MAIL "#1603614062"

/* The names of the issuer; every row below either is this name or is not. */
#define ISSUER \
	"C=KZ|ST=Астана|O=ЖШС \"Қазақ, " \
	"әліпби\"|OU=a+b=c;d|serialNumber=IIN123|SN=Іңғұ|emailAddress=a@b|CN=Two  Words" \
	"|2.5.4.97=X\\1|1.2.398.9=Ö"
#define REST \
	"ST=Астана,O=ЖШС \\\"Қазақ\\, " \
	"әліпби\\\",OU=a\\+b\\=c\\;d,SERIALNUMBER=IIN123,SN=Іңғұ,OID.2.5.4.97=X\\\\1,1.2.398.9=Ö"

static const struct {
	const char *name, *issuer, *serial;
	bool found;
} rows[] = {
	{"in the order of RFC 2253", "C=KZ," REST ",E=a@b,CN=Two Words", SERIAL, true},
	{"in the other order", "CN=Two Words,E=a@b," REST ",C=KZ", SERIAL, true},
	{"spaces around everything", "  CN = Two   Words , E = a@b , " REST " , C = KZ ", SERIAL, true},
	{"semicolons as separators", "CN=Two Words;E=a@b;" REST ";C=KZ", SERIAL, true},
	{"a multi-valued part", "CN=Two Words+E=a@b," REST "+C=KZ", SERIAL, true},
	{"keywords in small letters", "cn=Two Words,e=a@b," REST ",c=KZ", SERIAL, true},
	{"EMAILADDRESS as Java writes it", "CN=Two Words,EMAILADDRESS=a@b," REST ",C=KZ", SERIAL, true},
	{"dotted types", OID_CN "=Two Words,1.2.840.113549.1.9.1=a@b," REST ",C=KZ", SERIAL, true},
	{"dotted types with OID. before",
		"OID." OID_CN "=Two Words,oid.1.2.840.113549.1.9.1=a@b," REST ",C=KZ", SERIAL, true},
	{"a value as DER in hex", "CN=Two Words,1.2.840.113549.1.9.1=" HEX_MAIL "," REST ",C=" HEX_KZ, SERIAL,
		true},
	{"quotes", "CN=\"Two Words\",E=\"a@b\"," REST ",C=\"KZ\"", SERIAL, true},
	{"quotes with escapes inside",
		"CN=Two Words,E=a@b,C=KZ,S=Астана,O=\"ЖШС \\\"Қазақ, әліпби\\\"\",OU=\"a+b=c;d\","
		"SERIALNUMBER=IIN123,SURNAME=Іңғұ,2.5.4.97=\"X\\\\1\",1.2.398.9=Ö",
		SERIAL, true},
	{"octets of letters as hex pairs",
		"CN=\\54wo Words,E=a@b,C=KZ,ST=\\D0\\90стана,O=ЖШС \\22Қазақ\\2C әліпби\\22,"
		"OU=a\\2Bb\\3Dc\\3Bd,SERIALNUMBER=IIN123,SN=Іңғұ,2.5.4.97=X\\5C1,1.2.398.9=\\C3\\96",
		SERIAL, true},
	{"an escaped space at an end", "CN=Two Words\\ ,E=a@b," REST ",C=KZ", SERIAL, true},
	{"a line end between two words", "CN=Two\n Words,E=a@b,\r\n" REST ",C=KZ", SERIAL, true},
	{"the country in small letters", "CN=two words,E=A@B," REST ",C=kz", SERIAL, true},
	{"white space and zeros around the serial number", "C=KZ," REST ",E=a@b,CN=Two Words",
		" \n00" SERIAL "\t", true},

	{"another serial number", "C=KZ," REST ",E=a@b,CN=Two Words", SERIAL "0", false},
	{"the serial number in hex", "C=KZ," REST ",E=a@b,CN=Two Words", "112210F47DE98115", false},
	{"no serial number", "C=KZ," REST ",E=a@b,CN=Two Words", "", false},
	{"an attribute too few", "C=KZ," REST ",CN=Two Words", SERIAL, false},
	{"an attribute twice", "C=KZ,C=KZ," REST ",E=a@b,CN=Two Words", SERIAL, false},
	{"an attribute too many", "C=KZ," REST ",E=a@b,CN=Two Words,L=x", SERIAL, false},
	{"another value", "C=KZ," REST ",E=a@b,CN=Two Word", SERIAL, false},
	{"the value under another type", "C=KZ," REST ",E=a@b,OU=Two Words", SERIAL, false},
	{"words run together", "C=KZ," REST ",E=a@b,CN=TwoWords", SERIAL, false},
	{"a look-alike letter", "C=KZ," REST ",E=a@b,CN=Тwo Words", SERIAL, false},
	{"nothing", "", SERIAL, false},
	{"a comma at the end", "C=KZ," REST ",E=a@b,CN=Two Words,", SERIAL, false},
	{"an unknown keyword", "C=KZ," REST ",MAIL=a@b,CN=Two Words", SERIAL, false},
	{"an empty type", "C=KZ," REST ",=a@b,CN=Two Words", SERIAL, false},
	{"a quote that does not end", "C=KZ," REST ",E=a@b,CN=\"Two Words", SERIAL, false},
	{"text behind a quote", "C=KZ," REST ",E=a@b,CN=\"Two\" Words", SERIAL, false},
	{"a backslash at the end", "C=KZ," REST ",E=a@b,CN=Two Words\\", SERIAL, false},
	{"an escape of a usual letter", "C=KZ," REST ",E=a@b,CN=T\\wo Words", SERIAL, false},
	{"half a hex pair", "C=KZ," REST ",E=a@b,CN=\\5", SERIAL, false},
	{"hex pairs that are no UTF-8", "C=KZ," REST ",E=a@b,CN=Two Words\\FF", SERIAL, false},
	{"a NUL as hex pair", "C=KZ," REST ",E=a@b,CN=Two Words\\00", SERIAL, false},
	{"two attributes hidden in one value by a NUL",
		"1.2.398.9=\\C3\\96\\001.2.840.113549.1.9.1=a@b,C=KZ,ST=Астана,O=ЖШС \\\"Қазақ\\, әліпби\\\","
		"OU=a\\+b\\=c\\;d,SERIALNUMBER=IIN123,SN=Іңғұ,2.5.4.97=X\\\\1,CN=Two Words",
		SERIAL, false},
	{"DER with an octet behind it", "C=" HEX_KZ "00," REST ",E=a@b,CN=Two Words", SERIAL, false},
	{"DER that is cut", "C=#13024B," REST ",E=a@b,CN=Two Words", SERIAL, false},
	{"DER of a boolean", "C=#0101FF," REST ",E=a@b,CN=Two Words", SERIAL, false},
	{"an odd number of hex digits", "C=#13024B5," REST ",E=a@b,CN=Two Words", SERIAL, false},
	{"no digits after the hash", "C=#," REST ",E=a@b,CN=Two Words", SERIAL, false},
	{"the form of openssl -subject", "/C=KZ/CN=Two Words", SERIAL, false},
};

static void issuer_and_serial_number_in_many_spellings(void **state)
{
	SCOPED(trust_free) struct trust *t = trust_new();
	const char *path = pki_path("mine:referred.crt");
	struct conf_participant p = {.name = "p", .certificates = {&path, 1}};
	struct err e;

	(void)state;
	odd_make(&(struct odd){.file = "mine:referred.crt", .issuer = ISSUER, .serial = 1234567890123456789});
	assert_reason("pinned", trust_add_participant(t, &p, &e), &e, REASON_NONE);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct trust_cert *c = NULL;

		assert_reason(rows[i].name, trust_find_issuer_serial(t, bytes_str(rows[i].issuer),
			bytes_str(rows[i].serial), pki_now, &c, &e), &e,
			rows[i].found ? REASON_NONE : REASON_SEC_TOKEN_UNKNOWN);
		if (rows[i].found)
			assert_ptr_equal(c->participant, &p);
	}
}

static void more_attributes_than_any_name_has_are_refused(void **state)
{
	SCOPED(trust_free) struct trust *t = trust_new();
	SCOPED(buf_free) struct buf name = BUF(1 << 20);
	const struct trust_cert *c;
	struct err e;

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_str(&name, "CN=a,");
	buf_str(&name, "CN=a");
	assert_reason("many", trust_find_issuer_serial(t, buf_bytes(&name), BYTES_LIT("1"), pki_now, &c, &e),
		&e, REASON_SEC_TOKEN_UNKNOWN);
	buf_clear(&name);
	buf_str(&name, "CN=");
	for (int i = 0; i < 100000; i++)
		buf_char(&name, 'a');
	assert_reason("long", trust_find_issuer_serial(t, buf_bytes(&name), BYTES_LIT("1"), pki_now, &c, &e),
		&e, REASON_SEC_TOKEN_UNKNOWN);
}

static void our_own_text_of_a_name_leads_back_to_the_certificate(void **state)
{
	static const char *const files[] = {"department.crt", "person.crt", "mine:referred.crt"};

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		SCOPED(trust_free) struct trust *t = trust_new();
		const char *path = pki_path(files[i]);
		struct conf_participant p = {.name = "p", .certificates = {&path, 1}};
		const struct trust_cert *c, *again;
		struct err e;

		assert_true(trust_add_participant(t, &p, &e).ok);
		assert_true(trust_find_der(t, pki_der(files[i]), pki_now, &c, &e).ok);
		assert_reason(files[i],
			trust_find_issuer_serial(
				t, bytes_str(c->issuer), bytes_str(c->serial), pki_now, &again, &e),
			&e, REASON_NONE);
		assert_ptr_equal(c, again);
	}
}

static struct bytes ski_of(const char *file)
{
	X509 *x = pki_certificate(pki_path(file));
	const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(x);
	size_t n = (size_t)ASN1_STRING_length(ski);
	struct bytes copy = {
		(unsigned char *)pool_copy(pki_pool, (struct bytes){ASN1_STRING_get0_data(ski), n}), n};

	X509_free(x);
	return copy;
}

static void only_what_is_pinned_or_was_met_can_be_referred_to(void **state)
{
	SCOPED(trust_free) struct trust *t = trust_new();
	const char *path = PKI "permits.crt";
	struct conf_participant pinned = {.name = "pinned", .certificates = {&path, 1}};
	struct conf_participant issued = {
		.name = "issued", .issuer = PKI "issuing.crt", .bin = DEPARTMENT_BIN};
	struct bytes ski = ski_of("department.crt");
	const struct trust_cert *c;
	struct err e;

	(void)state;
	assert_true(trust_add_participant(t, &pinned, &e).ok && trust_add_participant(t, &issued, &e).ok);
	assert_reason("pinned", trust_find_ski(t, ski_of("permits.crt"), pki_now, &c, &e), &e, REASON_NONE);
	assert_ptr_equal(c->participant, &pinned);
	assert_reason("not yet met", trust_find_ski(t, ski, pki_now, &c, &e), &e, REASON_SEC_TOKEN_UNKNOWN);
	assert_true(trust_find_der(t, pki_der("department.crt"), pki_now, &c, &e).ok);
	assert_reason("met", trust_find_ski(t, ski, pki_now, &c, &e), &e, REASON_NONE);
	assert_ptr_equal(c->participant, &issued);
	assert_reason("met, by issuer and serial number", trust_find_issuer_serial(t, bytes_str(c->issuer),
		bytes_str(c->serial), pki_now, &c, &e), &e, REASON_NONE);
	assert_reason("met, at a time when it is over",
		trust_find_ski(t, ski, c->not_after_ms + 1000, &c, &e), &e, REASON_CERT_EXPIRED);
	assert_reason("empty", trust_find_ski(t, BYTES_NONE, pki_now, &c, &e), &e, REASON_SEC_TOKEN_UNKNOWN);
	assert_reason("cut", trust_find_ski(t, bytes_sub(ski, 0, ski.n - 1), pki_now, &c, &e), &e,
		REASON_SEC_TOKEN_UNKNOWN);
}

/* All three carry one key, so that their subject key identifiers are the same. */
static void a_renewed_certificate_with_the_same_key_is_found_in_its_time(void **state)
{
	SCOPED(trust_free) struct trust *t = trust_new();
	const char *paths[] = {
		pki_path("mine:after.crt"), pki_path("mine:before.crt"), pki_path("mine:stranger.crt")};
	struct conf_participant p = {.name = "p", .certificates = {paths, 2}};
	struct conf_participant stranger = {.name = "stranger", .certificates = {paths + 2, 1}};
	struct bytes ski;
	const struct trust_cert *c;
	struct err e = {.reason = REASON_NONE};

	(void)state;
	odd_make(&(struct odd){.file = "mine:before.crt", .until_ms = pki_now, .serial = 1});
	odd_make(&(struct odd){.file = "mine:after.crt", .until_ms = pki_now + 9 * DAY_MS, .serial = 2});
	odd_make(&(struct odd){.file = "mine:stranger.crt", .until_ms = pki_now + 5 * DAY_MS, .serial = 3});
	ski = ski_of("mine:before.crt");
	assert_true(trust_add_participant(t, &p, &e).ok);
	assert_true(trust_find_ski(t, ski, pki_now - 5000, &c, &e).ok);
	assert_string_equal(c->serial, "2");
	assert_true(trust_find_ski(t, ski, pki_now + DAY_MS, &c, &e).ok);
	assert_string_equal(c->serial, "2");
	assert_int_equal(e.reason, REASON_NONE); /* of the one that had ended no word is left */
	assert_true(trust_add_participant(t, &stranger, &e).ok);
	assert_reason(
		"two owners", trust_find_ski(t, ski, pki_now + DAY_MS, &c, &e), &e, REASON_SEC_TOKEN_UNKNOWN);
	assert_reason("only one of them is valid", trust_find_ski(t, ski, pki_now + 7 * DAY_MS, &c, &e), &e,
		REASON_NONE);
	assert_ptr_equal(c->participant, &p);
}

/* In lines of 64, as PEM has it. */
static struct bytes base64_of(struct bytes der, bool lines)
{
	SCOPED(buf_free) struct buf text = BUF(10000), wrapped = BUF(10000);
	struct bytes out;

	buf_base64(&text, der);
	for (size_t i = 0; i < text.len; i += 64) {
		buf_add(&wrapped, bytes_sub(buf_bytes(&text), i, i + 64 < text.len ? i + 64 : text.len));
		if (lines)
			buf_char(&wrapped, '\n');
	}
	out.p = (unsigned char *)pool_copy(pki_pool, buf_bytes(&wrapped));
	out.n = wrapped.len;
	return out;
}

static void a_text_leads_where_its_octets_lead(void **state)
{
	static const char *const files[] = {"permits.crt", "department.crt", "department-ec.crt", "person.crt", "expired.crt"};
	SCOPED(trust_free) struct trust *t = trust_new(), *plain = trust_new();
	const char *paths[] = {PKI "permits.crt", PKI "expired.crt"};
	struct conf_participant pinned = {.name = "pinned", .certificates = {paths, 2}};
	struct conf_participant issued = {.name = "issued", .issuer = PKI "issuing.crt", .bin = DEPARTMENT_BIN};
	struct err e;

	(void)state;
	assert_true(trust_add_participant(t, &pinned, &e).ok && trust_add_participant(t, &issued, &e).ok);
	assert_true(trust_add_participant(plain, &pinned, &e).ok && trust_add_participant(plain, &issued, &e).ok);
	for (size_t i = 0; i < 3 * COUNT(files); i++) { /* in lines, whole, and met before */
		const char *file = files[i % COUNT(files)];
		const struct trust_cert *by_octets = NULL, *by_text = NULL;
		outcome wanted = trust_find_der(plain, pki_der(file), pki_now, &by_octets, &e);
		enum reason reason = wanted.ok ? REASON_NONE : e.reason;

		assert_reason(file, trust_find_base64(t, base64_of(pki_der(file), i < COUNT(files)), pki_now, &by_text, &e), &e,
			reason);
		if (wanted.ok)
			assert_memory_equal(by_text->sha256, by_octets->sha256, sizeof by_text->sha256);
	}
}

static void a_text_is_known_once_it_was_met(void **state)
{
	SCOPED(trust_free) struct trust *t = trust_new();
	struct conf_participant issued = {.name = "issued", .issuer = PKI "issuing.crt", .bin = DEPARTMENT_BIN};
	struct bytes text = base64_of(pki_der("department.crt"), false);
	char *other = pool_copy(pki_pool, text);
	const struct trust_cert *c;
	struct err e;

	(void)state;
	assert_true(trust_add_participant(t, &issued, &e).ok);
	assert_null(trust_table_base64(&t->table, text));
	assert_reason("met", trust_find_base64(t, text, pki_now, &c, &e), &e, REASON_NONE);
	assert_ptr_equal(&trust_table_base64(&t->table, text)->cert, c);
	assert_reason("at a time when it is over", trust_find_base64(t, text, c->not_after_ms + 1000, &c, &e), &e,
		REASON_CERT_EXPIRED);
	for (size_t n = 0; n < text.n; n += 97)
		assert_null(trust_table_base64(&t->table, bytes_sub(text, 0, n)));
	for (size_t at = 0; at < text.n; at += 97) {
		other[at] ^= 1;
		assert_null(trust_table_base64(&t->table, bytes_str(other)));
		assert_false(trust_find_base64(t, bytes_str(other), pki_now, &c, &e).ok);
		other[at] ^= 1;
	}
	assert_reason("empty", trust_find_base64(t, BYTES_NONE, pki_now, &c, &e), &e, REASON_SEC_TOKEN_BROKEN);
}

/* A certificate begins with 30 82 and two octets of length; 30 83 00 and the same two mean the same. */
static void another_encoding_is_not_found_by_the_text_of_the_usual(void **state)
{
	SCOPED(trust_free) struct trust *t = trust_new();
	SCOPED(buf_free) struct buf odd = BUF(10000);
	struct conf_participant issued = {.name = "issued", .issuer = PKI "issuing.crt", .bin = DEPARTMENT_BIN};
	struct bytes der = pki_der("department.crt");
	const struct trust_cert *c;
	unsigned char digest[32];
	struct err e;

	(void)state;
	assert_true(trust_add_participant(t, &issued, &e).ok);
	buf_add(&odd, BYTES_LIT("\x30\x83\0"));
	buf_add(&odd, bytes_sub(der, 2, der.n));
	assert_reason("odd", trust_find_der(t, buf_bytes(&odd), pki_now, &c, &e), &e, REASON_NONE);
	assert_reason("usual", trust_find_base64(t, base64_of(der, false), pki_now, &c, &e), &e, REASON_NONE);
	sha256(der, digest);
	assert_memory_equal(c->sha256, digest, 32);
	assert_reason("nothing", trust_find_base64(t, BYTES_NONE, pki_now, &c, &e), &e, REASON_SEC_TOKEN_BROKEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(issuer_and_serial_number_in_many_spellings),
		cmocka_unit_test(more_attributes_than_any_name_has_are_refused),
		cmocka_unit_test(our_own_text_of_a_name_leads_back_to_the_certificate),
		cmocka_unit_test(a_text_leads_where_its_octets_lead),
		cmocka_unit_test(a_text_is_known_once_it_was_met),
		cmocka_unit_test(another_encoding_is_not_found_by_the_text_of_the_usual),
		cmocka_unit_test(only_what_is_pinned_or_was_met_can_be_referred_to),
		cmocka_unit_test(a_renewed_certificate_with_the_same_key_is_found_in_its_time),
	};

	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
