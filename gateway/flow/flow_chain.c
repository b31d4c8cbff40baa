/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_chain - correlation identifiers that say themselves whose chain they are.
 *
 * The UUID holds four octets of the exchange, two that narrow down the participant that began the chain, and a keyed
 * digest over participant, service and those. A provider can answer a chain but not invent one, and neither Redis nor
 * the journal has to remember it. The key is a file beside the spooled bodies, shared by the gateways that share these. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ident.h"

#include "flow/flow_int.h"

#define CHAIN_OPEN 6 /* octets of the identifier that are not digest */

static bool read_secret(const char *path, unsigned char secret[32])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool whole = fd >= 0 && read(fd, secret, 32) == 32;

	if (fd >= 0)
		close(fd);
	return whole;
}

/* Made whole under another name and linked, so that two gateways that start at once agree on one. */
static bool make_secret(const char *path)
{
	char draft[4200];
	unsigned char secret[32];
	int fd;
	bool made;

	snprintf(draft, sizeof draft, "%s.%d", path, (int)getpid());
	random_fill(secret, sizeof secret);
	fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	made = fd >= 0 && write(fd, secret, sizeof secret) == sizeof secret && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	explicit_bzero(secret, sizeof secret);
	made = made && (link(draft, path) == 0 || errno == EEXIST);
	unlink(draft);
	return made;
}

outcome chain_open(struct flow *f, const char *folder, struct err *e)
{
	char path[4160];

	snprintf(path, sizeof path, "%.4096s/correlation.key", folder);
	if (read_secret(path, f->secret) || (make_secret(path) && read_secret(path, f->secret)))
		return DONE;
	return err_set(e, REASON_IO, "%.200s cannot be read or made", path);
}

/* H(key, H(key, data)): the outer digest keeps the inner from being extended. */
static void keyed(const struct flow *f, const struct bytes *part, size_t n, unsigned char out[64])
{
	digest_begin(DIGEST_SHA256);
	digest_add(NULL, f->secret, sizeof f->secret);
	for (size_t i = 0; i < n; i++) {
		digest_add(NULL, part[i].p, part[i].n);
		digest_add(NULL, "", 1);
	}
	digest_end(out);
	digest_begin(DIGEST_SHA256);
	digest_add(NULL, f->secret, sizeof f->secret);
	digest_add(NULL, out, 32);
	digest_end(out);
}

void chain_tag(const struct flow *f, const struct conf_participant *p, unsigned char tag[2])
{
	struct bytes part[] = {bytes_str(p->name)};
	unsigned char digest[64];

	keyed(f, part, 1, digest);
	memcpy(tag, digest, 2);
}

void flow_tag(const struct flow *f, struct snapshot *s)
{
	for (size_t i = 0; i < s->conf->participant_count; i++)
		chain_tag(f, &s->conf->participants[i], s->participants[i].tag);
}

/* Fills the digest into an identifier whose open octets are set; version and variant as of a random UUID. */
static void seal(const struct flow *f, const struct conf_participant *p, const struct conf_service *s, unsigned char id[16])
{
	struct bytes part[] = {bytes_str(p->name), bytes_str(s->id), {id, CHAIN_OPEN}};
	unsigned char digest[64];

	keyed(f, part, 3, digest);
	memcpy(id + CHAIN_OPEN, digest, 16 - CHAIN_OPEN);
	id[6] = (id[6] & 0x0F) | 0x40;
	id[8] = (id[8] & 0x3F) | 0x80;
}

static bool id_read(struct bytes text, unsigned char id[16])
{
	SCOPED(buf_free) struct buf hex = BUF(32), raw = BUF(16);

	for (size_t i = 0; i < text.n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash != (text.p[i] == '-'))
			return false;
		if (!dash)
			buf_char(&hex, (char)text.p[i]);
	}
	if (text.n != 36 || !hex_decode(buf_bytes(&hex), &raw) || raw.len != 16)
		return false;
	memcpy(id, raw.data, 16);
	return true;
}

void chain_new(const struct flow *f, const struct conf_participant *initiator, const struct conf_service *s,
	const char *exchange, char out[37])
{
	unsigned char id[16];

	BUG_IF(!id_read((struct bytes){(const unsigned char *)exchange + 1, 36}, id));
	chain_tag(f, initiator, id + 4);
	seal(f, initiator, s, id);
	snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", id[0], id[1], id[2], id[3],
		id[4], id[5], id[6], id[7], id[8], id[9], id[10], id[11], id[12], id[13], id[14], id[15]);
}

const struct conf_participant *chain_initiator(const struct flow *f, const struct snapshot *snap,
	const struct conf_service *s, struct bytes correlation_id)
{
	unsigned char id[16], wanted[16];

	if (!id_read(correlation_id, id))
		return NULL;
	for (size_t i = 0; i < snap->conf->participant_count; i++) {
		const struct conf_participant *p = &snap->conf->participants[i];

		if (memcmp(snap->participants[i].tag, id + 4, 2) != 0)
			continue;
		memcpy(wanted, id, CHAIN_OPEN);
		seal(f, p, s, wanted);
		if (bytes_eq_secret((struct bytes){id, 16}, (struct bytes){wanted, 16}))
			return p;
	}
	return NULL;
}
