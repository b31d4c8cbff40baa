/* SPDX-License-Identifier: GPL-3.0-or-later */
/* address - addresses of the internet: IPv4 and IPv6 in one form, and prefixes of them. */
#ifndef QAQPA_BASE_ADDRESS_H
#define QAQPA_BASE_ADDRESS_H

#include "base/bytes.h"

/* IPv6 as it is, IPv4 as ::ffff:a.b.c.d, so that both forms of it are one address. */
struct address {
	unsigned char octets[16];
};
#define ADDRESS_TEXT 46 /* room for any address and a NUL */

struct address address_v4(const unsigned char octets[4]);
bool address_is_v4(struct address a);
/* a.b.c.d or IPv6, nothing else. False when it is neither. */
MUST_USE bool address_read(struct bytes text, struct address *out);
void address_print(struct address a, char out[ADDRESS_TEXT]);

struct prefix {
	struct address address;
	unsigned bits; /* of the 128 */
};
/* 192.0.2.0/24, 2001:db8::/32, or an address alone. False also when a bit behind the prefix is set. */
MUST_USE bool prefix_read(struct bytes text, struct prefix *out);
bool prefix_holds(const struct prefix *p, struct address a);

#endif
