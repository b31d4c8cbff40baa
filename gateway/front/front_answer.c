/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front_answer - the octets of an answer (RFC 9110, RFC 9112 section 4).
 * Promise:  head and body in one piece, so that a small answer is one write, or a long body untouched behind its head; the
 *           length is always stated. */

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "front/front_int.h"

/* Status line, Date, Content-Length, Retry-After, Connection, and the names of the other fields. */
#define FIXED_ROOM 256

static const char *status_phrase(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} rows[] = {
		{200, "OK"},
		{202, "Accepted"},
		{204, "No Content"},
		{304, "Not Modified"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{408, "Request Timeout"},
		{409, "Conflict"},
		{411, "Length Required"},
		{413, "Content Too Large"},
		{414, "URI Too Long"},
		{415, "Unsupported Media Type"},
		{417, "Expectation Failed"},
		{429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{502, "Bad Gateway"},
		{503, "Service Unavailable"},
		{504, "Gateway Timeout"},
		{505, "HTTP Version Not Supported"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].status == status)
			return rows[i].phrase;
	return "";
}

/* IMF-fixdate (RFC 9110 section 5.6.7); strftime would follow the locale. */
static void print_date(char out[32])
{
	static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t now = time(NULL);
	struct tm t;
	gmtime_r(&now, &t);
	snprintf(out, 32, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT", days + 3 * t.tm_wday,
		 (unsigned)t.tm_mday % 100, months + 3 * t.tm_mon, (unsigned)(t.tm_year + 1900) % 10000,
		 (unsigned)t.tm_hour % 100, (unsigned)t.tm_min % 100, (unsigned)t.tm_sec % 100);
}

static void add(struct front_store *out, const char *format, ...) PRINTF_LIKE(2, 3);
static void add(struct front_store *out, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf((char *)out->data + out->len, out->room - out->len, format, args);
	va_end(args);
	BUG_IF(n < 0 || (size_t)n >= out->room - out->len);
	out->len += (size_t)n;
}

static bool is_one_line(const char *text)
{
	return !text || !strpbrk(text, "\r\n");
}

bool front_answer_make(struct front *f, struct front_store *out, struct front_store *tail, const struct front_answer *a,
		       bool head_only, bool close)
{
	BUG_IF(a->status < 200 || a->status > 599 || !is_one_line(a->content_type) || !is_one_line(a->allow) ||
	       !is_one_line(a->authenticate));
	struct bytes body = a->content_type ? a->body : BYTES_NONE;
	size_t more = a->content_type && a->more ? a->more->len - a->more_from : 0;
	bool bodiless = a->status == 204 || a->status == 304; /* RFC 9110 section 8.6 */
	bool goes = !head_only && !bodiless;
	size_t fields = bytes_str(a->content_type).n + bytes_str(a->allow).n + bytes_str(a->authenticate).n;
	if (!front_store_force(f, out, FIXED_ROOM + fields + (goes ? body.n : 0)))
		return false;
	char date[32];
	print_date(date);
	add(out, "HTTP/1.1 %d %s\r\nDate: %s\r\n", a->status, status_phrase(a->status), date);
	if (a->content_type)
		add(out, "Content-Type: %s\r\n", a->content_type);
	if (!bodiless)
		add(out, "Content-Length: %zu\r\n", body.n + more);
	if (a->retry_after_s > 0)
		add(out, "Retry-After: %d\r\n", a->retry_after_s);
	if (a->allow)
		add(out, "Allow: %s\r\n", a->allow);
	if (a->authenticate)
		add(out, "WWW-Authenticate: %s\r\n", a->authenticate);
	add(out, "%s\r\n", close ? "Connection: close\r\n" : "");
	if (goes && body.n > 0) {
		memcpy(out->data + out->len, body.p, body.n);
		out->len += body.n;
	}
	if (goes && more > 0)
		front_store_take(f, tail, a->more, a->more_from);
	return true;
}
