/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_name_text - reads a distinguished name written as text, as ds:X509IssuerName holds it.
 * Promise:  what is ambiguous or malformed is refused, never guessed.
 * Not here: comparing (trust_name.c).
 * Spec:     RFC 4514 and its forerunner RFC 2253, with the keywords that Java, .NET and OpenSSL write. */
#include <ctype.h>

#include <openssl/asn1.h>
#include <openssl/err.h>

#include "trust/trust_int.h"

#define VALUE_OCTETS 4096

static const struct {
	const char *word, *type;
} keywords[] = {
	{"CN", "2.5.4.3"},
	{"SN", "2.5.4.4"}, {"SURNAME", "2.5.4.4"},
	{"SERIALNUMBER", "2.5.4.5"},
	{"C", "2.5.4.6"},
	{"L", "2.5.4.7"},
	{"ST", "2.5.4.8"}, {"S", "2.5.4.8"},
	{"STREET", "2.5.4.9"},
	{"O", "2.5.4.10"},
	{"OU", "2.5.4.11"},
	{"TITLE", "2.5.4.12"}, {"T", "2.5.4.12"},
	{"DESCRIPTION", "2.5.4.13"},
	{"BUSINESSCATEGORY", "2.5.4.15"},
	{"POSTALADDRESS", "2.5.4.16"},
	{"POSTALCODE", "2.5.4.17"},
	{"TELEPHONENUMBER", "2.5.4.20"},
	{"NAME", "2.5.4.41"},
	{"GIVENNAME", "2.5.4.42"}, {"GN", "2.5.4.42"}, {"G", "2.5.4.42"},
	{"INITIALS", "2.5.4.43"}, {"I", "2.5.4.43"},
	{"GENERATIONQUALIFIER", "2.5.4.44"}, {"GENERATION", "2.5.4.44"},
	{"DNQUALIFIER", "2.5.4.46"}, {"DNQ", "2.5.4.46"},
	{"PSEUDONYM", "2.5.4.65"},
	{"ORGANIZATIONIDENTIFIER", "2.5.4.97"},
	{"E", "1.2.840.113549.1.9.1"}, {"EMAILADDRESS", "1.2.840.113549.1.9.1"},
	{"EMAIL", "1.2.840.113549.1.9.1"},
	{"UNSTRUCTUREDNAME", "1.2.840.113549.1.9.2"},
	{"UID", "0.9.2342.19200300.100.1.1"}, {"USERID", "0.9.2342.19200300.100.1.1"},
	{"DC", "0.9.2342.19200300.100.1.25"},
};

struct reader {
	struct bytes text;
	size_t at;
};

static bool more(const struct reader *r) { return r->at < r->text.n; }
static unsigned char next(const struct reader *r) { return more(r) ? r->text.p[r->at] : 0; }
static bool is_separator(unsigned char c) { return c == ',' || c == ';' || c == '+'; }
static bool is_space(unsigned char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static void skip_spaces(struct reader *r)
{
	while (more(r) && is_space(next(r)))
		r->at++;
}

static bool is_dotted(struct bytes word)
{
	for (size_t i = 0; i < word.n; i++) {
		if (!isdigit(word.p[i]) && word.p[i] != '.')
			return false;
	}
	return word.n > 0 && isdigit(word.p[0]);
}

/* Up to and with the equals sign; the dotted type into `type`. */
static bool read_type(struct reader *r, char type[80])
{
	size_t from, to;
	struct bytes word;

	skip_spaces(r);
	from = r->at;
	while (more(r) && next(r) != '=')
		r->at++;
	for (to = r->at; to > from && is_space(r->text.p[to - 1]);)
		to--;
	if (!more(r) || to - from >= 80)
		return false;
	r->at++;
	word = bytes_sub(r->text, from, to);
	if (word.n > 4 && strncasecmp((const char *)word.p, "OID.", 4) == 0)
		word = bytes_sub(word, 4, word.n);
	if (is_dotted(word)) {
		memcpy(type, word.p, word.n);
		type[word.n] = 0;
		return true;
	}
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		const char *k = keywords[i].word;

		if (strlen(k) == word.n && strncasecmp(k, (const char *)word.p, word.n) == 0) {
			memcpy(type, keywords[i].type, strlen(keywords[i].type) + 1);
			return true;
		}
	}
	return false;
}

