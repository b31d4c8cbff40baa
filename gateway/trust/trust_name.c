/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_name - distinguished names of certificates: as text, as comparable attributes, and the numbers in
 * them.
 * Promise:  two names have one key exactly when they hold the same attributes, in whatever order, after
 *           decoding, folding of spaces and of ASCII case (RFC 5280 section 7.1).
 * Not here: names written as text in messages (trust_name_text.c). */
#include <stdlib.h>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>

#include "trust/trust_int.h"

#define OID_SERIAL_NUMBER "2.5.4.5"
#define OID_UNIT "2.5.4.11"
#define OID_ORGANIZATION_IDENTIFIER "2.5.4.97"

void trust_name_free(struct trust_name *n)
{
	buf_free(&n->text);
}

/* Leading and trailing spaces go, inner runs become one space, ASCII letters become small. */
static void add_folded(struct buf *out, struct bytes value)
{
	bool gap = false, begun = false;

	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = value.p[i];

		if (c == ' ') {
			gap = begun;
			continue;
		}
		if (gap)
			buf_char(out, ' ');
		buf_char(out, (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c));
		gap = false;
		begun = true;
	}
}

bool trust_name_add(struct trust_name *n, const char *type, struct bytes value)
{
	if (n->n == TRUST_NAME_PARTS)
		return false;
	n->part[n->n].from = n->text.len;
	buf_printf(&n->text, "%s=", type);
	add_folded(&n->text, value);
	n->part[n->n].to = n->text.len;
	n->n++;
	return buf_ok(&n->text);
}

char *trust_entry_text(const X509_NAME_ENTRY *entry, struct bytes *out)
{
	unsigned char *text = NULL;
	int n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));

	if (n < 0) {
		ERR_clear_error();
		return NULL;
	}
	*out = (struct bytes){text, (size_t)n};
	for (int i = 0; i < n; i++) {
		if (text[i] < ' ' || text[i] == 0x7F) {
			OPENSSL_free(text);
			return NULL;
		}
	}
	if (!utf8_is_xml(*out)) {
		OPENSSL_free(text);
		return NULL;
	}
	return (char *)text;
}

bool trust_entry_type(const X509_NAME_ENTRY *entry, char type[80])
{
	int n = OBJ_obj2txt(type, 80, X509_NAME_ENTRY_get_object(entry), 1);

	return n > 0 && n < 80;
}

bool trust_name_of(struct trust_name *n, const X509_NAME *name)
{
	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
		struct bytes value;
		SCOPED(scoped_text) char *text = trust_entry_text(entry, &value);
		char type[80];

		if (!text || !trust_entry_type(entry, type) || !trust_name_add(n, type, value))
			return false;
	}
	return true;
}

static int by_octets(const void *a, const void *b)
{
	const struct bytes *x = a, *y = b;
	int order = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);

	return order ? order : (x->n > y->n) - (x->n < y->n);
}

void trust_name_key(const struct trust_name *n, struct bytes serial, unsigned char key[32])
{
	static const struct bytes end = {(const unsigned char *)"", 1}; /* no value holds a NUL */
	struct bytes sorted[TRUST_NAME_PARTS], parts[2 * TRUST_NAME_PARTS + 2];
	unsigned char whole[64];
	size_t count = 0;

	for (size_t i = 0; i < n->n; i++)
		sorted[i] = bytes_sub(buf_bytes(&n->text), n->part[i].from, n->part[i].to);
	qsort(sorted, n->n, sizeof(sorted[0]), by_octets);
	parts[count++] = BYTES_LIT("name:");
	for (size_t i = 0; i < n->n; i++) {
		parts[count++] = sorted[i];
		parts[count++] = end;
	}
	parts[count++] = serial;
	digest_parts(DIGEST_SHA256, parts, count, whole);
	memcpy(key, whole, 32);
}

char *trust_name_text(const X509_NAME *name)
{
	SCOPED(scoped_bio) BIO *out = BIO_new(BIO_s_mem());
	unsigned long flags = XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
	char *data;
	long n;

	if (!out || X509_NAME_print_ex(out, name, 0, flags) < 0) {
		ERR_clear_error();
		return NULL;
	}
	n = BIO_get_mem_data(out, &data);
	return n > 0 ? strndup(data, (size_t)n) : strdup("");
}

char *trust_serial_text(X509 *x)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
	SCOPED(scoped_text) char *text = number ? BN_bn2dec(number) : NULL;

	BN_free(number);
	return text ? strdup(text) : NULL;
}

/* `prefix` and twelve digits, nothing else; false when `number` already holds another one. */
static bool take_number(char number[13], struct bytes value, const char *prefix)
{
	size_t skip = strlen(prefix);

	if (value.n != skip + 12 || memcmp(value.p, prefix, skip) != 0)
		return true;
	value = bytes_sub(value, skip, value.n);
	for (size_t i = 0; i < 12; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return true;
	}
	if (number[0] && memcmp(number, value.p, 12) != 0)
		return false;
	memcpy(number, value.p, 12);
	number[12] = 0;
	return true;
}

bool trust_numbers_of(struct trust_numbers *n, const X509_NAME *name)
{
	memset(n, 0, sizeof(*n));
	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
		struct bytes value;
		SCOPED(scoped_text) char *text = trust_entry_text(entry, &value);
		bool one = true;
		char type[80];

		if (!text || !trust_entry_type(entry, type))
			return false;
		if (strcmp(type, OID_UNIT) == 0)
			one = take_number(n->bin, value, "BIN");
		else if (strcmp(type, OID_ORGANIZATION_IDENTIFIER) == 0)
			one = take_number(n->bin, value, "BIN") && take_number(n->bin, value, "NTRKZ-");
		else if (strcmp(type, OID_SERIAL_NUMBER) == 0)
			one = take_number(n->iin, value, "IIN");
		if (!one)
			return false;
	}
	return true;
}
