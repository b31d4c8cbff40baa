/* SPDX-License-Identifier: GPL-3.0-or-later */
/* B3: CMS signatures inside data, made by OpenSSL's library and, as a second opinion, by its command: what they must cover,
 * by whom, and everything that may be wrong with one. */
#include <openssl/cms.h>

#include "carried.h"

#define FILE_TEXT "an order of 100"
#define CONTENT BYTES_LIT(FILE_TEXT)

/* CMS_STREAM is not used otherwise here. */
#define ATTACHED CMS_STREAM

/* How a CMS is made; what is 0 is as usual: detached, one signer, sha256, certificates enclosed. */
struct made {
	enum person who[3];
	size_t n;
	unsigned flags;
	const EVP_MD *(*md)(void);
	bool pss;
	void (*twist)(CMS_ContentInfo *cms, const struct made *m);
};

static CMS_SignerInfo *signer_of(CMS_ContentInfo *cms, int i)
{
	return sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), i);
}

static struct bytes der_of(const CMS_ContentInfo *cms)
{
	unsigned char *der = NULL, *copy;
	int n = i2d_CMS_ContentInfo(cms, &der);

	assert_true(n > 0);
	copy = (unsigned char *)pool_copy(persons.pool, (struct bytes){der, (size_t)n});
	OPENSSL_free(der);
	return (struct bytes){copy, (size_t)n};
}

static void add_signer(CMS_ContentInfo *cms, const struct made *m, enum person who)
{
	const EVP_MD *md = m->md ? m->md() : EVP_sha256();
	unsigned flags = m->flags | CMS_BINARY | CMS_PARTIAL | (m->pss ? CMS_KEY_PARAM : 0);
	CMS_SignerInfo *si = CMS_add1_signer(cms, persons.cert[who], persons.key[who], md, flags);

	assert_non_null(si);
	if (m->pss)
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(CMS_SignerInfo_get0_pkey_ctx(si), RSA_PKCS1_PSS_PADDING), 1);
}

/* The DER of a CMS over the octets. */
static struct bytes make(struct bytes octets, const struct made *m)
{
	unsigned flags = m->flags | CMS_BINARY | ((m->flags & ATTACHED) ? 0 : CMS_DETACHED);
	BIO *in = BIO_new_mem_buf(octets.p, (int)octets.n);
	CMS_ContentInfo *cms;
	struct bytes der;

	flags = (flags & ~(unsigned)ATTACHED) | CMS_PARTIAL;
	cms = CMS_sign(NULL, NULL, NULL, in, flags);
	assert_non_null(cms);
	for (size_t i = 0; i < (m->n ? m->n : 1); i++)
		add_signer(cms, m, m->who[i]);
	assert_int_equal(CMS_final(cms, in, NULL, flags), 1);
	if (m->twist)
		m->twist(cms, m);
	der = der_of(cms);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	ERR_clear_error();
	return der;
}

/* --- signing once more after attributes were changed by hand --- */

static int by_octets(const void *a, const void *b)
{
	const struct bytes *x = a, *y = b;
	int d = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);

	return d ? d : (x->n > y->n) - (x->n < y->n);
}

static void sign_again(CMS_SignerInfo *si, enum person who)
{
	struct bytes item[16];
	int n = CMS_signed_get_attr_count(si);
	SCOPED(buf_free) struct buf all = BUF(65536), set = BUF(65536);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char value[1024], *head;
	size_t size = sizeof value;

	for (int i = 0; i < n; i++) {
		unsigned char *der = NULL;
		int k = i2d_X509_ATTRIBUTE(CMS_signed_get_attr(si, i), &der);

		item[i] = (struct bytes){
			(unsigned char *)pool_copy(persons.pool, (struct bytes){der, (size_t)k}), (size_t)k};
		OPENSSL_free(der);
	}
	qsort(item, (size_t)n, sizeof *item, by_octets);
	for (int i = 0; i < n; i++)
		buf_add(&all, item[i]);
	head = buf_reserve(&set, 16);
	buf_grown(&set, (size_t)(ASN1_put_object(&head, 1, (int)all.len, V_ASN1_SET, V_ASN1_UNIVERSAL),
		head - set.data));
	buf_add(&set, buf_bytes(&all));
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, persons.key[who]), 1);
	assert_int_equal(EVP_DigestSign(ctx, value, &size, set.data, set.len), 1);
	assert_int_equal(ASN1_STRING_set(CMS_SignerInfo_get0_signature(si), value, (int)size), 1);
	EVP_MD_CTX_free(ctx);
}

