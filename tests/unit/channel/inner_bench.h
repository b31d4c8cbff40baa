/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inner_bench - business signatures inside data, made and verified by the command xmlsec1. */
#ifndef QAQPA_TESTS_INNER_BENCH_H
#define QAQPA_TESTS_INNER_BENCH_H

#include "channel_bench.h"

#define INCLUSIVE "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
/* The template of a signature over the element Request with Id="payload" around it. */
#define DSIG(c14n) \
	"<ds:Signature xmlns:ds=\"" NS_DSIG "\"><ds:SignedInfo>" \
	"<ds:CanonicalizationMethod Algorithm=\"" c14n "\"/>" \
	"<ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"/>" \
	"<ds:Reference URI=\"#payload\"><ds:Transforms>" \
	"<ds:Transform Algorithm=\"" NS_DSIG "enveloped-signature\"/><ds:Transform Algorithm=\"" c14n "\"/>" \
	"</ds:Transforms><ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>" \
	"<ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/></ds:Signature>"

static inline int inner_xmlsec(struct bench *b, const char *act, const char *more, const char *path)
{
	return system(pool_printf(b->pool,
		"xmlsec1 %s --id-attr:Id Request --node-xpath \"//*[local-name()='Request']/"
		"*[local-name()='Signature']\" %s %s >/dev/null 2>&1", act, more, path));
}

static inline const char *inner_save(struct bench *b, struct bytes text, const char *folder, const char *name)
{
	const char *path = pool_printf(b->pool, "%s/%s", folder, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
	fclose(f);
	return path;
}

/* The message with its inner signature filled in where it stands. */
static inline struct bytes inner_sign(struct bench *b, struct bytes message, const char *folder)
{
	const char *from = inner_save(b, message, folder, "in.xml");
	const char *to = pool_printf(b->pool, "%s/inside.xml", folder);
	char *text = pool_alloc(b->pool, 1u << 20);
	FILE *f;

	assert_int_equal(inner_xmlsec(b, "--sign", pool_printf(b->pool, "--privkey-pem " PKI
		"/permits.key --output %s", to), from), 0);
	f = fopen(to, "r");
	assert_non_null(f);
	assert_true(fread(text, 1, (1u << 20) - 1, f) > 0);
	fclose(f);
	return bytes_str(text);
}

static inline bool inner_holds(struct bench *b, struct bytes message, const char *folder)
{
	return inner_xmlsec(b, "--verify", "--pubkey-cert-pem " PKI "/permits.crt",
		inner_save(b, message, folder, "check.xml")) == 0;
}

/* The inner signature of the message is good; and the check has teeth: one more octet in the payload and it fails. */
static inline void inner_assert_good(struct bench *b, struct bytes message, const char *folder)
{
	char *damaged = memmem(message.p, message.n, "<p:iin>\n", 8);

	assert_true(inner_holds(b, message, folder));
	assert_non_null(damaged);
	damaged[7] = ' ';
	assert_false(inner_holds(b, message, folder));
}

/* Runs `check` with both messages in a folder of its own; skips where there is no xmlsec1. */
static inline void inner_each(void **state, void (*check)(void **state, const char *message,
	const char *folder),
	const char *exclusive, const char *inclusive)
{
	char folder[] = "/tmp/qaqpa-inner-XXXXXX", command[64];

	if (system("command -v xmlsec1 >/dev/null") != 0) {
		print_message("the command xmlsec1 is absent: inner signatures are not checked\n");
		skip();
	}
	assert_non_null(mkdtemp(folder));
	check(state, exclusive, folder);
	check(state, inclusive, folder);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

#endif
