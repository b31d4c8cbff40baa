/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_text - kinds of values that stay texts: names, paths, addresses, URLs, hashes, registration numbers.
 * Promise: what is accepted has the form that the other rooms rely on; a password hash is never shown.
 * Not here: whether a path exists (the rooms that open it), only who may read what is private. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/ident.h"

#include "conf/conf_int.h"

#define TEXT_LONGEST 4096

const char *conf_show(struct bytes text, char out[64])
{
	size_t n = text.n < 56 ? text.n : 56;

	for (size_t i = 0; i < n; i++)
		out[i] = text.p[i] < 0x20 || text.p[i] == 0x7f ? '?' : (char)text.p[i];
	memcpy(out + n, text.n > n ? "..." : "", text.n > n ? 4 : 1);
	return out;
}

bool conf_read_text(
	struct conf_reading *r, const struct conf_word *w, const struct conf_value *v, void *target)
{
	unsigned long least = w->least ? strtoul(w->least, NULL, 10) : 1;
	unsigned long most = w->most ? strtoul(w->most, NULL, 10) : TEXT_LONGEST;

	if (v->text.n < least || v->text.n > most) {
		conf_error(r, v->at, "Choose a text of the right length.",
			"%s: the text has %zu octets, not %lu to %lu", w->name, v->text.n, least, most);
		return false;
	}
	for (size_t i = 0; i < v->text.n; i++) {
		if (v->text.p[i] < 0x20 || v->text.p[i] == 0x7f) {
			conf_error(r, v->at, "Remove the control character.",
				"%s: the text holds a control character", w->name);
			return false;
		}
	}
	*(const char **)target = conf_take_text(r, v->text);
	return true;
}

bool conf_read_name(
	struct conf_reading *r, const struct conf_word *w, const struct conf_value *v, void *target)
{
	char shown[64];

	for (size_t i = 0; i < v->text.n; i++) {
		if (!isalnum(v->text.p[i]) && !memchr("._-", v->text.p[i], 3)) {
			conf_error(r, v->at, "Use letters a-z and A-Z, digits, '.', '_' and '-'.",
				"%s: '%s' is no name", w->name, conf_show(v->text, shown));
			return false;
		}
	}
	return conf_read_text(r, w, v, target);
}

bool conf_read_path(
	struct conf_reading *r, const struct conf_word *w, const struct conf_value *v, void *target)
{
	const char *path;

	if (!conf_read_text(r, w, v, &path))
		return false;
	if (path && path[0] != '/') {
		path = pool_printf(r->conf->pool, "%s/%s", v->folder, path);
		r->short_of_memory |= !path;
	}
	*(const char **)target = path;
	return true;
}

/* Whether it is there, and good for something, is found by whoever reads it. */
bool conf_read_private(
	struct conf_reading *r, const struct conf_word *w, const struct conf_value *v, void *target)
{
	struct stat about;
	const char *path;

	if (!conf_read_path(r, w, v, &path))
		return false;
	*(const char **)target = path;
	if (!path || stat(path, &about) != 0 || !(about.st_mode & S_IROTH))
		return true;
	r->unreadable = true;
	conf_error(r, v->at, "Take the right to read from others: chmod o-r.", "%s: everybody may read %s", w->name, path);
	return false;
}

bool conf_read_secret(
	struct conf_reading *r, const struct conf_word *w, const struct conf_value *v, void *target)
{
	/* Without a slash it is a name in the folder that the service manager makes at each start. */
	return v->text.n && memchr(v->text.p, '/', v->text.n) ? conf_read_path(r, w, v, target) :
		conf_read_name(r, w, v, target);
}

bool conf_read_token(
	struct conf_reading *r, const struct conf_word *w, const struct conf_value *v, void *target)
{
	if (v->text.n < 8 || memcmp(v->text.p, "pkcs11:", 7) != 0) {
		conf_error(r, v->at, "Write pkcs11:token=...;object=...", "%s: the value is no pkcs11: URI", w->name);
		return false;
	}
	if (memchr(v->text.p, '?', v->text.n) || memmem(v->text.p, v->text.n, "pin-", 4)) {
		conf_error(r, v->at, "Write the PIN into a file and name it in pin_file.",
			"%s: the URI may hold no query and no PIN", w->name);
		return false;
	}
	return conf_read_text(r, w, v, target);
}

bool conf_read_moment(
	struct conf_reading *r, const struct conf_word *w, const struct conf_value *v, void *target)
{
	struct stamp at;
	char shown[64];

