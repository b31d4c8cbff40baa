/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ident - fresh identifiers and national registration numbers. Spec: RFC 4122 4.4. */
#include <ctype.h>
#include <stdio.h>
#include <sys/random.h>

#include "base/ident.h"

void random_fill(void *out, size_t n)
{
	unsigned char *p = out;

	while (n) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0)
			continue; /* EINTR is the only failure of a blocking getrandom */
		p += got;
		n -= (size_t)got;
	}
}

void uuid_new(char out[37])
{
	static const char digit[] = "0123456789abcdef";
	unsigned char r[16];
	char *p = out;

	random_fill(r, sizeof r);
	r[6] = (r[6] & 0x0F) | 0x40;
	r[8] = (r[8] & 0x3F) | 0x80;
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = digit[r[i] >> 4];
		*p++ = digit[r[i] & 15];
	}
	*p = 0;
}

void guid_new(char out[39])
{
	out[0] = '{';
	uuid_new(out + 1);
	out[37] = '}';
	out[38] = 0;
}

bool guid_is(struct bytes text)
{
	if (text.n != 38 || text.p[0] != '{' || text.p[37] != '}')
		return false;
	for (size_t i = 1; i < 37; i++) {
		bool dash = i == 9 || i == 14 || i == 19 || i == 24;

		if (dash ? text.p[i] != '-' : !isxdigit(text.p[i]))
			return false;
	}
	return true;
}

static const char error_digits[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

void error_id_new(char out[13])
{
	unsigned char r[12];

	random_fill(r, sizeof r);
	for (int i = 0; i < 12; i++)
		out[i] = error_digits[r[i] & 31];
	out[12] = 0;
}

bool error_id_is(struct bytes text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (!memchr(error_digits, text.p[i], sizeof error_digits - 1))
			return false;
	}
	return text.n == 12;
}

bool iin_bin_is(struct bytes text)
{
	int first = 0, second = 0;

	if (text.n != 12)
		return false;
	for (int i = 0; i < 12; i++) {
		int d = text.p[i] - '0';

		if (d < 0 || d > 9)
			return false;
		if (i < 11) {
			first += d * (i + 1);
			second += d * ((i + 2) % 11 + 1);
		}
	}
	if (first % 11 == 10)
		first = second;
	return first % 11 == text.p[11] - '0';
}

/* Of the twelve digits: year, month and day of birth, century and sex. An organisation has 4 to 6 where the day begins. */
static bool is_person(struct bytes digits)
{
	const unsigned char *d = digits.p;
	int month = (d[2] - '0') * 10 + d[3] - '0';
	int day = (d[4] - '0') * 10 + d[5] - '0';

	return month >= 1 && month <= 12 && day >= 1 && day <= 31 && d[6] <= '6' && iin_bin_is(digits);
}

void iin_hide(char *text, size_t n)
{
	size_t digits = 0;

	for (size_t i = 0; i <= n; i++) {
		if (i < n && text[i] >= '0' && text[i] <= '9') {
			digits++;
			continue;
		}
		if (digits == 12 && is_person((struct bytes){(unsigned char *)text + i - 12, 12}))
			memset(text + i - 12, '*', 6);
		digits = 0;
	}
}
