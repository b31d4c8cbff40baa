/* SPDX-License-Identifier: GPL-3.0-or-later */
/* address - reading, printing and comparing addresses and prefixes.
 * Spec: RFC 4291 (2.2 text, 2.5.5.2 IPv4-mapped), RFC 4632 (3.1 prefixes) */
#include <arpa/inet.h>
#include <ctype.h>

#include "base/address.h"

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

struct address address_v4(const unsigned char octets[4])
{
	struct address a;

	memcpy(a.octets, mapped, sizeof mapped);
	memcpy(a.octets + sizeof mapped, octets, 4);
	return a;
}

bool address_is_v4(struct address a)
{
	return memcmp(a.octets, mapped, sizeof mapped) == 0;
}

bool address_read(struct bytes text, struct address *out)
{
	char copy[ADDRESS_TEXT];
	unsigned char four[4];

	if (text.n == 0 || text.n >= sizeof copy || memchr(text.p, 0, text.n))
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = 0;
	if (inet_pton(AF_INET, copy, four) != 1)
		return inet_pton(AF_INET6, copy, out->octets) == 1;
	*out = address_v4(four);
	return true;
}

void address_print(struct address a, char out[ADDRESS_TEXT])
{
	bool four = address_is_v4(a);

	BUG_IF(!inet_ntop(four ? AF_INET : AF_INET6, four ? a.octets + sizeof mapped : a.octets, out, ADDRESS_TEXT));
}

/* Up to three digits without leading zeros, at most `most`. */
static bool bits_read(struct bytes text, unsigned most, unsigned *out)
{
	unsigned n = 0;

	if (text.n == 0 || text.n > 3 || (text.n > 1 && text.p[0] == '0'))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (!isdigit(text.p[i]))
			return false;
		n = n * 10 + (unsigned)(text.p[i] - '0');
	}
	*out = n;
	return n <= most;
}

static bool bit_is_set(struct address a, unsigned i)
{
	return a.octets[i / 8] >> (7 - i % 8) & 1;
}

bool prefix_read(struct bytes text, struct prefix *out)
{
	const unsigned char *slash = text.n ? memchr(text.p, '/', text.n) : NULL;
	size_t n = slash ? (size_t)(slash - text.p) : text.n;
	unsigned most, bits;

	if (!address_read(bytes_sub(text, 0, n), &out->address))
		return false;
	most = memchr(text.p, ':', n) ? 128 : 32;
	bits = most;
	if (slash && !bits_read(bytes_sub(text, n + 1, text.n), most, &bits))
		return false;
	out->bits = bits + 128 - most;
	for (unsigned i = out->bits; i < 128; i++) {
		if (bit_is_set(out->address, i))
			return false;
	}
	return true;
}

bool prefix_holds(const struct prefix *p, struct address a)
{
	size_t whole = p->bits / 8;
	unsigned rest = p->bits % 8;

	return memcmp(a.octets, p->address.octets, whole) == 0
		&& (rest == 0 || (a.octets[whole] ^ p->address.octets[whole]) >> (8 - rest) == 0);
}