static void drop(CMS_ContentInfo *cms, const struct made *m, int nid)
{
	CMS_SignerInfo *si = signer_of(cms, 0);

	X509_ATTRIBUTE_free(CMS_signed_delete_attr(si, CMS_signed_get_attr_by_NID(si, nid, -1)));
	if (CMS_signed_get_attr_count(si) > 0)
		sign_again(si, m->who[0]);
}

static void without_type(CMS_ContentInfo *cms, const struct made *m)
{
	drop(cms, m, NID_pkcs9_contentType);
}

static void without_digest(CMS_ContentInfo *cms, const struct made *m)
{
	drop(cms, m, NID_pkcs9_messageDigest);
}

static void without_time(CMS_ContentInfo *cms, const struct made *m)
{
	drop(cms, m, NID_pkcs9_signingTime);
}

static void of_another_type(CMS_ContentInfo *cms, const struct made *m)
{
	CMS_SignerInfo *si = signer_of(cms, 0);

	drop(cms, m, NID_pkcs9_contentType);
	CMS_signed_add1_attr_by_NID(si, NID_pkcs9_contentType, V_ASN1_OBJECT, OBJ_nid2obj(NID_id_smime_ct_TSTInfo), -1);
	sign_again(si, m->who[0]);
}

/* Outside of what is signed. */
static void that_says_another_type(CMS_ContentInfo *cms, const struct made *m)
{
	(void)m;
	assert_int_equal(CMS_set1_eContentType(cms, OBJ_nid2obj(NID_id_smime_ct_TSTInfo)), 1);
}

static void with_two_digests(CMS_ContentInfo *cms, const struct made *m)
{
	static const unsigned char other[32];
	CMS_SignerInfo *si = signer_of(cms, 0);

	CMS_signed_add1_attr_by_NID(si, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING, other, sizeof other);
	sign_again(si, m->who[0]);
}

static void with_another_digest(CMS_ContentInfo *cms, const struct made *m)
{
	CMS_SignerInfo *si = signer_of(cms, 0);
	unsigned char other[32];

	sha256(BYTES_LIT("an order of 900"), other);
	X509_ATTRIBUTE_free(CMS_signed_delete_attr(si, CMS_signed_get_attr_by_NID(si, NID_pkcs9_messageDigest, -1)));
	CMS_signed_add1_attr_by_NID(si, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING, other, sizeof other);
	sign_again(si, m->who[0]);
}

static void signed_again_by_another(CMS_ContentInfo *cms, const struct made *m)
{
	(void)m;
	sign_again(signer_of(cms, 0), EMPLOYEE);
}

static void second_value_wrong(CMS_ContentInfo *cms, const struct made *m)
{
	(void)m;
	sign_again(signer_of(cms, 1), EMPLOYEE);
}

static void with_a_twin_certificate(CMS_ContentInfo *cms, const struct made *m)
{
	X509 *copy = X509_dup(persons.cert[m->who[0]]);

	/* Issuer and serial number of the signer, another key. */
	X509_set_pubkey(copy, persons.key[EMPLOYEE]);
	X509_sign(copy, persons.key[EMPLOYEE], EVP_sha256());
	assert_int_equal(CMS_add0_cert(cms, copy), 1);
}

