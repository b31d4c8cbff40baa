/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_request - a request for a certificate, in the profile of the National Certification Authority.
 * Promise:  a new key is written once, for its owner alone, and before the request that needs it is given; a file that is
 *           there is never overwritten.
 * Not here: what the authority makes of it.
 * Spec:     RFC 2986, RFC 5208; order of the subject: CN, SN, serialNumber, C, O, OU, GN. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/ident.h"
#include "crypto/crypto.h"

#include "trust/certificate.h"

#include "trust/trust_int.h"

static inline void scoped_request(X509_REQ **p) { X509_REQ_free(*p); }
static inline void scoped_extensions(X509_EXTENSIONS **p) { sk_X509_EXTENSION_pop_free(*p, X509_EXTENSION_free); }

static const char *const kinds[CERT_NEW_KEYS] = {
	[CERT_RSA_2048] = "rsa-2048",
	[CERT_RSA_3072] = "rsa-3072",
	[CERT_RSA_4096] = "rsa-4096",
	[CERT_EC_P256] = "ec-p256",
	[CERT_EC_P384] = "ec-p384",
	[CERT_GOST_2015] = "gost-2015",
};

const char *cert_new_key_name(enum cert_new_key k)
{
	BUG_IF(k >= CERT_NEW_KEYS);
	return kinds[k];
}

static EVP_PKEY *generate(enum cert_new_key kind)
{
	switch (kind) {
	case CERT_RSA_2048:
		return EVP_RSA_gen(2048);
	case CERT_RSA_3072:
		return EVP_RSA_gen(3072);
	case CERT_RSA_4096:
		return EVP_RSA_gen(4096);
	case CERT_EC_P256:
		return EVP_EC_gen("P-256");
	case CERT_EC_P384:
		return EVP_EC_gen("P-384");
	case CERT_GOST_2015:
		return crypto_generate(CRYPTO_CURVE_512);
	case CERT_NEW_KEYS:
		break;
	}
	return NULL;
}

static bool write_key(const char *path, EVP_PKEY *key, struct bytes word)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
	bool written = f && PEM_write_PKCS8PrivateKey(f, key, word.n ? EVP_aes_256_cbc() : NULL, (const char *)word.p,
				    (int)word.n, NULL, NULL) == 1;

	written = written && fflush(f) == 0 && fsync(fd) == 0;
	if (f)
		written = fclose(f) == 0 && written;
	else if (fd >= 0)
		close(fd);
	if (fd >= 0 && !written)
		unlink(path);
	return written;
}

static outcome new_key(const struct cert_request *r, EVP_PKEY **out, struct err *e)
{
	SCOPED(buf_wipe) struct buf word = BUF(TRUST_FILE_OCTETS + 8192);

	if (r->password_file)
		TRY(trust_secret_read(r->password_file, &word, e));
	if (access(r->key_path, F_OK) == 0)
		return err_set(e, REASON_IO, "%s: is there already", r->key_path);
	*out = generate(r->kind);
	if (!*out)
		return err_set(e, REASON_KEY_USELESS, "OpenSSL made no key");
	errno = 0;
	if (write_key(r->key_path, *out, buf_bytes(&word)))
		return DONE;
	return err_set(e, REASON_IO, "%s: %s", r->key_path, errno ? strerror(errno) : "the key cannot be written");
}

static bool add_name(X509_NAME *to, const char *type, const char *prefix, const char *value)
{
	char text[512];
	int n = value ? snprintf(text, sizeof(text), "%s%s", prefix, value) : 0;

	return n >= 0 && n < (int)sizeof(text) &&
		(!value || X509_NAME_add_entry_by_txt(to, type, MBSTRING_UTF8, (unsigned char *)text, -1, -1, 0) == 1);
}

static outcome set_subject(X509_REQ *request, const struct cert_request *r, struct err *e)
{
	X509_NAME *to = X509_REQ_get_subject_name(request);

	if (!r->common_name)
		return err_set(e, REASON_USAGE, "a common name is needed");
	if ((r->iin && !iin_bin_is(bytes_str(r->iin))) || (r->bin && !iin_bin_is(bytes_str(r->bin))))
		return err_set(e, REASON_USAGE, "the %s is not 12 digits with a right check digit",
			r->iin && !iin_bin_is(bytes_str(r->iin)) ? "IIN" : "BIN");
	if (add_name(to, "CN", "", r->common_name) && add_name(to, "SN", "", r->surname) &&
		add_name(to, "serialNumber", "IIN", r->iin) && add_name(to, "C", "", r->country) &&
		add_name(to, "O", "", r->organisation) && add_name(to, "OU", "BIN", r->bin) &&
		add_name(to, "GN", "", r->patronymic))
		return DONE;
	return err_set(e, REASON_USAGE, "a part of the subject is empty, too long or no UTF-8");
}

