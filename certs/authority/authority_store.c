/* SPDX-License-Identifier: GPL-3.0-or-later */
/* authority_store - what lies in the folder.
 * Promise:  whoever reads a file that is replaced sees the old one or the new one; keys are made with mode
 *           0600. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "authority.h"

static inline void scoped_bio(BIO **p) { BIO_free(*p); }
static inline void scoped_p8(PKCS8_PRIV_KEY_INFO **p) { PKCS8_PRIV_KEY_INFO_free(*p); }
static void scoped_descriptor(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

char *path_of(const char *folder, const char *name, const char *ending)
{
	char *path = NULL;

	BUG_IF(asprintf(&path, "%s/%s%s", folder, name, ending) < 0);
	return path;
}

static outcome failed(struct err *e, const char *path)
{
	return err_set(e, REASON_IO, "%s: %s", path, strerror(errno));
}

static outcome write_with(const char *path, int flags, struct bytes octets, int mode, struct err *e)
{
	SCOPED(scoped_descriptor) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, mode);

	if (fd < 0 || write(fd, octets.p, octets.n) != (ssize_t)octets.n)
		return failed(e, path);
	return DONE;
}

outcome store_write(const char *path, struct bytes octets, int mode, struct err *e)
{
	return write_with(path, O_TRUNC, octets, mode, e);
}

outcome store_add(const char *path, struct bytes line, struct err *e)
{
	return write_with(path, O_APPEND, line, 0600, e);
}

outcome store_replace(const char *path, struct bytes octets, int mode, struct err *e)
{
	char pid[32];
	SCOPED(scoped_text) char *beside = NULL;

	snprintf(pid, sizeof(pid), ".%ld", (long)getpid());
	BUG_IF(asprintf(&beside, "%s%s", path, pid) < 0);
	TRY(store_write(beside, octets, mode, e));
	return rename(beside, path) == 0 ? DONE : failed(e, path);
}

outcome store_read(const char *path, struct buf *out, struct err *e)
{
	SCOPED(scoped_descriptor) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : 1;

	while (got > 0) {
		unsigned char *to = buf_reserve(out, 4096);

		if (!to)
			return err_set(e, REASON_IO, "%s: too large", path);
		got = read(fd, to, 4096);
		if (got > 0)
			buf_grown(out, (size_t)got);
	}
	return got == 0 ? DONE : failed(e, path);
}

outcome folder_parents(const char *path, struct err *e)
{
	SCOPED(scoped_text) char *above = strdup(path);
	char *slash = above;

	BUG_IF(!above);
	while ((slash = strchr(slash + 1, '/')) != NULL) {
		*slash = 0;
		if (mkdir(above, 0777) != 0 && errno != EEXIST)
			return failed(e, above);
		*slash = '/';
	}
	return DONE;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st, (void)kind, (void)where;
	return remove(path);
}

outcome folder_remove(const char *path, struct err *e)
{
	return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 ? DONE : failed(e, path);
}

static outcome save_bio(const char *folder, const char *name, const char *ending, BIO *out, int mode, struct err *e)
{
	SCOPED(scoped_text) char *path = path_of(folder, name, ending);
	char *octets = NULL;
	long n = BIO_get_mem_data(out, &octets);

	return store_write(path, (struct bytes){(unsigned char *)octets, (size_t)n}, mode, e);
}

/* PKCS#8 by hand: OpenSSL's encoders do not know national keys. */
outcome identity_save(const char *folder, const char *name, const struct identity *i, struct err *e)
{
	SCOPED(scoped_bio) BIO *certificate = BIO_new(BIO_s_mem()), *key = BIO_new(BIO_s_secmem());
	SCOPED(scoped_p8) PKCS8_PRIV_KEY_INFO *secret = EVP_PKEY2PKCS8(i->key);

	if (!certificate || !key || !secret || PEM_write_bio_X509(certificate, i->certificate) != 1 ||
		PEM_write_bio_PKCS8_PRIV_KEY_INFO(key, secret) != 1)
		return openssl_failed(e, name);
	TRY(save_bio(folder, name, ".crt", certificate, 0644, e));
	return save_bio(folder, name, ".key", key, 0600, e);
}

outcome identity_load(const char *folder, const char *name, struct identity *out, struct err *e)
{
	SCOPED(scoped_text) char *certificate = path_of(folder, name, ".crt"), *key = path_of(folder, name, ".key");
	SCOPED(scoped_bio) BIO *from = BIO_new_file(certificate, "r"), *secret = BIO_new_file(key, "r");
	struct identity i = {0};

	if (from)
		i.certificate = PEM_read_bio_X509(from, NULL, NULL, NULL);
	if (secret)
		i.key = PEM_read_bio_PrivateKey(secret, NULL, NULL, NULL);
	if (!i.certificate || !i.key) {
		identity_drop(&i);
		return openssl_failed(e, certificate);
	}
	ERR_clear_error();
	*out = i;
	return DONE;
}