	if (!stamp_parse(v->text, &at) || !at.has_offset) {
		conf_error(r, v->at, "Write date, time and offset, for example 2030-01-02T03:04:05+05:00.",
			"%s: '%s' is no moment with an offset", w->name, conf_show(v->text, shown));
		return false;
	}
	*(int64_t *)target = at.ms;
	return true;
}

bool conf_read_day(
	struct conf_reading *r, const struct conf_word *w, const struct conf_value *v, void *target)
{
	char text[32], shown[64];
	struct stamp midnight;

	snprintf(text, sizeof text, "%.*sT00:00:00", (int)(v->text.n < 20 ? v->text.n : 20), v->text.p);
	if (v->text.n != 10 || !stamp_parse(bytes_str(text), &midnight)) {
		conf_error(r, v->at, "Write year, month and day, for example 2030-01-02.", "%s: '%s' is no day", w->name,
			conf_show(v->text, shown));
		return false;
	}
	return conf_read_text(r, w, v, target);
}

/* 00:00 to 24:00. */
bool conf_read_hour(
	struct conf_reading *r, const struct conf_word *w, const struct conf_value *v, void *target)
{
	const unsigned char *p = v->text.p;
	bool shape = v->text.n == 5 && isdigit(p[0]) && isdigit(p[1]) && p[2] == ':' && isdigit(p[3]) && isdigit(p[4]);
	int hour = shape ? (p[0] - '0') * 10 + p[1] - '0' : 0, minute = shape ? (p[3] - '0') * 10 + p[4] - '0' : 0;
	char shown[64];

	if (!shape || minute > 59 || hour * 60 + minute > 24 * 60) {
		conf_error(r, v->at, "Write hours and minutes in quotes, for example \"09:00\".", "%s: '%s' is no time of day",
			w->name, conf_show(v->text, shown));
		return false;
	}
	*(int *)target = hour * 60 + minute;
	return true;
}

/* The end of a port number, 0..65535, that begins at `i`; 0 when it is none. */
static size_t conf_port_end(struct bytes text, size_t i)
{
	unsigned port = 0;
	size_t start = i;

	for (; i < text.n && isdigit(text.p[i]); i++) {
		port = port * 10 + (unsigned)(text.p[i] - '0');
		if (port > 65535)
			return 0;
	}
	return i > start ? i : 0;
}

/* The end of a host that begins at `i`: a name, IPv4 address, or IPv6 address in brackets; 0 for none. */
static size_t conf_host_end(struct bytes text, size_t i)
{
	size_t start = i;

	if (i < text.n && text.p[i] == '[') {
		for (i++; i < text.n && (isxdigit(text.p[i]) || text.p[i] == ':' || text.p[i] == '.'); i++)
			;
		return i < text.n && text.p[i] == ']' && i > start + 2 ? i + 1 : 0;
	}
	while (i < text.n && (isalnum(text.p[i]) || text.p[i] == '.' || text.p[i] == '-'))
		i++;
	return i > start ? i : 0;
}

bool conf_read_address(
	struct conf_reading *r, const struct conf_word *w, const struct conf_value *v, void *target)
{
	size_t colon = conf_host_end(v->text, 0);
	char shown[64];

	if (colon == 0 || colon >= v->text.n || v->text.p[colon] != ':' ||
		conf_port_end(v->text, colon + 1) != v->text.n) {
		conf_error(r, v->at, "Write host:port, for example 127.0.0.1:8080 or [::1]:8080.",
			"%s: '%s' is no address with a port", w->name, conf_show(v->text, shown));
		return false;
	}
	return conf_read_text(r, w, v, target);
}

bool conf_read_prefix(
	struct conf_reading *r, const struct conf_word *w, const struct conf_value *v, void *target)
{
	struct prefix prefix;
	char shown[64];

	if (!prefix_read(v->text, &prefix)) {
		conf_error(r, v->at, "Write an IP address, or a network with nothing set behind its bits, such as 192.0.2.0/24.",
			"%s: '%s' is no address and no network", w->name, conf_show(v->text, shown));
		return false;
	}
	return conf_read_text(r, w, v, target);
}

static bool conf_is_url(struct bytes t)
{
	size_t i = 0;

	if (t.n > 7 && memcmp(t.p, "http://", 7) == 0)
		i = 7;
	else if (t.n > 8 && memcmp(t.p, "https://", 8) == 0)
		i = 8;
	i = i ? conf_host_end(t, i) : 0;
	if (i && i < t.n && t.p[i] == ':')
		i = conf_port_end(t, i + 1);
	if (i == 0 || (i < t.n && t.p[i] != '/' && t.p[i] != '?'))
		return false;
	for (; i < t.n; i++) {
		if (t.p[i] <= 0x20 || t.p[i] >= 0x7f || strchr("#\"<>\\^`{|}", t.p[i]))
			return false;
	}
	return true;
}