/* One escape after the backslash: a hex pair is an octet, a special character itself. */
static bool read_escape(struct reader *r, struct buf *value)
{
	unsigned char c = next(r);

	if (more(r) && isxdigit(c)) {
		if (r->text.n - r->at < 2 || !hex_decode(bytes_sub(r->text, r->at, r->at + 2), value))
			return false;
		r->at += 2;
		return true;
	}
	if (!more(r) || !strchr(",;+\"\\<>=# ", c))
		return false;
	buf_char(value, (char)c);
	r->at++;
	return true;
}

static bool read_quoted(struct reader *r, struct buf *value)
{
	r->at++;
	while (more(r) && next(r) != '"') {
		unsigned char c = r->text.p[r->at++];

		if (c != '\\')
			buf_char(value, (char)c);
		else if (!read_escape(r, value))
			return false;
	}
	if (!more(r))
		return false;
	r->at++;
	skip_spaces(r);
	return true;
}

static bool read_plain(struct reader *r, struct buf *value)
{
	while (more(r) && !is_separator(next(r))) {
		unsigned char c = r->text.p[r->at++];

		if (c == '"')
			return false;
		if (c != '\\')
			buf_char(value, is_space(c) ? ' ' : (char)c);
		else if (!read_escape(r, value))
			return false;
	}
	return true;
}

/* #hex: the DER of the value; Java writes attributes so for which RFC 2253 has no keyword. */
static bool read_der(struct reader *r, struct buf *value)
{
	SCOPED(buf_free) struct buf der = BUF(VALUE_OCTETS);
	size_t from = ++r->at;
	const unsigned char *p;
	unsigned char *text = NULL;
	ASN1_TYPE *any;
	int n = -1;

	while (more(r) && isxdigit(next(r)))
		r->at++;
	if (r->at == from || !hex_decode(bytes_sub(r->text, from, r->at), &der) || !buf_ok(&der))
		return false;
	skip_spaces(r);
	p = der.data;
	any = d2i_ASN1_TYPE(NULL, &p, (long)der.len);
	/* ASN1_STRING_to_UTF8 looks at the type itself; other kinds of values have no ASN1_STRING inside. */
	if (any && p == der.data + der.len && ASN1_TYPE_get(any) != V_ASN1_OBJECT &&
		ASN1_TYPE_get(any) != V_ASN1_BOOLEAN && ASN1_TYPE_get(any) != V_ASN1_NULL)
		n = ASN1_STRING_to_UTF8(&text, any->value.asn1_string);
	if (n >= 0)
		buf_add(value, (struct bytes){text, (size_t)n});
	OPENSSL_free(text);
	ASN1_TYPE_free(any);
	ERR_clear_error();
	return n >= 0;
}

static bool read_value(struct reader *r, struct buf *value)
{
	bool good;

	skip_spaces(r);
	if (next(r) == '#')
		good = read_der(r, value);
	else if (next(r) == '"')
		good = read_quoted(r, value);
	else
		good = read_plain(r, value);
	return good && buf_ok(value) && utf8_is_xml(buf_bytes(value)) &&
		(!more(r) || is_separator(next(r)));
}

outcome trust_name_read(struct trust_name *n, struct bytes text, struct err *e)
{
	SCOPED(buf_free) struct buf value = BUF(VALUE_OCTETS);
	struct reader r = {text, 0};
	char type[80];

	do {
		buf_clear(&value);
		if (!read_type(&r, type))
			return err_set(e, REASON_SEC_TOKEN_UNKNOWN,
				"no attribute type at octet %zu of the issuer name", r.at);
		if (!read_value(&r, &value))
			return err_set(e, REASON_SEC_TOKEN_UNKNOWN,
				"malformed value at octet %zu of the issuer name", r.at);
		if (!trust_name_add(n, type, buf_bytes(&value)))
			return err_set(e, REASON_SEC_TOKEN_UNKNOWN, "the issuer name is too long");
		/* A separator must be followed by an attribute, which the next round demands. */
	} while (r.at++ < text.n);
	return DONE;
}