static void with_a_token(CMS_ContentInfo *cms, const struct made *m)
{
	static const unsigned char sequence[] = {0x30, 0x03, 0x02, 0x01, 0x07};
	CMS_SignerInfo *si = signer_of(cms, 0);

	(void)m;
	assert_int_equal(CMS_unsigned_add1_attr_by_NID(si, NID_id_smime_aa_timeStampToken, V_ASN1_SEQUENCE, sequence,
		sizeof sequence), 1);
}

static void with_two_tokens(CMS_ContentInfo *cms, const struct made *m)
{
	with_a_token(cms, m);
	with_a_token(cms, m);
}

/* --- rows --- */

static const struct conf_inner file = {
	.forms = CONF_INNER_CMS, .rules = one_director, .rule_count = 1, .covers = "file", .cms = "sign"};
static const struct conf_rule *const two[] = {&rule_director, &rule_accountant};
static const struct conf_inner file_two = {
	.forms = CONF_INNER_CMS, .rules = two, .rule_count = 2, .covers = "file", .cms = "sign"};
static const struct conf_inner whole = {.forms = CONF_INNER_CMS, .rules = one_director, .rule_count = 1};
static const struct conf_inner held = {
	.forms = CONF_INNER_CMS, .rules = one_director, .rule_count = 1, .cms = "sign"};

static const struct cms_row {
	const char *name;
	struct made made;
	enum reason reason;
	const struct conf_inner *demand; /* file */
} rows[] = {
	{"detached", {.n = 1}, REASON_NONE, NULL},
	{"attached", {.flags = ATTACHED}, REASON_NONE, NULL},
	{"sha384", {.md = EVP_sha384}, REASON_NONE, NULL},
	{"sha384 with a key of that size", {.who = {FOREIGN}, .md = EVP_sha384}, REASON_CERT_ROLE, NULL},
	{"named by key identifier", {.flags = CMS_USE_KEYID}, REASON_NONE, NULL},
	{"two signers", {.who = {DIRECTOR, ACCOUNTANT}, .n = 2}, REASON_NONE, &file_two},
	{"two signers, attached", {.who = {ACCOUNTANT, DIRECTOR}, .n = 2, .flags = ATTACHED}, REASON_NONE, &file_two},
	{"no signing time", {.twist = without_time}, REASON_NONE, NULL},
	{"a time-stamp inside", {.twist = with_a_token}, REASON_NONE, NULL},
	{"two time-stamps inside", {.twist = with_two_tokens}, REASON_INNER_WRONG, NULL},
	{"one for two", {.n = 1}, REASON_INNER_ABSENT, &file_two},
	{"two, the second of the wrong role", {.who = {DIRECTOR, EMPLOYEE}, .n = 2}, REASON_CERT_ROLE, &file_two},
	{"two, the second not needed", {.who = {DIRECTOR, EMPLOYEE}, .n = 2}, REASON_NONE, NULL},
	{"two, the second not needed and a stranger", {.who = {DIRECTOR, STRANGER}, .n = 2}, REASON_CERT_UNKNOWN, NULL},
	{"two, the second wrong", {.who = {DIRECTOR, ACCOUNTANT}, .n = 2, .twist = second_value_wrong}, REASON_INNER_WRONG,
		&file_two},
	{"no signed attributes", {.flags = CMS_NOATTR}, REASON_INNER_WRONG, NULL},
	{"no signed attributes, attached", {.flags = CMS_NOATTR | ATTACHED}, REASON_INNER_WRONG, NULL},
	{"no contentType", {.twist = without_type}, REASON_INNER_WRONG, NULL},
	{"no messageDigest", {.twist = without_digest}, REASON_INNER_WRONG, NULL},
	{"another contentType", {.twist = of_another_type}, REASON_INNER_WRONG, NULL},
	{"another type of the content", {.twist = that_says_another_type}, REASON_INNER_WRONG, NULL},
	{"another type of the content, attached", {.twist = that_says_another_type, .flags = ATTACHED}, REASON_INNER_WRONG,
		NULL},
	{"two messageDigests", {.twist = with_two_digests}, REASON_INNER_WRONG, NULL},
	{"the messageDigest of other octets", {.twist = with_another_digest}, REASON_INNER_WRONG, NULL},
	{"the messageDigest of other octets, attached", {.twist = with_another_digest, .flags = ATTACHED}, REASON_INNER_WRONG,
		NULL},
	{"a value of another key", {.twist = signed_again_by_another}, REASON_INNER_WRONG, NULL},
	{"two certificates of one name", {.twist = with_a_twin_certificate}, REASON_INNER_WRONG, NULL},
	{"sha1", {.md = EVP_sha1}, REASON_INNER_WRONG, NULL},
	{"md5", {.who = {PERSON}, .md = EVP_md5}, REASON_INNER_WRONG, NULL},
	{"sha224", {.md = EVP_sha224}, REASON_INNER_WRONG, NULL},
	{"RSA-PSS", {.who = {PERSON}, .pss = true}, REASON_INNER_WRONG, NULL},
	{"a person instead of an employee", {.who = {PERSON}}, REASON_CERT_ROLE, NULL},
	{"another role", {.who = {EMPLOYEE}}, REASON_CERT_ROLE, NULL},
	{"another organisation", {.who = {FOREIGN}}, REASON_CERT_ROLE, NULL},
	{"a self-made certificate", {.who = {STRANGER}}, REASON_CERT_UNKNOWN, NULL},
	{"an authority of the same name", {.who = {FORGED}}, REASON_CERT_UNKNOWN, NULL},
	{"an expired certificate", {.who = {EXPIRED}}, REASON_CERT_EXPIRED, NULL},
	{"no certificate, and it is not known", {.flags = CMS_NOCERTS}, REASON_CERT_UNKNOWN, NULL},
};

