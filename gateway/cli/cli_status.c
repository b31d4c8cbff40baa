/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_status - is a certificate revoked? The authority is asked now; what a running gateway knows is left alone. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "flow/flow.h"
#include "revocation/revocation.h"
#include "trust/certificate.h"

#include "cli/cli_status.h"

enum { CHAIN_MOST = 8 };

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st, (void)kind, (void)where;
	return remove(path);
}

struct folder {
	char path[4096];
};

static void folder_drop(struct folder *f)
{
	if (f->path[0])
		nftw(f->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static enum cli_verdict tell(const struct revocation_answer *a, struct buf *words, bool steps)
{
	static const struct {
		enum cli_verdict code;
		const char *word;
	} verdicts[] = {
		[REVOCATION_VALID] = {CLI_VALID, "not revoked"},
		[REVOCATION_INVALID] = {CLI_INVALID, "revoked"},
		[REVOCATION_UNKNOWN] = {CLI_CANNOT_TELL, "cannot tell"},
	};

	if (steps)
		cli_write(buf_bytes(words));
	printf("revocation: %s: %s (%s)\n", verdicts[a->verdict].word, revocation_reason_says(a->reason),
		revocation_reason_text(a->reason));
	return verdicts[a->verdict].code;
}

static enum cli_verdict ask(const struct revocation_desk *desk, struct bytes der, bool steps)
{
	SCOPED(buf_free) struct buf words = BUF(1u << 16);
	struct revocation_answer answer;

	revocation_check(revocation_desk_room(desk), der, stamp_now().ms, &answer, &words);
	return tell(&answer, &words, steps);
}

/* The certificate, then the authorities above it whose own status is told. */
static enum cli_verdict ask_chain(const struct revocation_desk *desk, struct bytes der, bool steps)
{
	SCOPED(pool_free) struct pool *pool = pool_new(1u << 20);
	enum cli_verdict verdict = ask(desk, der, steps);
	const struct desk_authority *a;
	struct cert_view view;

	if (!pool || !cert_view_read(pool, der, &view, NULL).ok)
		return CLI_CANNOT_TELL;
	a = revocation_desk_authority(desk, view.issuer);
	for (int depth = 0; a && depth < CHAIN_MOST && verdict == CLI_VALID; depth++) {
		printf("its authority: %s\n", a->subject);
		verdict = ask(desk, a->der, steps);
		a = revocation_desk_authority(desk, a->issuer);
	}
	return verdict;
}

enum cli_verdict cli_status(const struct conf *c, struct bytes der, bool steps)
{
	SCOPED(folder_drop) struct folder folder = {.path = ""};
	SCOPED(revocation_desk_close) struct revocation_desk *desk = NULL;
	const char *tmp = getenv("TMPDIR");
	struct err e;

	if (!c->revocation.directory) {
		if (steps)
			printf("revocation: not checked, the configuration has no section revocation\n");
		return CLI_VALID;
	}
	snprintf(folder.path, sizeof folder.path, "%.4000s/qaqpa-status-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(folder.path)) {
		folder.path[0] = 0;
		fprintf(stderr, "qaqpa: a temporary folder: %m\n");
		return CLI_CANNOT_TELL;
	}
	if (!revocation_desk_open(c, folder.path, &desk, &e).ok) {
		cli_fail(&e);
		return CLI_CANNOT_TELL;
	}
	return ask_chain(desk, der, steps);
}
