/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_source - own keys out of PEM and PKCS#12 files, and the passwords that open them.
 * Promise:  a password is read when it is needed, from a file that its owner alone may touch, and wiped; what was read of
 *           a key file is wiped; nobody is ever asked at a terminal.
 * Not here: tokens (trust_token.c), whether the key is any good (trust_key.c).
 * Spec:     RFC 7292; systemd.exec(5), LoadCredential. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "trust/trust_int.h"

#define SECRET_OCTETS 1024

static inline void scoped_pkcs12(PKCS12 **p) { PKCS12_free(*p); }

/* The path of a file of passwords. The service manager gives credentials to the service alone and shows the right of its
 * user as that of a group. */
static outcome secret_path(const char *name, struct buf *path, mode_t *forbidden, struct err *e)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");

	*forbidden = TRUST_OTHERS;
	if (strchr(name, '/')) {
		buf_str(path, name);
	} else if (folder) {
		buf_printf(path, "%s/%s", folder, name);
		*forbidden = S_IRWXO;
	} else {
		return err_set(e, REASON_KEY_USELESS,
			"%s: the service manager gives no credentials; a path of a file has a slash", name);
	}
	return buf_ok(path) ? DONE : err_set(e, REASON_KEY_USELESS, "%s: the path is too long", name);
}

/* Whoever owns the file can change what is in it. */
static outcome check_owner(const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return err_set(e, REASON_KEY_USELESS, "%s: %s", path, strerror(errno));
	return st.st_uid == geteuid() || st.st_uid == 0 ? DONE :
		err_set(e, REASON_KEY_USELESS, "%s: belongs to another user", path);
}

outcome trust_secret_read(const char *name, struct buf *out, struct err *e)
{
	SCOPED(buf_free) struct buf where = BUF(PATH_MAX);
	const unsigned char *end;
	const char *path;
	mode_t forbidden;

	TRY(secret_path(name, &where, &forbidden, e));
	path = buf_cstr(&where);
	TRY(check_owner(path, e));
	TRY(trust_file_read(path, forbidden, out, e));
	end = memchr(out->data, '\n', out->len);
	if (end)
		out->len = (size_t)(end - out->data);
	if (out->len && out->data[out->len - 1] == '\r')
		out->len--;
	if (out->len == 0 || out->len > SECRET_OCTETS || memchr(out->data, 0, out->len))
		return err_set(e, REASON_KEY_USELESS, "%s: the first line is no password", path);
	out->data[out->len] = 0;
	return DONE;
}

outcome trust_source_certificate(const char *path, X509 **out, struct err *e)
{
	SCOPED(trust_certificates_free) STACK_OF(X509) *list = NULL;

	if (!trust_file_certificates(path, &list, e).ok) {
		if (e)
			e->reason = REASON_KEY_USELESS;
		return FAILED;
	}
	*out = sk_X509_shift(list); /* a chain may follow the certificate; it is not needed */
	return DONE;
}

struct password {
	struct bytes text;
	bool asked;
};

/* Instead of OpenSSL's own, which would ask at the terminal. */
static int give_password(char *to, int room, int writing, void *user)
{
	struct password *p = user;

	(void)writing;
	p->asked = true;
	if (!p->text.n || p->text.n > (size_t)room)
		return -1;
	memcpy(to, p->text.p, p->text.n);
	return (int)p->text.n;
}

static outcome read_pem(const struct conf_key *k, struct bytes word, EVP_PKEY **out, struct err *e)
{
	SCOPED(buf_wipe) struct buf text = BUF(TRUST_FILE_OCTETS + 8192);
	SCOPED(scoped_bio) BIO *in = NULL;
	struct password p = {.text = word};

	TRY(trust_file_read(k->key, TRUST_OTHERS, &text, e));
	in = BIO_new_mem_buf(text.data, (int)text.len);
	*out = in ? PEM_read_bio_PrivateKey(in, NULL, give_password, &p) : NULL;
	ERR_clear_error();
	if (*out && word.n && !p.asked)
		return err_set(e, REASON_KEY_USELESS, "%s: the key is not encrypted, yet it has a password", k->key);
	if (*out)
		return DONE;
	if (word.n)
		return err_set(e, REASON_KEY_USELESS, "%s: no private key in PEM that the password opens", k->key);
	return err_set(e, REASON_KEY_USELESS, "%s: no unencrypted private key in PEM", k->key);
}

static outcome read_pkcs12(const struct conf_key *k, const char *word, struct trust_source *out, struct err *e)
{
	SCOPED(buf_wipe) struct buf text = BUF(TRUST_FILE_OCTETS + 8192);
	SCOPED(scoped_pkcs12) PKCS12 *file = NULL;
	const unsigned char *p;
	bool opened;

	TRY(trust_file_read(k->pkcs12, TRUST_OTHERS, &text, e));
	p = text.data;
	file = d2i_PKCS12(NULL, &p, (long)text.len);
	ERR_clear_error();
	if (!file)
		return err_set(e, REASON_KEY_USELESS, "%s: no PKCS#12 file", k->pkcs12);
	if (PKCS12_verify_mac(file, word, -1) != 1) {
		ERR_clear_error();
		return err_set(e, REASON_KEY_USELESS, "%s: the password does not open it, or it is damaged", k->pkcs12);
	}
	opened = PKCS12_parse(file, word, &out->secret, &out->x509, NULL) == 1;
	ERR_clear_error();
	if (!opened || !out->secret || !out->x509)
		return err_set(e, REASON_KEY_USELESS, "%s: %s", k->pkcs12,
			opened ? "it lacks the key or its certificate" : "its content cannot be read");
	return DONE;
}

const char *trust_source_name(const struct conf_key *k)
{
	return k->pkcs12 ? k->pkcs12 : k->pkcs11 ? k->pkcs11 : k->key;
}

outcome trust_source_read(const struct conf_key *k, struct trust_source *out, struct err *e)
{
	SCOPED(buf_wipe) struct buf word = BUF(TRUST_FILE_OCTETS + 8192);

	if (k->pkcs11)
		return trust_token_read(k, out, e);
	if (k->password_file)
		TRY(trust_secret_read(k->password_file, &word, e));
	if (k->pkcs12)
		return read_pkcs12(k, buf_cstr(&word), out, e);
	TRY(trust_source_certificate(k->certificate, &out->x509, e));
	return read_pem(k, buf_bytes(&word), &out->secret, e);
}

void trust_source_drop(struct trust_source *s)
{
	EVP_PKEY_free(s->secret);
	X509_free(s->x509);
	trust_token_close(&s->token);
	*s = (struct trust_source){0};
}