/* The three ways of carrying the covered octets that a signer of octets takes for them. */
static const char *carried(size_t way, struct bytes octets, const char *cms)
{
	const char *text = way == 0 ? FILE_TEXT : base64_of(octets);
	const char *req = pool_printf(persons.pool,
		"<p:Req xmlns:p=\"urn:p\"><p:file>%s</p:file><p:sign>\n%s\n</p:sign></p:Req>", text, cms);

	return way == 2 ? as_text(req) : as_element(req);
}

static void each_row_is_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct conf_inner *demand = rows[i].demand ? rows[i].demand : &file;
		const char *cms;

		print_message("%s\n", rows[i].name);
		cms = base64_of(make(CONTENT, &rows[i].made));
		for (size_t way = 0; way < 3; way++) {
			struct answer a = ask(carried(way, CONTENT, cms), demand);

			must_be(rows[i].name, &a, rows[i].reason);
		}
	}
}

static void the_result_tells_what_was_signed(void **state)
{
	struct answer a = ask(carried(1, CONTENT, base64_of(make(CONTENT, &(struct made){.twist = with_a_token}))), &file);
	const struct inner_signer *s = a.signers.signer;

	(void)state;
	must_be("with a token", &a, REASON_NONE);
	assert_int_equal(s->kind, INNER_CMS);
	assert_int_equal(s->signature, SIGNATURE_ECDSA_SHA256);
	assert_int_equal(s->stamp.n, 5);
	assert_true(s->value.n > 60 && !s->stamped);
	assert_string_equal(s->rule, "director");
	assert_true(llabs(s->signed_ms - stamp_now().ms) < 600000);
}

/* --- what it covers --- */

