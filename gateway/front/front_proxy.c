/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front_proxy - the header with which a proxy says whose connection it hands on.
 * Promise:  not one octet behind the header is taken, so that TLS and HTTP begin where they began at the proxy; what is not
 *           exactly a header of version 1 or 2 for TCP is refused; nothing is kept but the client's address.
 * Not here: whether the peer is a proxy at all, and for how long it is waited for (front_conn.c).
 * Spec:     The PROXY protocol, HAProxy, 2.1 (version 1) and 2.2 (version 2) */

#include <ctype.h>

#include "front/front_int.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define SIGNATURE_N 12u
#define FIXED_N 16u    /* of version 2, before the addresses */
#define LINE_MOST 107u /* of version 1, with CR LF */
#define REST_MOST 4096u /* of version 2: addresses, and what the proxy says beside them */

enum { VERSION_COMMAND_LOCAL = 0x20, VERSION_COMMAND_PROXY = 0x21 };
enum { FAMILY_UNSPECIFIED = 0x00, FAMILY_TCP4 = 0x11, FAMILY_TCP6 = 0x21 };

/* The next word of a line, which ends with one space, or with the line. */
static struct bytes word(struct bytes *line)
{
	const unsigned char *space = line->n ? memchr(line->p, ' ', line->n) : NULL;
	size_t n = space ? (size_t)(space - line->p) : line->n;
	struct bytes w = bytes_sub(*line, 0, n);
	*line = bytes_sub(*line, n + (space != NULL), line->n);
	return w;
}

static bool is_port(struct bytes text)
{
	unsigned port = 0;
	if (text.n == 0 || text.n > 5 || (text.n > 1 && text.p[0] == '0'))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (!isdigit(text.p[i]))
			return false;
		port = port * 10 + (unsigned)(text.p[i] - '0');
	}
	return port <= 65535;
}

/* Both addresses of a line are of the family that it names. */
static bool read_address(struct bytes text, bool four, struct address *out)
{
	return address_read(text, out) && four == !memchr(text.p, ':', text.n);
}

static enum http_step read_line(struct front_proxy *p, struct bytes line)
{
	struct address destination;
	word(&line); /* PROXY */
	struct bytes family = word(&line);
	if (bytes_is(family, "UNKNOWN"))
		return HTTP_DONE; /* whatever follows */
	bool four = bytes_is(family, "TCP4");
	if (!four && !bytes_is(family, "TCP6"))
		return HTTP_BAD;
	if (!read_address(word(&line), four, &p->client) || !read_address(word(&line), four, &destination) ||
	    !is_port(word(&line)) || !is_port(line))
		return HTTP_BAD;
	p->known = true;
	return HTTP_DONE;
}

/* Version 1 from its first octet on: as much as there is, and not beyond its end. */
static enum http_step feed_line(struct front_proxy *p, struct bytes in, size_t *used)
{
	static const char begin[] = "PROXY ";
	while (*used < in.n) {
		unsigned char c = in.p[(*used)++];
		if (p->n == LINE_MOST || (p->n < sizeof begin - 1 && c != (unsigned char)begin[p->n]))
			return HTTP_BAD;
		p->data[p->n++] = c;
		if (c == '\n')
			return p->data[p->n - 2] == '\r' ? read_line(p, (struct bytes){p->data, p->n - 2}) : HTTP_BAD;
		if (c != '\r' && (c < 0x20 || c > 0x7e))
			return HTTP_BAD;
		if (p->n > 1 && p->data[p->n - 2] == '\r')
			return HTTP_BAD;
	}
	return HTTP_MORE;
}

static size_t rest_of(const struct front_proxy *p)
{
	return (size_t)p->data[14] << 8 | p->data[15];
}

/* The octets that hold the client's address begin at once behind the fixed part. */
static size_t wanted_of(const struct front_proxy *p)
{
	if (p->data[12] == VERSION_COMMAND_LOCAL || p->data[13] == FAMILY_UNSPECIFIED)
		return 0;
	return p->data[13] == FAMILY_TCP4 ? 12 : 36;
}

static bool fixed_is_good(const struct front_proxy *p)
{
	bool proxied = p->data[12] == VERSION_COMMAND_PROXY, local = p->data[12] == VERSION_COMMAND_LOCAL;
	bool family = p->data[13] == FAMILY_UNSPECIFIED || p->data[13] == FAMILY_TCP4 || p->data[13] == FAMILY_TCP6;
	return (local || (proxied && family)) && rest_of(p) >= wanted_of(p) && rest_of(p) <= REST_MOST;
}

static void take_client(struct front_proxy *p)
{
	p->known = wanted_of(p) > 0;
	if (wanted_of(p) == 12)
		p->client = address_v4(p->data + FIXED_N);
	else if (p->known)
		memcpy(p->client.octets, p->data + FIXED_N, sizeof p->client.octets);
}

/* Version 2: the fixed part and the addresses are kept, the rest is counted. */
static enum http_step feed_octets(struct front_proxy *p, struct bytes in, size_t *used)
{
	while (*used < in.n) {
		unsigned char c = in.p[(*used)++];
		if (p->n < SIGNATURE_N && c != (unsigned char)SIGNATURE[p->n])
			return HTTP_BAD;
		if (p->n < sizeof p->data)
			p->data[p->n] = c;
		p->n++;
		if (p->n == FIXED_N && !fixed_is_good(p))
			return HTTP_BAD;
		if (p->n >= FIXED_N && p->n == FIXED_N + rest_of(p)) {
			take_client(p);
			return HTTP_DONE;
		}
	}
	return HTTP_MORE;
}

enum http_step front_proxy_feed(struct front_proxy *p, struct bytes in, size_t *used)
{
	*used = 0;
	if (in.n == 0)
		return HTTP_MORE;
	if (p->n == 0)
		p->octets = in.p[0] == (unsigned char)SIGNATURE[0];
	return p->octets ? feed_octets(p, in, used) : feed_line(p, in, used);
}
