/* SPDX-License-Identifier: GPL-3.0-or-later */
/* authority_make - the whole folder.
 * Promise:  everything is made in a folder beside the target and moved there in one act, so that nobody sees
 *           half of it and two runs at once do not mix. A folder that is complete, of the same algorithm and
 *           not near its end is left as it is, one of certs/make-test-pki or past its use is replaced; one
 *           that holds something else is refused.
 * Not here: one certificate (authority_certificate.c). */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ocsp.h>

#include "authority.h"
#include "base/ident.h"

#define MARK "test-pki.txt"  /* as certs/make-test-pki, which takes such a folder for one of its own */
#define VERSION "version 2\n"
#define NEAR_END 5184000     /* two months */
#define DAY_MS 86400000LL
#define PASSWORD_CHARACTERS 16

static outcome read_mark(const char *folder, struct buf *out, struct err *e)
{
	SCOPED(scoped_text) char *path = path_of(folder, MARK, "");

	return store_read(path, out, e);
}

static bool says_algorithm(const char *mark, enum authority_algorithm a)
{
	char line[64];

	snprintf(line, sizeof(line), "\nalgorithm %s\n", authority_algorithms[a]);
	return strstr(mark, line) != NULL;
}

/* Complete, of this algorithm, and usable for another two months. */
/* The table may have grown since. */
static bool has_everybody(const char *folder, enum authority_algorithm a)
{
	bool all = true;

	for (const struct entity *who = authority_entities; who->name && all; who++) {
		SCOPED(scoped_text) char *path = NULL;

		BUG_IF(asprintf(&path, "%s/%s.crt", folder, who->name) < 0);
		all = !entity_belongs(who, a) || access(path, R_OK) == 0;
	}
	return all;
}

static bool is_complete(const char *folder, enum authority_algorithm a)
{
	SCOPED(buf_free) struct buf mark = BUF(1u << 16);
	SCOPED(identity_drop) struct identity gateway = {0};
	time_t soon = time(NULL) + NEAR_END;

	return read_mark(folder, &mark, NULL).ok && strncmp(buf_cstr(&mark), VERSION, strlen(VERSION)) == 0 &&
		says_algorithm(buf_cstr(&mark), a) && has_everybody(folder, a) &&
		identity_load(folder, "gateway", &gateway, NULL).ok &&
		X509_cmp_time(X509_get0_notAfter(gateway.certificate), &soon) > 0;
}

static bool is_empty(const char *folder)
{
	DIR *open = opendir(folder);
	int entries = 0;

	while (open && readdir(open))
		entries++;
	if (open)
		closedir(open);
	return entries <= 2;
}

/* 16 characters; the authority demands small and capital letters and a digit. */
static void make_password(char out[PASSWORD_CHARACTERS + 1])
{
	static const char alphabet[] = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
	unsigned char random[PASSWORD_CHARACTERS];

	random_fill(random, sizeof(random));
	for (size_t i = 0; i < PASSWORD_CHARACTERS; i++)
		out[i] = alphabet[random[i] % (sizeof(alphabet) - 1)];
	out[0] = (char)('A' + random[0] % 8);
	out[1] = (char)('a' + random[1] % 8);
	out[2] = (char)('2' + random[2] % 8);
	out[PASSWORD_CHARACTERS] = 0;
}

static outcome save_pkcs12(const char *folder, const char *name, const struct identity *i, struct err *e)
{
	SCOPED(buf_wipe) struct buf p12 = BUF(1u << 16);
	SCOPED(scoped_text) char *path = path_of(folder, name, ".p12");
	SCOPED(scoped_text) char *word_path = path_of(folder, name, ".p12.password");
	char password[PASSWORD_CHARACTERS + 2];

	make_password(password);
	TRY(authority_pkcs12(i, password, &p12, e));
	TRY(store_write(path, buf_bytes(&p12), 0600, e));
	password[PASSWORD_CHARACTERS] = '\n';
	return store_write(word_path, (struct bytes){(unsigned char *)password, PASSWORD_CHARACTERS + 1}, 0600, e);
}

static outcome make_one(const char *folder, const struct entity *who, enum authority_algorithm a, const char *url,
	struct err *e)
{
	SCOPED(identity_drop) struct identity made = {0}, issuer = {0};
	bool own = strcmp(who->issuer, who->name) == 0;