static const struct {
	const char *name, *data; /* {C} the CMS, {B} base64 of the content */
	bool attached;
	const struct conf_inner *demand;
	enum reason reason;
} coverages[] = {
	{"the file", "<q><file>{B}</file><sign>{C}</sign></q>", false, &file, REASON_NONE},
	{"the file behind the CMS", "<q><sign>{C}</sign><file>{B}</file></q>", false, &file, REASON_NONE},
	{"elsewhere in the document", "<q><a><file>{B}</file></a><b><sign>{C}</sign></b></q>", false, &file, REASON_NONE},
	{"typed data", "<file>{B}</file><sign>{C}</sign>", false, &file, REASON_NONE},
	{"another file", "<q><file>AAAA</file><sign>{C}</sign></q>", false, &file, REASON_INNER_WRONG},
	{"another file, attached", "<q><file>AAAA</file><sign>{C}</sign></q>", true, &file, REASON_INNER_COVERAGE},
	{"an empty file", "<q><file/><sign>{C}</sign></q>", false, &file, REASON_INNER_WRONG},
	{"an empty file, attached", "<q><file/><sign>{C}</sign></q>", true, &file, REASON_INNER_COVERAGE},
	{"no file", "<q><other>{B}</other><sign>{C}</sign></q>", false, &file, REASON_INNER_COVERAGE},
	{"no file, attached", "<q><sign>{C}</sign></q>", true, &file, REASON_INNER_COVERAGE},
	{"two files", "<q><file>AAAA</file><file>{B}</file><sign>{C}</sign></q>", false, &file, REASON_INNER_COVERAGE},
	{"two files, one in another namespace", "<q><f:file xmlns:f=\"urn:f\">AAAA</f:file><file>{B}</file><sign>{C}</sign></q>",
		false, &file, REASON_INNER_COVERAGE},
	{"the file in an element of that name", "<q><file><file>{B}</file></file><sign>{C}</sign></q>", false, &file,
		REASON_INNER_COVERAGE},
	{"the file split by a comment", "<q><file>{B}<!-- --></file><sign>{C}</sign></q>", false, &file, REASON_INNER_WRONG},
	{"the CMS split by a comment", "<q><file>{B}</file><sign><!-- -->{C}</sign></q>", false, &file, REASON_INNER_WRONG},
	{"the CMS in an element inside", "<q><file>{B}</file><sign><x>{C}</x></sign></q>", false, &file, REASON_INNER_WRONG},
	{"no CMS", "<q><file>{B}</file></q>", false, &file, REASON_INNER_ABSENT},
	{"an empty CMS", "<q><file>{B}</file><sign/></q>", false, &file, REASON_INNER_WRONG},
	{"no base64", "<q><file>{B}</file><sign>*</sign></q>", false, &file, REASON_INNER_WRONG},
	{"something else in base64", "<q><file>{B}</file><sign>AAAA</sign></q>", false, &file, REASON_INNER_WRONG},
	{"the CMS twice", "<q><file>{B}</file><sign>{C}</sign><sign>{C}</sign></q>", false, &file, REASON_NONE},
	{"a wrong one beside", "<q><file>{B}</file><sign>{C}</sign><sign>AAAA</sign></q>", false, &file, REASON_INNER_WRONG},
	{"a ds:Signature beside, where none is taken",
		"<q><file>{B}</file><sign>{C}</sign><s:Signature xmlns:s=\"" NS_DSIG "\"/></q>", false, &file, REASON_INNER_WRONG},
	{"inside of what it covers", "<q><file>{B}<sign>{C}</sign></file></q>", false, &file, REASON_INNER_COVERAGE},
	/* where no part is named */
	{"the CMS is the document", "<q><sign>{C}</sign></q>", true, &held, REASON_NONE},
	{"the CMS is the document, without a root", "<sign>{C}</sign>", true, &held, REASON_NONE},
	{"the CMS is the document, yet detached", "<q><sign>{C}</sign></q>", false, &held, REASON_INNER_COVERAGE},
	{"an element beside the document", "<q><sum>900</sum><sign>{C}</sign></q>", true, &held, REASON_INNER_COVERAGE},
	{"text beside the document", "<q>900<sign>{C}</sign></q>", true, &held, REASON_INNER_COVERAGE},
	{"data is the CMS", "{C}", true, &whole, REASON_NONE},
	{"data is the CMS, yet detached", "{C}", false, &whole, REASON_INNER_COVERAGE},
	{"data is the CMS, where an element has to hold it", "{C}", true, &held, REASON_INNER_WRONG},
	{"an element, where data has to be the CMS", "<q>{C}</q>", true, &whole, REASON_INNER_ABSENT},
	{"data is split by a comment", "{C}<!-- -->", true, &whole, REASON_PAYLOAD_DOCUMENT},
};

