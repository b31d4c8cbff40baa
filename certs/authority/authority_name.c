/* SPDX-License-Identifier: GPL-3.0-or-later */
/* authority_name - distinguished names from one line of the table.
 * Promise:  the parts stand in the order of the text; text is UTF8String, but PrintableString and IA5String
 *           where the attribute demands it, as the National Certification Authority writes them. */
#include <stdlib.h>

#include "authority.h"

/* The value with @ replaced by the word. */
static void add_value(struct buf *out, struct bytes value, const char *word)
{
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '@')
			buf_str(out, word);
		else
			buf_char(out, (char)value.p[i]);
	}
}

static bool add_part(X509_NAME *name, struct bytes part, const char *word)
{
	SCOPED(buf_free) struct buf type = BUF(64), value = BUF(1024);
	const unsigned char *equals = memchr(part.p, '=', part.n);

	BUG_IF(!equals);
	buf_add(&type, bytes_sub(part, 0, (size_t)(equals - part.p)));
	add_value(&value, bytes_sub(part, (size_t)(equals - part.p) + 1, part.n), word);
	return buf_ok(&type) && buf_ok(&value) &&
		X509_NAME_add_entry_by_txt(name, buf_cstr(&type), MBSTRING_UTF8, value.data, (int)value.len, -1, 0) == 1;
}

X509_NAME *authority_name(const char *text, const char *word)
{
	X509_NAME *name = X509_NAME_new();

	while (name && *text) {
		size_t n = strcspn(text, "/");

		if (!add_part(name, (struct bytes){(const unsigned char *)text, n}, word)) {
			X509_NAME_free(name);
			return NULL;
		}
		text += n + (text[n] == '/');
	}
	return name;
}