bool conf_read_url(
	struct conf_reading *r, const struct conf_word *w, const struct conf_value *v, void *target)
{
	char shown[64];

	if (!conf_is_url(v->text)) {
		conf_error(r, v->at,
			"Write http:// or https://, a host, and if need be :port and a path, without user or "
			"'#'.",
			"%s: '%s' is no http or https address", w->name, conf_show(v->text, shown));
		return false;
	}
	return conf_read_text(r, w, v, target);
}

bool conf_read_url_path(
	struct conf_reading *r, const struct conf_word *w, const struct conf_value *v, void *target)
{
	char shown[64];

	for (size_t i = 0; i < v->text.n; i++) {
		if (v->text.p[0] != '/' || v->text.p[i] <= 0x20 || v->text.p[i] >= 0x7f ||
			strchr("?#\"<>\\^`{|}", v->text.p[i])) {
			conf_error(r, v->at, "Write a path that begins with '/', without '?' and '#'.",
				"%s: '%s' is no path of a URL", w->name, conf_show(v->text, shown));
			return false;
		}
	}
	return conf_read_text(r, w, v, target);
}

bool conf_read_hash(
	struct conf_reading *r, const struct conf_word *w, const struct conf_value *v, void *target)
{
	static const char *const begins[] = {"$y$", "$gy$", "$7$", "$6$", "$2b$"};
	bool known = false;

	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
		size_t n = strlen(begins[i]);

		known |= v->text.n > n + 20 && memcmp(v->text.p, begins[i], n) == 0;
	}
	for (size_t i = 0; i < v->text.n; i++)
		known &= isalnum(v->text.p[i]) || memchr("$./,=-", v->text.p[i], 6) != NULL;
	if (!known || v->text.n > 383) {
		conf_error(r, v->at, "Make it with: qaqpa hash-password.",
			"%s: the value is no password hash", w->name);
		return false;
	}
	return conf_read_text(r, w, v, target);
}

bool conf_read_registration(
	struct conf_reading *r, const struct conf_word *w, const struct conf_value *v, void *target)
{
	if (!iin_bin_is(v->text)) {
		conf_error(r, v->at, "Write the 12 digits without spaces; check for a mistyped digit.",
			"%s: the value is not 12 digits with a right check digit", w->name);
		return false;
	}
	return conf_read_text(r, w, v, target);
}

/* Arcs of digits without leading zeros, at least two of them, the first 0, 1 or 2. */
static bool conf_is_oid(struct bytes t)
{
	size_t arcs = 0, i = 0;

	while (i < t.n) {
		size_t start = i;

		while (i < t.n && isdigit(t.p[i]))
			i++;
		if (i == start || (i - start > 1 && t.p[start] == '0') || i - start > 19)
			return false;
		arcs++;
		if (i == t.n)
			break;
		if (t.p[i++] != '.' || i == t.n)
			return false;
	}
	return arcs > 1 && t.p[0] <= '2' && t.p[1] == '.';
}

bool conf_read_oid(
	struct conf_reading *r, const struct conf_word *w, const struct conf_value *v, void *target)
{
	char shown[64];

	if (!conf_is_oid(v->text)) {
		conf_error(r, v->at, "Write numbers with dots between them, for example 1.2.398.3.3.4.1.2.",
			"%s: '%s' is no object identifier", w->name, conf_show(v->text, shown));
		return false;
	}
	return conf_read_text(r, w, v, target);
}

bool conf_read_local_name(
	struct conf_reading *r, const struct conf_word *w, const struct conf_value *v, void *target)
{
	char shown[64];
	bool name = v->text.n > 0 && !isdigit(v->text.p[0]) && !memchr(".-", v->text.p[0], 2);

	for (size_t i = 0; i < v->text.n; i++)
		name &= isalnum(v->text.p[i]) || v->text.p[i] >= 0x80 || memchr("._-", v->text.p[i], 3);
	if (!name) {
		conf_error(r, v->at, "Write the element's name without prefix and colon.",
			"%s: '%s' is no local name of an element", w->name, conf_show(v->text, shown));
		return false;
	}
	return conf_read_text(r, w, v, target);
}

bool conf_read_reference(
	struct conf_reading *r, const struct conf_word *w, const struct conf_value *v, void *target)
{
	const char *name;

	(void)target; /* set by conf_check, when all objects are known */
	return conf_read_text(r, w, v, &name);
}