static const char *filled(const char *text, const char *mark, const char *with)
{
	while (strstr(text, mark))
		text = replaced(text, mark, with);
	return text;
}

static void it_covers_what_is_demanded_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(coverages); i++) {
		const char *cms = base64_of(make(CONTENT, &(struct made){.flags = coverages[i].attached ? ATTACHED : 0}));
		const char *text = filled(filled(coverages[i].data, "{C}", cms), "{B}", base64_of(CONTENT));
		struct answer a = ask(data_of(text), coverages[i].demand);

		must_be(coverages[i].name, &a, coverages[i].reason);
	}
}

/* An element that holds elements is covered in a canonical form. */
static void an_element_with_elements_is_covered_in_canonical_form(void **state)
{
	static const char exclusive[] = "<p:file xmlns:p=\"urn:p\"><p:sum>100</p:sum></p:file>";
	static const char inclusive[] =
		"<p:file xmlns:p=\"urn:p\" xmlns:unused=\"urn:unused\" xmlns:x=\"urn:x\"><p:sum>100</p:sum></p:file>";
	static const char *const spellings[] = {exclusive, inclusive};
	static const char shape[] = "<p:q xmlns:p=\"urn:p\"><p:file ><p:sum>%s</p:sum></p:file><sign>%s</sign></p:q>";

	(void)state;
	for (size_t i = 0; i < COUNT(spellings); i++) {
		for (unsigned attached = 0; attached < 2; attached++) {
			struct made m = {.flags = attached ? ATTACHED : 0};
			const char *cms = base64_of(make(bytes_str(spellings[i]), &m));
			struct answer a = ask(data_of(pool_printf(persons.pool, shape, "100", cms)), &file);

			must_be(spellings[i], &a, REASON_NONE);
			a = ask(data_of(pool_printf(persons.pool, shape, "900", cms)), &file);
			must_be(spellings[i], &a, attached ? REASON_INNER_COVERAGE : REASON_INNER_WRONG);
		}
	}
}

/* --- octets --- */

static void what_is_not_exactly_one_cms_is_refused(void **state)
{
	struct bytes der = make(CONTENT, &(struct made){.n = 1});
	SCOPED(buf_free) struct buf longer = BUF(65536), pem = BUF(65536);
	BIO *in = BIO_new_mem_buf("x", 1);
	CMS_ContentInfo *data = CMS_data_create(in, CMS_BINARY);
	struct answer a;

	(void)state;
	buf_add(&longer, der);
	buf_char(&longer, 0);
	a = ask(carried(1, CONTENT, base64_of(buf_bytes(&longer))), &file);
	must_be("an octet behind it", &a, REASON_INNER_WRONG);
	a = ask(carried(1, CONTENT, base64_of(bytes_sub(der, 0, der.n - 1))), &file);
	must_be("an octet less", &a, REASON_INNER_WRONG);
	a = ask(carried(1, CONTENT, base64_of(der_of(data))), &file);
	must_be("a CMS of another type", &a, REASON_INNER_WRONG);
	buf_printf(&pem, "-----BEGIN CMS-----\n%s\n-----END CMS-----\n", base64_of(der));
	a = ask(carried(1, CONTENT, buf_cstr(&pem)), &file);
	must_be("in PEM, as browsers' signing programs give it", &a, REASON_NONE);
	CMS_ContentInfo_free(data);
	BIO_free(in);
}

