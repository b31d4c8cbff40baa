/* SPDX-License-Identifier: GPL-3.0-or-later */
/* authority_trouble - what each service does wrong on purpose, switched by a file.
 * Promise:  a trouble that a service does not have is refused, so that no test believes in one. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "authority.h"

#define TROUBLES "authority/troubles"
#define FILE_OCTETS (1u << 16)
#define SLOW_MS 5000
#define B(s) (1u << (s))
#define EVERY (B(SERVICE_COUNT) - 1)
#define LISTS (B(SERVICE_CRL) | B(SERVICE_DELTA))

static const char *const services[SERVICE_COUNT] = {"ocsp", "crl", "delta", "tsp", "ca"};

static const struct {
	const char *name, *help;
	unsigned services;
} troubles[TROUBLE_COUNT] = {
	[TROUBLE_NONE] = {"none", "nothing is wrong", EVERY},
	[TROUBLE_DOWN] = {"down", "HTTP 503", EVERY},
	[TROUBLE_SLOW] = {"slow", "answers after so many milliseconds (5000)", EVERY},
	[TROUBLE_EMPTY] = {"empty", "HTTP 200 and no octet", EVERY},
	[TROUBLE_LATER] = {"try-later", "tryLater; of tsp, status waiting", B(SERVICE_OCSP) | B(SERVICE_TSP)},
	[TROUBLE_REFUSED] = {"refused", "unauthorized; of tsp, a rejection", B(SERVICE_OCSP) | B(SERVICE_TSP)},
	[TROUBLE_NO_NONCE] = {"no-nonce", "the nonce is left out", B(SERVICE_OCSP)},
	[TROUBLE_WRONG_NONCE] = {"wrong-nonce", "another nonce", B(SERVICE_OCSP) | B(SERVICE_TSP)},
	[TROUBLE_WRONG_SIGNER] = {"wrong-signer",
		"a signer of the right issuer who is not meant for it; of tsp, of an attacker's issuer",
		B(SERVICE_OCSP) | B(SERVICE_TSP)},
	[TROUBLE_FORGED] = {"forged", "signed by an attacker under the authority's name; of tsp, a broken signature",
		B(SERVICE_OCSP) | LISTS | B(SERVICE_TSP)},
	[TROUBLE_STALE] = {"stale", "of two days ago, and past its nextUpdate", B(SERVICE_OCSP) | LISTS | B(SERVICE_TSP)},
	[TROUBLE_OTHER] = {"other", "about another certificate or imprint", B(SERVICE_OCSP) | B(SERVICE_TSP)},
	[TROUBLE_LAGGING] = {"lagging", "the list as it was when the folder was made; the delta list says more", B(SERVICE_CRL)},
};

static enum service service_named(const char *name)
{
	enum service s = SERVICE_OCSP;

	while (s < SERVICE_COUNT && strcmp(services[s], name) != 0)
		s++;
	return s;
}

static enum trouble trouble_named(const char *name)
{
	enum trouble t = TROUBLE_NONE;

	while (t < TROUBLE_COUNT && strcmp(troubles[t].name, name) != 0)
		t++;
	return t;
}

/* All rows of the file; without the file there is no trouble. */
static void read_all(const char *folder, enum trouble set[SERVICE_COUNT], int ms[SERVICE_COUNT])
{
	SCOPED(buf_free) struct buf text = BUF(FILE_OCTETS);
	SCOPED(scoped_text) char *path = path_of(folder, TROUBLES, "");
	const char *line;

	for (enum service s = SERVICE_OCSP; s < SERVICE_COUNT; s++)
		set[s] = TROUBLE_NONE, ms[s] = 0;
	if (!store_read(path, &text, NULL).ok)
		return;
	for (line = buf_cstr(&text); *line; line += strcspn(line, "\n"), line += *line == '\n') {
		char service[16], trouble[16];
		int value = 0;

		if (sscanf(line, "%15s %15s %d", service, trouble, &value) == 3 && service_named(service) < SERVICE_COUNT &&
			trouble_named(trouble) < TROUBLE_COUNT) {
			set[service_named(service)] = trouble_named(trouble);
			ms[service_named(service)] = value;
		}
	}
}

enum trouble trouble_read(const char *folder, enum service s, int *ms)
{
	enum trouble set[SERVICE_COUNT];
	int values[SERVICE_COUNT];

	read_all(folder, set, values);
	*ms = values[s];
	return set[s];
}

outcome trouble_write(const char *folder, const char *service, const char *trouble, const char *ms, struct err *e)
{
	SCOPED(buf_free) struct buf text = BUF(FILE_OCTETS);
	SCOPED(scoped_text) char *path = path_of(folder, TROUBLES, "");
	enum trouble set[SERVICE_COUNT], t = trouble_named(trouble);
	enum service s = service_named(service);
	int values[SERVICE_COUNT];
	char *end = NULL;
	long value = ms ? strtol(ms, &end, 10) : SLOW_MS;

	if (value < 0 || value > INT_MAX || (ms && (end == ms || *end)))
		return err_set(e, REASON_USAGE, "%s is no number of milliseconds", ms);
	if (s == SERVICE_COUNT || t == TROUBLE_COUNT || !(troubles[t].services & B(s)))
		return err_set(e, REASON_USAGE, "%s %s: there is no such trouble", service, trouble);
	read_all(folder, set, values);
	set[s] = t;
	values[s] = (int)value;
	for (s = SERVICE_OCSP; s < SERVICE_COUNT; s++)
		buf_printf(&text, "%s %s %d\n", services[s], troubles[set[s]].name, values[s]);
	return store_replace(path, buf_bytes(&text), 0600, e);
}

void trouble_list(struct buf *out)
{
	for (enum trouble t = TROUBLE_NONE; t < TROUBLE_COUNT; t++) {
		buf_printf(out, "  %-13s", troubles[t].name);
		for (enum service s = SERVICE_OCSP; s < SERVICE_COUNT; s++)
			buf_printf(out, " %-5s", troubles[t].services & B(s) ? services[s] : "");
		buf_printf(out, "  %s\n", troubles[t].help);
	}
}
