/* SPDX-License-Identifier: GPL-3.0-or-later */
/* authority_register - what was revoked: one line an event, added at the end and never changed.
 * Promise:  a line is one write, so a reader sees it whole or not at all, and a running server sees it with
 *           the next question.
 * Not here: CRLs and answers made of it. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/ocsp.h>

#include "authority.h"

#define REGISTER_OCTETS (1u << 22)

/* Names as in RFC 5280, each at its code. */
static const char *const reasons[] = {
	"unspecified", "keyCompromise", "cACompromise", "affiliationChanged", "superseded", "cessationOfOperation",
	"certificateHold", NULL, "removeFromCRL", "privilegeWithdrawn", "aACompromise",
};

int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

char *serial_text(const ASN1_INTEGER *serial)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(serial, NULL);
	char *hex = number ? BN_bn2hex(number) : NULL;
	char *text = hex ? strdup(hex) : NULL;

	BUG_IF(!text);
	BN_free(number);
	OPENSSL_free(hex);
	return text;
}

static char *register_path(const char *folder)
{
	return path_of(folder, "authority/register", "");
}

void register_free(struct revocation_register *r)
{
	free(r->events);
	*r = (struct revocation_register){0};
}

/* A line is: milliseconds, issuer, serial, reason, and for people the name. */
static bool take_line(struct revocation_register *r, const char *line)
{
	struct revocation_event *event = &r->events[r->count];
	long long ms;

	if (sscanf(line, "base %lld", &ms) == 1) {
		r->base_ms = ms;
		return true;
	}
	if (sscanf(line, "%lld %31s %47s %d", &ms, event->issuer, event->serial, &event->reason) != 4)
		return false;
	event->ms = ms;
	r->count++;
	return true;
}

outcome register_read(const char *folder, struct revocation_register *out, struct err *e)
{
	SCOPED(buf_free) struct buf text = BUF(REGISTER_OCTETS);
	SCOPED(scoped_text) char *path = register_path(folder);
	size_t lines = 0;

	TRY(store_read(path, &text, e));
	for (const char *p = buf_cstr(&text); *p; p++)
		lines += *p == '\n';
	out->events = calloc(lines + 1, sizeof(*out->events));
	BUG_IF(!out->events);
	for (const char *line = buf_cstr(&text); *line; line = strchr(line, '\n') + 1) {
		if (!strchr(line, '\n') || !take_line(out, line))
			return err_set(e, REASON_IO, "%s: a line cannot be read", path);
	}
	return DONE;
}

const struct revocation_event *register_state(
	const struct revocation_register *r, const char *issuer, const char *serial, int64_t at_ms)
{
	const struct revocation_event *last = NULL;

	for (const struct revocation_event *event = r->events; event < r->events + r->count; event++) {
		if (event->ms <= at_ms && strcmp(event->issuer, issuer) == 0 && strcmp(event->serial, serial) == 0)
			last = event;
	}
	return last && last->reason != OCSP_REVOKED_STATUS_REMOVEFROMCRL ? last : NULL;
}

outcome register_begin(const char *folder, int64_t base_ms, struct err *e)
{
	SCOPED(buf_free) struct buf line = BUF(64);
	SCOPED(scoped_text) char *path = register_path(folder);

	buf_printf(&line, "base %lld\n", (long long)base_ms);
	return store_add(path, buf_bytes(&line), e);
}

/* Which of our authorities issued it: by the table, so that an attacker's certificate is not ours. */
static outcome find(const char *folder, const char *name, const char **issuer, char **serial, struct err *e)
{
	SCOPED(identity_drop) struct identity i = {0};
	const struct entity *who = entity_named(name);
	const struct issuer_row *row = authority_issuers;

	while (who && row->name && strcmp(row->name, who->issuer) != 0)
		row++;
	if (!who || !row->name)
		return err_set(e, REASON_USAGE, "%s is not issued by this authority", name);
	TRY(identity_load(folder, name, &i, e));
	*issuer = row->name;
	*serial = serial_text(X509_get0_serialNumber(i.certificate));
	return DONE;
}

outcome register_add(const char *folder, const char *name, int reason, int64_t ms, struct err *e)
{
	SCOPED(buf_free) struct buf line = BUF(512);
	SCOPED(scoped_text) char *path = register_path(folder);
	SCOPED(scoped_text) char *serial = NULL;
	const char *issuer;

	TRY(find(folder, name, &issuer, &serial, e));
	buf_printf(&line, "%lld %s %s %d %s\n", (long long)ms, issuer, serial, reason, name);
	return store_add(path, buf_bytes(&line), e);
}

/* What is in force now for the name; 0 events: *reason is -1. */
static outcome state_of(const char *folder, const char *name, int *reason, struct err *e)
{
	SCOPED(register_free) struct revocation_register r = {0};
	SCOPED(scoped_text) char *serial = NULL;
	const struct revocation_event *state;
	const char *issuer;

	TRY(find(folder, name, &issuer, &serial, e));
	TRY(register_read(folder, &r, e));
	state = register_state(&r, issuer, serial, now_ms());
	*reason = state ? state->reason : -1;
	return DONE;
}

outcome register_revoke(const char *folder, const char *name, const char *reason, struct err *e)
{
	int was, code = 0;

	if (strcmp(reason, "hold") == 0)
		reason = "certificateHold";
	while (code < 11 && (!reasons[code] || strcmp(reasons[code], reason) != 0))
		code++;
	if (code == 11 || code == OCSP_REVOKED_STATUS_REMOVEFROMCRL)
		return err_set(e, REASON_USAGE, "%s is no reason of a revocation", reason);
	TRY(state_of(folder, name, &was, e));
	if (was >= 0 && was != OCSP_REVOKED_STATUS_CERTIFICATEHOLD)
		return err_set(e, REASON_USAGE, "%s is revoked already, for good", name);
	return register_add(folder, name, code, now_ms(), e);
}

outcome register_unrevoke(const char *folder, const char *name, struct err *e)
{
	int was;

	TRY(state_of(folder, name, &was, e));
	if (was != OCSP_REVOKED_STATUS_CERTIFICATEHOLD)
		return err_set(e, REASON_USAGE, "%s is not on hold; only a hold can be lifted", name);
	return register_add(folder, name, OCSP_REVOKED_STATUS_REMOVEFROMCRL, now_ms(), e);
}