/* No change of one octet makes a CMS speak for other octets or another person. */
static void every_changed_octet_is_found_or_means_nothing(void **state)
{
	struct bytes der = make(CONTENT, &(struct made){.flags = ATTACHED});
	size_t same = 0, refused = 0;
	unsigned char director[32];

	(void)state;
	sha256(pki_der("mine:director.crt"), director);
	for (size_t i = 0; i < der.n; i++) {
		struct pool *keep = persons.pool;
		unsigned char *bad;
		struct answer a;

		persons.pool = pool_new(MUCH);
		bad = (unsigned char *)pool_copy(persons.pool, der);
		bad[i] ^= (unsigned char)(1u << i % 8);
		a = ask(carried(1, CONTENT, base64_of((struct bytes){bad, der.n})), &file);
		if (a.result.ok && (a.signers.n != 1 || memcmp(a.signers.signer[0].certificate->sha256, director, 32) != 0))
			fail_msg("octet %zu: another signer", i);
		a.result.ok ? same++ : refused++;
		pool_free(&persons.pool);
		persons.pool = keep;
	}
	print_message("%zu changes refused, %zu without meaning\n", refused, same);
	assert_true(same < 24); /* version numbers, the list of digests, types that nothing is built on */
}

/* --- the openssl command --- */

static void write_key(enum person who)
{
	BIO *out = BIO_new_file(pki_path(pool_printf(pki_pool, "mine:%s.key", person_rows[who].file)), "w");

	assert_int_equal(PEM_write_bio_PrivateKey(out, persons.key[who], NULL, NULL, 0, NULL, NULL), 1);
	BIO_free(out);
}

static struct bytes file_octets(const char *path)
{
	SCOPED(buf_free) struct buf all = BUF(1u << 20);
	FILE *f = fopen(path, "r");
	int c;

	assert_non_null(f);
	while ((c = getc(f)) != EOF)
		buf_char(&all, (char)c);
	fclose(f);
	return (struct bytes){(unsigned char *)pool_copy(persons.pool, buf_bytes(&all)), all.len};
}

static int run(const char *format, ...) PRINTF_LIKE(1, 2);
static int run(const char *format, ...)
{
	char command[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof command, format, args);
	va_end(args);
	return system(command);
}

/* Made by the command, judged here; made here, judged by the command. */
static void the_openssl_command_agrees(void **state)
{
	static const char *const options[] = {"", "-nodetach", "-keyid", "-md sha256 -nosmimecap", "-cades"};
	const char *d = pki_folder;
	struct bytes der;

	(void)state;
	write_key(DIRECTOR);
	pki_write("mine:content", CONTENT, 0600);
	for (size_t i = 0; i < COUNT(options); i++) {
		struct answer a;

		assert_int_equal(run("openssl cms -sign -binary -outform DER -in %s/content -out %s/cms -signer %s/director.crt "
			"-inkey %s/director.key %s 2>/dev/null", d, d, d, d, options[i]), 0);
		a = ask(carried(1, CONTENT, base64_of(file_octets(pki_path("mine:cms")))), &file);
		must_be(options[i], &a, REASON_NONE);
	}
	der = make(CONTENT, &(struct made){.n = 1});
	pki_write("mine:cms", der, 0600);
	assert_int_equal(run("openssl cms -verify -binary -inform DER -in %s/cms -content %s/content -noverify >/dev/null 2>&1",
		d, d), 0);
	pki_write("mine:content", BYTES_LIT("an order of 900"), 0600);
	assert_int_not_equal(run("openssl cms -verify -binary -inform DER -in %s/cms -content %s/content -noverify "
		">/dev/null 2>&1", d, d), 0);
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, fresh_pool, drop_pool)
	const struct CMUnitTest tests[] = {
		ROW(each_row_is_judged),
		ROW(the_result_tells_what_was_signed),
		ROW(it_covers_what_is_demanded_and_nothing_else),
		ROW(an_element_with_elements_is_covered_in_canonical_form),
		ROW(what_is_not_exactly_one_cms_is_refused),
		ROW(every_changed_octet_is_found_or_means_nothing),
		ROW(the_openssl_command_agrees),
	};

	return cmocka_run_group_tests(tests, persons_make, persons_drop);
}