	if (!own)
		TRY(identity_load(folder, who->issuer, &issuer, e));
	TRY(authority_key_make(who->key, a, &made.key, e));
	TRY(authority_issue(who, a, url, made.key, own ? NULL : &issuer, &made.certificate, e));
	TRY(identity_save(folder, who->name, &made, e));
	return save_pkcs12(folder, who->name, &made, e);
}

static outcome write_mark(const char *folder, const char *target, enum authority_algorithm a, const char *url, struct err *e)
{
	SCOPED(buf_free) struct buf text = BUF(1u << 16);
	SCOPED(scoped_text) char *path = path_of(folder, MARK, "");

	buf_printf(&text,
		VERSION "Test PKI in %s: <name>.crt is a PEM certificate, <name>.key its key (PKCS#8, PEM), <name>.p12\n"
		"both, with the password in <name>.p12.password\nalgorithm %s\naddress in the certificates %s\n",
		target, authority_algorithms[a], url);
	buf_str(&text, authority_listing);
	if (a == ALGORITHM_GOST)
		buf_str(&text, "GOST 2004         root-2004 issuing-2004 ocsp-2004 tsa-2004 department-2004\n");
	return store_write(path, buf_bytes(&text), 0644, e);
}

/* Signals that stop are held back while a folder is made, so that no half of one is left behind. */
static void hold_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(how, &set, NULL);
}

static bool shall_stop(void)
{
	sigset_t set;

	sigpending(&set);
	return sigismember(&set, SIGHUP) == 1 || sigismember(&set, SIGINT) == 1 || sigismember(&set, SIGTERM) == 1;
}

static outcome fill(const char *folder, const char *target, enum authority_algorithm a, const char *url, struct err *e)
{
	SCOPED(scoped_text) char *state = path_of(folder, "authority", "");
	int64_t now = now_ms();

	if (mkdir(state, 0700) != 0)
		return err_set(e, REASON_IO, "%s: %s", state, strerror(errno));
	for (const struct entity *who = authority_entities; who->name; who++) {
		if (shall_stop())
			return err_set(e, REASON_IO, "stopped");
		if (entity_belongs(who, a))
			TRY(make_one(folder, who, a, url, e));
	}
	TRY(register_begin(folder, now, e));
	TRY(register_add(folder, "revoked", OCSP_REVOKED_STATUS_KEYCOMPROMISE, now - 7 * DAY_MS, e));
	TRY(register_add(folder, "on-hold", OCSP_REVOKED_STATUS_CERTIFICATEHOLD, now - 2 * DAY_MS, e));
	return write_mark(folder, target, a, url, e);
}

static outcome put_in_place(const char *made, const char *folder, enum authority_algorithm a, bool replace, struct err *e)
{
	if (replace)
		TRY(folder_remove(folder, e));
	/* Over an absent or empty folder; fails when another run was faster, and then its result serves. */
	if (rename(made, folder) == 0)
		return DONE;
	if (!is_complete(folder, a))
		return err_set(e, REASON_IO, "%s: %s", folder, strerror(errno));
	return folder_remove(made, e);
}

static outcome make_beside(const char *folder, enum authority_algorithm a, const char *url, bool replace, struct err *e)
{
	SCOPED(scoped_text) char *beside = NULL;
	outcome made;

	TRY(folder_parents(folder, e));
	BUG_IF(asprintf(&beside, "%s.XXXXXX", folder) < 0);
	if (!mkdtemp(beside))
		return err_set(e, REASON_IO, "%s: %s", beside, strerror(errno));
	made = fill(beside, folder, a, url, e);
	if (made.ok)
		made = put_in_place(beside, folder, a, replace, e);
	if (!made.ok && !folder_remove(beside, NULL).ok)
		fprintf(stderr, "%s is left behind\n", beside);
	return made;
}

outcome authority_make(const char *folder, enum authority_algorithm a, const char *url, bool force, struct err *e)
{
	SCOPED(buf_free) struct buf mark = BUF(1u << 16);
	bool marked = read_mark(folder, &mark, NULL).ok;
	outcome made;

	if (!force && is_complete(folder, a))
		return DONE;
	if (!marked && !is_empty(folder))
		return err_set(e, REASON_USAGE, "%s holds something else; name an empty or new folder", folder);
	if (!force && strstr(buf_cstr(&mark), "\nalgorithm ") && !says_algorithm(buf_cstr(&mark), a))
		return err_set(e, REASON_USAGE, "%s holds a PKI of another algorithm; --force makes it anew", folder);
	hold_signals(SIG_BLOCK);
	made = make_beside(folder, a, url, marked, e);
	hold_signals(SIG_UNBLOCK);
	return made;
}
