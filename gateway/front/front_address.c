/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front_address - how many connections each client address holds at a listener.
 * Promise:  an entry exists only while its address is connected. IPv4 and IPv4-mapped IPv6 are one
 *           address. */

#include <arpa/inet.h>
#include <stdlib.h>

#include "front/front_int.h"

static void address_key(const struct sockaddr_storage *from, unsigned char key[16])
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	if (from->ss_family == AF_INET6) {
		memcpy(key, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, 16);
		return;
	}
	memcpy(key, mapped, 12);
	memcpy(key + 12, &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
}

void front_address_print(const struct sockaddr_storage *from, char out[INET6_ADDRSTRLEN])
{
	struct in6_addr key;
	address_key(from, key.s6_addr);
	bool four = IN6_IS_ADDR_V4MAPPED(&key);
	BUG_IF(!inet_ntop(four ? AF_INET : AF_INET6, four ? key.s6_addr + 12 : key.s6_addr, out,
			  INET6_ADDRSTRLEN));
}

static struct front_address **bucket(struct front_listener *l, const unsigned char key[16])
{
	uint32_t hash = 2166136261u; /* FNV-1a */
	for (int i = 0; i < 16; i++)
		hash = (hash ^ key[i]) * 16777619u;
	return &l->addresses[hash % FRONT_ADDRESS_BUCKETS];
}

struct front_address *front_address_enter(struct front_listener *l, const struct sockaddr_storage *from)
{
	unsigned char key[16];
	address_key(from, key);
	struct front_address **first = bucket(l, key), *a = *first;
	while (a && memcmp(a->key, key, sizeof(key)) != 0)
		a = a->next;
	if (!a) {
		a = calloc(1, sizeof(*a));
		if (!a)
			return NULL;
		memcpy(a->key, key, sizeof(key));
		a->next = *first;
		*first = a;
	}
	if (a->connections == l->options.connections_per_address)
		return NULL;
	a->connections++;
	return a;
}

void front_address_leave(struct front_listener *l, struct front_address *a)
{
	if (!a || --a->connections > 0)
		return;
	struct front_address **link = bucket(l, a->key);
	while (*link != a)
		link = &(*link)->next;
	*link = a->next;
	free(a);
}
