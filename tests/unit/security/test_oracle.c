/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command xmlsec1 as the other party: it verifies what we sign, and we verify what it signs. It runs with
 * a pinned key and the identifiers that we name to it, so it agrees only when the octets are right. */
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

#define XMLSEC1 "/usr/bin/xmlsec1"

extern char **environ;

static char folder[] = "/tmp/qaqpa-oracle-XXXXXX";

static char *in_folder(const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
	return path;
}

static void put(const char *path, struct bytes octets)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(octets.p, 1, octets.n, f), octets.n);
	assert_int_equal(fclose(f), 0);
}

static void get(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	unsigned char part[4096];

	assert_non_null(f);
	for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
		buf_add(out, (struct bytes){part, n});
	fclose(f);
}

/* Exit code of xmlsec1 with these arguments. */
static int run(char *const *arguments)
{
	posix_spawn_file_actions_t actions;
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	assert_int_equal(posix_spawn(&pid, XMLSEC1, &actions, NULL, arguments, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define ARGUMENT(text) ((char *)(uintptr_t)(text))
#define ID_OF_BODY "--id-attr:Id", NS_SOAP11 ":Body"
#define ID_OF_STAMP "--id-attr:Id", NS_WSU ":Timestamp"

static bool oracle_accepts(const struct buf *text, const char *certificate)
{
	char *file = in_folder("verify.xml");
	const char *const arguments[] = {
		XMLSEC1, "--verify", ID_OF_BODY, ID_OF_STAMP, "--pubkey-cert-pem", certificate, file, NULL};
	int code;

	put(file, buf_bytes(text));
	code = run((char *const *)(uintptr_t)arguments);
	free(file);
	return code == 0;
}

static void oracle_signs(struct buf *text, const char *key)
{
	char *file = in_folder("template.xml"), *result = in_folder("signed.xml");
	const char *const arguments[] = {XMLSEC1, "--sign", ID_OF_BODY, ID_OF_STAMP, "--privkey-pem", key,
		"--output", result, file, NULL};

	put(file, buf_bytes(text));
	if (run((char *const *)(uintptr_t)arguments) != 0)
		fail_msg("%s: xmlsec1 does not sign\n%s", world.row, buf_cstr(text));
	buf_clear(text);
	get(result, text);
	free(file);
	free(result);
}

static void xmlsec1_verifies_what_we_sign(void **state)
{
	static const enum conf_form forms[] = {
		CONF_FORM_KEY_IDENTIFIER, CONF_FORM_ISSUER_SERIAL, CONF_FORM_BST, CONF_FORM_X509_DATA};
	static const struct {
		enum who who;
		enum signature signature;
	} algorithms[] = {{SENDER, SIGNATURE_RSA_SHA256}, {SENDER, SIGNATURE_RSA_SHA384},
		{SENDER, SIGNATURE_RSA_SHA512}, {SENDER, SIGNATURE_RSA_SHA1},
		{SENDER_EC, SIGNATURE_ECDSA_SHA256}, {SENDER_EC384, SIGNATURE_ECDSA_SHA384}};
	static const char *const messages[] = {
		"<s:Envelope xmlns:s=\"" NS_SOAP11
		"\" xmlns:xs=\"urn:xs\">\r\n<s:Header/>\r\n<s:Body\r\n>" PAYLOAD(
			"1") "\r\n</s:Body>\r\n</s:Envelope>",
		"<Envelope xmlns=\"" NS_SOAP11
		"\"><Body><m xmlns='urn:m' a='&#10;\"&lt;'><![CDATA[<]]>қ&#13;<!-- c --></m></Body>"
		"</Envelope>",
	};

	(void)state;
	for (size_t i = 0; i < 4 * 6 * 2; i++) {
		const size_t a = i / 4 % 6;
		const struct sign_options options = {.key = world.key[algorithms[a].who],
			.form = forms[i % 4],
			.signature = algorithms[a].signature};
		struct pool *pool = pool_new(MEMORY);
		struct buf out = BUF(MEMORY);
		struct err e;

		assert_true(security_sign(pool, bytes_str(messages[i / 24]), &options, &out, &e).ok);
		if (!oracle_accepts(&out, world.conf_keys[algorithms[a].who].certificate))
			fail_msg("form %d, %s: xmlsec1 refuses\n%s", forms[i % 4],
				signature_row(algorithms[a].signature)->name, buf_cstr(&out));
		/* The oracle can say no. */
		if (i < 4) {
			assert_false(oracle_accepts(&out, world.conf_keys[ROGUE].certificate));
			replace(&out, "<data>1<", "<data>2<");
			assert_false(oracle_accepts(&out, world.conf_keys[SENDER].certificate));
		}
		buf_free(&out);
		pool_free(&pool);
	}
}

#define EMPTY_VALUE "<ds:SignatureValue></ds:SignatureValue>"
#define OPEN(uri, transforms, digest) \
	"<ds:Reference URI=\"" uri "\"><ds:Transforms>" transforms "</ds:Transforms>" \
	"<ds:DigestMethod Algorithm=\"" digest "\"/><ds:DigestValue></ds:DigestValue></ds:Reference>"
#define LIST(list) \
	"<ds:Transform Algorithm=\"" EXC "\"><ec:InclusiveNamespaces xmlns:ec=\"" EXC \
	"\" PrefixList=\"" list "\"/></ds:Transform>"

static const struct template {
	const char *name;
	struct message m;
	enum who who;
}
templates[] = {
	{"rsa-sha256", {.value = EMPTY_VALUE, .references = OPEN("#body", TRANSFORM(EXC), ENC "sha256")},
		SENDER},
	{"rsa-sha512, SHA-384",
		{.value = EMPTY_VALUE,
			.method = METHOD_AS(MORE "rsa-sha512"),
			.references = OPEN("#body", TRANSFORM(EXC), MORE "sha384")},
		SENDER},
	{"rsa-sha1",
		{.value = EMPTY_VALUE,
			.method = METHOD_AS(NS_DSIG "rsa-sha1"),
			.references = OPEN("#body", TRANSFORM(EXC), NS_DSIG "sha1")},
		SENDER},
	{"ecdsa-sha256",
		{.value = EMPTY_VALUE,
			.method = METHOD_AS(MORE "ecdsa-sha256"),
			.key_info = KEY_INFO_AS(KEY_IDENTIFIER("{EC}")),
			.references = OPEN("#body", TRANSFORM(EXC), ENC "sha256")},
		SENDER_EC},
	{"ecdsa-sha384",
		{.value = EMPTY_VALUE,
			.method = METHOD_AS(MORE "ecdsa-sha384"),
			.key_info = KEY_INFO_AS(KEY_IDENTIFIER("{EC384}")),
			.references = OPEN("#body", TRANSFORM(EXC), ENC "sha512")},
		SENDER_EC384},
	{"inclusive canonicalisation of SignedInfo, enveloped-signature before the Body's",
		{.value = EMPTY_VALUE,
			.c14n = "<ds:CanonicalizationMethod Algorithm=\"" INC "\"/>",
			.references = OPEN("#body", ENVELOPED TRANSFORM(EXC), ENC "sha256")},
		SENDER},
	{"prefix lists",
		{.value = EMPTY_VALUE,
			.c14n = "<ds:CanonicalizationMethod Algorithm=\"" EXC
				"\"><ec:InclusiveNamespaces xmlns:ec=\"" EXC
				"\" PrefixList=\"soapenv wsse\"/></ds:CanonicalizationMethod>",
			.references = OPEN("#body", LIST("soapenv #default"), ENC "sha256")},
		SENDER},
	{"an empty prefix list and a Timestamp",
		{.value = EMPTY_VALUE,
			.before = TIMESTAMP("{T-10}", "{T+290}"),
			.references = OPEN("#ts", LIST("wsse soapenv"), ENC "sha256")
				OPEN("#body", LIST(""), ENC "sha256")},
		SENDER},
	/* Whatever canonical form has to change: our own from the octets, xmlsec1's from its tree. */
	{"line ends, references, CDATA, comments, quotes, order of attributes",
		{.value = EMPTY_VALUE,
			.body = "<soapenv:Body\r\n wsu:Id = 'body'\t" XMLNS_WSU
				" >\r\n<m:SendMessage b='&lt;&#10;\t\"' "
			"a=\"'&#xD;>\" xmlns:m='urn:m'\r>\r<!--\r\n--><![CDATA[<&>\r]]>&#13;&apos;&quot;&#x1F600;"
			"<empty m:z='1' m:a='2'/><request xmlns='urn:d'><data>100</data><data xmlns=''/></request>"
			"</m:SendMessage></soapenv:Body >",
			.references = OPEN("#body", TRANSFORM(EXC), ENC "sha256")},
		SENDER},
	/* What our own does not take on, and xmlsec1 verifies as well as it signs. */
	{"a namespace name that would need escaping",
		{.value = EMPTY_VALUE,
			.body = BODY_AS(XMLNS_WSU " wsu:Id=\"body\" xmlns:o=\"http://example.org/?a=1&amp;b=2\" o:a=\"\"",
				"100"),
			.references = OPEN("#body", TRANSFORM(EXC), ENC "sha256")},
		SENDER},
	{"two blanks in a prefix list, which stand for the default namespace in xmlsec1",
		{.value = EMPTY_VALUE,
			.body = BODY_AS(" xmlns=\"urn:d\"" XMLNS_WSU " wsu:Id=\"body\"", "100"),
			.references = OPEN("#body", LIST("soapenv  wsu"), ENC "sha256")},
		SENDER},
};

static void we_verify_what_xmlsec1_signs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof templates / sizeof templates[0]; i++) {
		struct buf text = BUF(MEMORY);

		world.row = templates[i].name;
		compose(&text, &templates[i].m);
		oracle_signs(&text, world.conf_keys[templates[i].who].key);
		expect(templates[i].name, &text, REASON_NONE);
		replace(&text, "<data>100<", "<data>101<");
		expect(templates[i].name, &text, REASON_SEC_DIGEST);
		buf_free(&text);
	}
}

static int make(void **state)
{
	return mkdtemp(folder) ? world_make(state) : -1;
}

static int drop(void **state)
{
	static const char *const names[] = {"verify.xml", "template.xml", "signed.xml"};

	for (size_t i = 0; i < 3; i++) {
		char *path = in_folder(names[i]);

		unlink(path);
		free(path);
	}
	rmdir(folder);
	return world_drop(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(xmlsec1_verifies_what_we_sign),
		cmocka_unit_test(we_verify_what_xmlsec1_signs),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
