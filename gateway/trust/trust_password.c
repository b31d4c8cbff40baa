/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_password - passwords of participants against crypt(5) hashes.
 * Promise:  the dear hash is paid once per password, not per message; neither a password nor anything that
 *           could be tried against it outside this process is kept; comparing leaves no trace in time.
 * Not here: how often a caller may try. */
#include <crypt.h>
#include <pthread.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include "base/ident.h"
#include "base/memory.h"
#include "trust/trust_int.h"

#define SLOTS 256 /* one for each hash in use; two that fall together only cost time */

struct seen {
	bool used;
	unsigned char mac[32];
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char secret[32];
static struct seen slots[SLOTS];

static void make_secret(void)
{
	random_fill(secret, sizeof(secret));
}

/* A digest of hash and password that means nothing without the secret of this process. */
static bool keyed_digest(const char *hash, struct bytes password, unsigned char mac[32])
{
	SCOPED(buf_wipe) struct buf both = BUF(CRYPT_OUTPUT_SIZE + CRYPT_MAX_PASSPHRASE_SIZE + 16);

	buf_str(&both, hash);
	buf_char(&both, 0);
	buf_add(&both, password);
	pthread_once(&once, make_secret);
	return buf_ok(&both) &&
		HMAC(digest_md(DIGEST_SHA256), secret, sizeof(secret), both.data, both.len, mac, NULL);
}

static bool is_remembered(const struct seen *slot, const unsigned char mac[32])
{
	bool same;

	pthread_mutex_lock(&lock);
	same = slot->used && CRYPTO_memcmp(slot->mac, mac, 32) == 0;
	pthread_mutex_unlock(&lock);
	return same;
}

static void remember(struct seen *slot, const unsigned char mac[32])
{
	pthread_mutex_lock(&lock);
	slot->used = true;
	memcpy(slot->mac, mac, 32);
	pthread_mutex_unlock(&lock);
}

/* crypt(3) of the password with the setting into `out`; false when the setting is unknown or memory is short. */
static bool hash_with(const char *setting, struct bytes password, char out[CRYPT_OUTPUT_SIZE])
{
	struct crypt_data *data = memory_take(sizeof(*data));
	char text[CRYPT_MAX_PASSPHRASE_SIZE];
	const char *made = NULL;

	if (!data)
		return false;
	memset(data, 0, sizeof(*data));
	memcpy(text, password.p, password.n);
	text[password.n] = 0;
	made = crypt_rn(text, setting, data, sizeof(*data));
	if (made)
		memcpy(out, made, strlen(made) + 1);
	OPENSSL_cleanse(text, sizeof(text));
	OPENSSL_cleanse(data, sizeof(*data));
	free(data);
	return made != NULL;
}

/* What crypt(3) can take without cutting it. */
static bool is_password(struct bytes p)
{
	return p.n > 0 && p.n < CRYPT_MAX_PASSPHRASE_SIZE && !memchr(p.p, 0, p.n);
}

bool password_fits(const char *hash, struct bytes password)
{
	unsigned char at[32], mac[32];
	char made[CRYPT_OUTPUT_SIZE];
	struct seen *slot;

	if (!is_password(password) || strlen(hash) >= CRYPT_OUTPUT_SIZE || !keyed_digest(hash, password, mac))
		return false;
	sha256(bytes_str(hash), at);
	slot = &slots[at[0] % SLOTS];
	if (is_remembered(slot, mac))
		return true;
	if (!hash_with(hash, password, made) || !bytes_eq_secret(bytes_str(made), bytes_str(hash)))
		return false;
	remember(slot, mac);
	return true;
}

outcome password_hash(struct bytes password, char out[384], struct err *e)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	char made[CRYPT_OUTPUT_SIZE];
	unsigned char salt[16];

	_Static_assert(CRYPT_OUTPUT_SIZE <= 384, "the caller's room");
	if (!is_password(password))
		return err_set(e, REASON_USAGE, "a password has 1 to %d octets and no NUL",
			CRYPT_MAX_PASSPHRASE_SIZE - 1);
	random_fill(salt, sizeof(salt));
	if (!crypt_gensalt_rn("$y$", 0, (const char *)salt, sizeof(salt), setting, sizeof(setting)) ||
		!hash_with(setting, password, made))
		return err_set(e, REASON_INTERNAL, "libcrypt makes no yescrypt hash");
	memcpy(out, made, strlen(made) + 1);
	return DONE;
}
