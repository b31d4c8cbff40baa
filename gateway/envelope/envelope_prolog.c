/* SPDX-License-Identifier: GPL-3.0-or-later */
/* envelope_prolog - what comes before the markup: byte order mark, characters, XML declaration.
 *
 * Promise: afterwards the octets are UTF-8 of characters that XML 1.0 allows, and nothing declares
 * otherwise; the parser has no encoding left to guess.
 */
#include "envelope_int.h"

#include <strings.h>

/* Names the first octet that spoils the text. Multi-octet characters hold no ASCII octet, so the text
 * may be judged run by run. Only called for a text that is spoilt. */
static outcome blame_octets(struct bytes text, struct err *e)
{
	size_t at = 0;

	while (at < text.n) {
		size_t from = at++;

		if (text.p[from] >= 0x80) {
			while (at < text.n && text.p[at] >= 0x80)
				at++;
		}
		if (utf8_is_xml(bytes_sub(text, from, at)))
			continue;
		if (text.p[from] == 0)
			return envelope_scan_fail(text, from, REASON_XML_NUL, "a NUL octet", e);
		if (text.p[from] < 0x80)
			return envelope_scan_fail(text, from, REASON_XML_MALFORMED, "a control character", e);
		return envelope_scan_fail(text, from, REASON_XML_ENCODING, "octets that are not UTF-8", e);
	}
	bug(__FILE__, __LINE__, "no run is spoilt in a text that is");
}

/* One `name="value"` of the declaration with white space before it; false when it is not there. */
static bool declared(struct bytes text, size_t *at, const char *name, struct bytes *value)
{
	size_t i = *at, n = strlen(name), from;
	unsigned char quote;

	if (i >= text.n || !is_blank(text.p[i]))
		return false;
	while (i < text.n && is_blank(text.p[i]))
		i++;
	if (text.n - i < n || memcmp(text.p + i, name, n) != 0)
		return false;
	i += n;
	while (i < text.n && is_blank(text.p[i]))
		i++;
	if (i >= text.n || text.p[i++] != '=')
		return false;
	while (i < text.n && is_blank(text.p[i]))
		i++;
	if (i >= text.n || (text.p[i] != '"' && text.p[i] != '\''))
		return false;
	quote = text.p[i++];
	from = i;
	while (i < text.n && text.p[i] != quote)
		i++;
	if (i >= text.n)
		return false;
	*value = bytes_sub(text, from, i);
	*at = i + 1;
	return true;
}

/* XML 1.0 production 23, version 1.0 and UTF-8 only. `at` stands behind "<?xml". */
static outcome declaration_read(struct bytes text, size_t at, size_t *behind, struct err *e)
{
	struct bytes value;

	if (!declared(text, &at, "version", &value) || !bytes_is(value, "1.0"))
		return envelope_scan_fail(text, at, REASON_XML_DECLARATION, "no version 1.0", e);
	if (declared(text, &at, "encoding", &value) &&
	    (value.n != 5 || strncasecmp((const char *)value.p, "UTF-8", 5) != 0))
		return envelope_scan_fail(text, at, REASON_XML_ENCODING,
			"the declaration does not say UTF-8", e);
	if (declared(text, &at, "standalone", &value) && !bytes_is(value, "yes") && !bytes_is(value, "no"))
		return envelope_scan_fail(text, at, REASON_XML_DECLARATION,
			"standalone is neither yes nor no", e);
	while (at < text.n && is_blank(text.p[at]))
		at++;
	if (text.n - at < 2 || memcmp(text.p + at, "?>", 2) != 0)
		return envelope_scan_fail(text, at, REASON_XML_DECLARATION,
			"the declaration does not end", e);
	*behind = at + 2;
	return DONE;
}

outcome envelope_prolog_read(struct bytes text, size_t *skip, size_t *content, struct err *e)
{
	size_t at = 0;

	if (!utf8_is_xml(text))
		return blame_octets(text, e);
	if (text.n >= 3 && memcmp(text.p, "\xEF\xBB\xBF", 3) == 0)
		at = 3;
	*skip = at;
	*content = at;
	while (at < text.n && is_blank(text.p[at]))
		at++;
	if (at == text.n)
		return err_set(e, REASON_XML_EMPTY, "no markup in %zu octets", text.n);
	at = *skip;
	if (text.n - at > 5 && memcmp(text.p + at, "<?xml", 5) == 0 && is_blank(text.p[at + 5]))
		return declaration_read(text, at + 5, content, e);
	return DONE;
}