/* Before a key is made, which would be for nothing. */
static outcome check_purposes(const struct cert_request *r, struct err *e)
{
	for (size_t i = 0; i < r->purposes.n; i++) {
		ASN1_OBJECT *oid = OBJ_txt2obj(r->purposes.name[i], 1);

		ASN1_OBJECT_free(oid);
		if (!oid)
			return err_set(e, REASON_USAGE, "%.100s is no object identifier", r->purposes.name[i]);
	}
	return DONE;
}

static bool add_extension(X509_EXTENSIONS *to, int nid, const char *value)
{
	X509_EXTENSION *one = X509V3_EXT_nconf_nid(NULL, NULL, nid, value);

	if (one && sk_X509_EXTENSION_push(to, one) > 0)
		return true;
	X509_EXTENSION_free(one);
	return false;
}

static outcome set_extensions(X509_REQ *request, const struct cert_request *r, EVP_PKEY *key, struct err *e)
{
	SCOPED(scoped_extensions) X509_EXTENSIONS *list = sk_X509_EXTENSION_new_null();
	SCOPED(buf_free) struct buf purposes = BUF(8192);
	bool national = crypto_curve_of(key) != CRYPTO_CURVE_COUNT, added;

	for (size_t i = 0; i < r->purposes.n; i++)
		buf_printf(&purposes, "%s%s", i ? "," : "", r->purposes.name[i]);
	added = list && add_extension(list, NID_key_usage, national ? "critical,digitalSignature,nonRepudiation,keyAgreement"
								    : "critical,digitalSignature,nonRepudiation");
	if (purposes.len)
		added = added && add_extension(list, NID_ext_key_usage, buf_cstr(&purposes));
	return added && X509_REQ_add_extensions(request, list) == 1 ? DONE :
		err_set(e, REASON_MEMORY, "no memory for a request");
}

static outcome sign(X509_REQ *request, EVP_PKEY *key, struct buf *out, struct err *e)
{
	enum crypto_curve curve = crypto_curve_of(key);
	const EVP_MD *md = curve == CRYPTO_CURVE_512 ? crypto_md(CRYPTO_DIGEST_512)
		: curve == CRYPTO_CURVE_256	     ? crypto_md(CRYPTO_DIGEST_LEGACY)
		: EVP_PKEY_get_bits(key) == 384	     ? EVP_sha384()
						     : EVP_sha256();
	SCOPED(scoped_bio) BIO *text = BIO_new(BIO_s_mem());
	char *data;
	long n;

	if (X509_REQ_set_pubkey(request, key) != 1 || X509_REQ_sign(request, key, md) <= 0)
		return err_set(e, REASON_KEY_USELESS, "the request cannot be signed with this key");
	if (!text || PEM_write_bio_X509_REQ(text, request) != 1)
		return err_set(e, REASON_MEMORY, "no memory for a request");
	n = BIO_get_mem_data(text, &data);
	buf_add(out, (struct bytes){(const unsigned char *)data, (size_t)n});
	return buf_ok(out) ? DONE : err_set(e, REASON_MEMORY, "no memory for a request");
}

static outcome make(const struct cert_request *r, struct buf *out, struct err *e)
{
	SCOPED(scoped_request) X509_REQ *request = X509_REQ_new();
	SCOPED(scoped_pkey) EVP_PKEY *fresh = NULL;
	EVP_PKEY *key = r->own ? r->own->key : NULL;

	if (!request)
		return err_set(e, REASON_MEMORY, "no memory for a request");
	TRY(set_subject(request, r, e));
	TRY(check_purposes(r, e));
	if (!key) {
		TRY(new_key(r, &fresh, e));
		key = fresh;
	}
	TRY(set_extensions(request, r, key, e));
	return sign(request, key, out, e);
}

outcome cert_request_make(const struct cert_request *r, struct buf *out, struct err *e)
{
	outcome made;

	TRY(crypto_init(NULL, e));
	made = make(r, out, e);
	ERR_clear_error();
	return made;
}
