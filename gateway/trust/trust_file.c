/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_file - certificates and keys out of files.
 * Promise:  a key file that anybody but its owner may touch is refused; what was read of it is wiped.
 * Not here: private keys (trust_source.c), whether they are any good (trust_check.c). */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "trust/trust_int.h"

#define DER_OCTETS ((size_t)1 << 16)

static void close_descriptor(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

outcome trust_file_read(const char *path, mode_t forbidden, struct buf *out, struct err *e)
{
	enum reason reason = forbidden ? REASON_KEY_USELESS : REASON_IO;
	SCOPED(close_descriptor) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	ssize_t got;

	if (fd < 0 || fstat(fd, &st) != 0)
		return err_set(e, reason, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)TRUST_FILE_OCTETS)
		return err_set(e, reason, "%s: not a file, or too large", path);
	if (st.st_mode & forbidden)
		return err_set(e, reason, "%s: mode %04o lets others touch the key; set it to 0600", path,
			(unsigned)(st.st_mode & 07777));
	if (!buf_reserve(out, (size_t)st.st_size + 4096)) /* at once: a buffer that moves leaves its content behind */
		return err_set(e, reason, "%s: no memory", path);
	do {
		unsigned char *to = buf_reserve(out, 4096);

		if (!to)
			return err_set(e, reason, "%s: too large", path);
		got = read(fd, to, 4096);
		if (got > 0)
			buf_grown(out, (size_t)got);
	} while (got > 0 || (got < 0 && errno == EINTR));
	return got == 0 ? DONE : err_set(e, reason, "%s: %s", path, strerror(errno));
}

outcome trust_der_read(struct bytes der, X509 **out, struct err *e)
{
	const unsigned char *p = der.p;
	X509 *x = der.n > 0 && der.n <= DER_OCTETS ? d2i_X509(NULL, &p, (long)der.n) : NULL;

	ERR_clear_error();
	if (!x)
		return err_set(e, REASON_SEC_TOKEN_BROKEN, "the octets are no certificate");
	/* d2i_X509 is content with a certificate at the front; what follows would be read by nobody. */
	if (p != der.p + der.n) {
		X509_free(x);
		return err_set(e, REASON_SEC_TOKEN_BROKEN, "%zu octets follow the certificate",
			(size_t)(der.p + der.n - p));
	}
	*out = x;
	return DONE;
}

outcome trust_der_write(const X509 *x, struct buf *out, unsigned char digest[32], struct err *e)
{
	size_t from = out->len;
	int n = i2d_X509(x, NULL);
	unsigned char *to = n > 0 ? buf_reserve(out, (size_t)n) : NULL;

	if (!to || i2d_X509(x, &to) != n)
		return err_set(e, REASON_MEMORY, "no memory for a certificate");
	buf_grown(out, (size_t)n);
	sha256(bytes_sub(buf_bytes(out), from, out->len), digest);
	return DONE;
}

outcome trust_certificate_read(const char *path, struct buf *der, struct err *e)
{
	SCOPED(trust_certificates_free) STACK_OF(X509) *list = NULL;
	unsigned char digest[32];

	TRY(trust_file_certificates(path, &list, e));
	if (sk_X509_num(list) != 1)
		return err_set(e, REASON_SEC_TOKEN_BROKEN, "%s: holds several certificates", path);
	return trust_der_write(sk_X509_value(list, 0), der, digest, e);
}

outcome trust_file_failed(const char *path, struct err *e)
{
	struct err was;

	if (!e)
		return FAILED;
	was = *e;
	return err_set(e, was.reason, "%s: %s", path, was.detail);
}

void trust_certificates_free(STACK_OF(X509) **list)
{
	sk_X509_pop_free(*list, X509_free);
	*list = NULL;
}

/* Every certificate of PEM text; other blocks are passed over, a damaged one is a failure. */
static bool read_pem(struct bytes text, STACK_OF(X509) *into)
{
	SCOPED(scoped_bio) BIO *in = BIO_new_mem_buf(text.p, (int)text.n);
	unsigned long code;
	X509 *x;

	if (!in)
		return false;
	ERR_clear_error();
	while ((x = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
		if (sk_X509_push(into, x) <= 0) {
			X509_free(x);
			return false;
		}
	}
	code = ERR_peek_last_error();
	ERR_clear_error();
	return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE &&
		sk_X509_num(into) > 0;
}

outcome trust_file_certificates(const char *path, STACK_OF(X509) **out, struct err *e)
{
	SCOPED(buf_free) struct buf text = BUF(TRUST_FILE_OCTETS + 8192);
	SCOPED(trust_certificates_free) STACK_OF(X509) *list = sk_X509_new_null();
	X509 *single = NULL;

	TRY(trust_file_read(path, 0, &text, e));
	if (!list)
		return err_set(e, REASON_MEMORY, "%s: no memory", path);
	if (trust_der_read(buf_bytes(&text), &single, NULL).ok) {
		if (sk_X509_push(list, single) <= 0) {
			X509_free(single);
			return err_set(e, REASON_MEMORY, "%s: no memory", path);
		}
	} else if (!read_pem(buf_bytes(&text), list)) {
		return err_set(e, REASON_SEC_TOKEN_BROKEN, "%s: no certificate in PEM or DER", path);
	}
	*out = list;
	list = NULL;
	return DONE;
}
