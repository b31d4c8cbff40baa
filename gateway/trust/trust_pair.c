/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_pair - SHA-256 over two texts at once, by the instructions that processors have for it.
 * A round waits for the one before it longer than the processor needs for it, so a second text costs hardly anything.
 * Promise:  the states are what OpenSSL would make of the same blocks; where the instructions are missing, OpenSSL does.
 * Spec:     FIPS 180-4 sections 5.3.3 and 6.2. */
#define OPENSSL_API_COMPAT 0x10101000L

#include "trust/trust_int.h"

enum { BLOCK = SHA256_CBLOCK };

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>

/* All in one function without loops over parts of a block: with those it takes a quarter longer. */
#define BY_PROCESSOR static inline __attribute__((always_inline, target("sha,sse4.1")))

static const uint32_t constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* The words a to h of a text as the instructions want them, and sixteen words of its schedule. */
struct lane {
	__m128i abef, cdgh, w[4];
};

BY_PROCESSOR __m128i four(const void *p)
{
	return _mm_loadu_si128(p);
}

BY_PROCESSOR void lane_open(struct lane *l, const SHA_LONG h[8])
{
	const __m128i abcd = _mm_shuffle_epi32(four(h), 0xB1), efgh = _mm_shuffle_epi32(four(h + 4), 0x1B);

	l->abef = _mm_alignr_epi8(abcd, efgh, 8);
	l->cdgh = _mm_blend_epi16(efgh, abcd, 0xF0);
}

BY_PROCESSOR void lane_close(const struct lane *l, SHA_LONG h[8])
{
	const __m128i feba = _mm_shuffle_epi32(l->abef, 0x1B), dchg = _mm_shuffle_epi32(l->cdgh, 0xB1);

	_mm_storeu_si128((void *)h, _mm_blend_epi16(feba, dchg, 0xF0));
	_mm_storeu_si128((void *)(h + 4), _mm_alignr_epi8(dchg, feba, 8));
}

BY_PROCESSOR void lane_read(struct lane *l, const unsigned char *block)
{
	const __m128i swap = _mm_set_epi64x(0x0C0D0E0F08090A0B, 0x0405060700010203);

	l->w[0] = _mm_shuffle_epi8(four(block), swap);
	l->w[1] = _mm_shuffle_epi8(four(block + 16), swap);
	l->w[2] = _mm_shuffle_epi8(four(block + 32), swap);
	l->w[3] = _mm_shuffle_epi8(four(block + 48), swap);
}

/* Four rounds, with the words at `j`. */
BY_PROCESSOR void lane_rounds(struct lane *l, int j, const uint32_t *k)
{
	const __m128i sum = _mm_add_epi32(l->w[j], four(k));

	l->cdgh = _mm_sha256rnds2_epu32(l->cdgh, l->abef, sum);
	l->abef = _mm_sha256rnds2_epu32(l->abef, l->cdgh, _mm_shuffle_epi32(sum, 0x0E));
}

/* The words at `j` for sixteen rounds later. */
BY_PROCESSOR void lane_schedule(struct lane *l, int j)
{
	const __m128i before = l->w[(j + 3) & 3], middle = _mm_alignr_epi8(before, l->w[(j + 2) & 3], 4);
	const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(l->w[j], l->w[(j + 1) & 3]), middle);

	l->w[j] = _mm_sha256msg2_epu32(sum, before);
}

BY_PROCESSOR void both_rounds(struct lane *a, struct lane *b, int j, const uint32_t *k)
{
	lane_rounds(a, j, k + 4 * j);
	lane_rounds(b, j, k + 4 * j);
}

BY_PROCESSOR void both_go_on(struct lane *a, struct lane *b, int j, const uint32_t *k)
{
	both_rounds(a, b, j, k);
	lane_schedule(a, j);
	lane_schedule(b, j);
}

BY_PROCESSOR void both_sixteen(struct lane *a, struct lane *b, const uint32_t *k)
{
	both_go_on(a, b, 0, k);
	both_go_on(a, b, 1, k);
	both_go_on(a, b, 2, k);
	both_go_on(a, b, 3, k);
}

static __attribute__((target("sha,sse4.1"))) void blocks(SHA_LONG ha[8], const unsigned char *a, SHA_LONG hb[8],
	const unsigned char *b, size_t n)
{
	struct lane x, y;

	lane_open(&x, ha);
	lane_open(&y, hb);
	for (; n > 0; n--, a += BLOCK, b += BLOCK) {
		const __m128i xa = x.abef, xc = x.cdgh, ya = y.abef, yc = y.cdgh;
		const uint32_t *last = constants + 48;

		lane_read(&x, a);
		lane_read(&y, b);
		both_sixteen(&x, &y, constants);
		both_sixteen(&x, &y, constants + 16);
		both_sixteen(&x, &y, constants + 32);
		both_rounds(&x, &y, 0, last);
		both_rounds(&x, &y, 1, last);
		both_rounds(&x, &y, 2, last);
		both_rounds(&x, &y, 3, last);
		x.abef = _mm_add_epi32(x.abef, xa);
		x.cdgh = _mm_add_epi32(x.cdgh, xc);
		y.abef = _mm_add_epi32(y.abef, ya);
		y.cdgh = _mm_add_epi32(y.cdgh, yc);
	}
	lane_close(&x, ha);
	lane_close(&y, hb);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool able;

static void ask_processor(void)
{
	unsigned a, b, c, d;

	able = __get_cpuid(1, &a, &b, &c, &d) && c & bit_SSE4_1 && __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & bit_SHA;
}

static bool is_able(void)
{
	pthread_once(&once, ask_processor);
	return able;
}
#else
static void blocks(SHA_LONG ha[8], const unsigned char *a, SHA_LONG hb[8], const unsigned char *b, size_t n)
{
	(void)ha, (void)a, (void)hb, (void)b, (void)n;
}

static bool is_able(void) { return false; }
#endif

/* Whole blocks were added without OpenSSL, which counts bits. */
static void count(SHA256_CTX *c, size_t octets)
{
	const uint64_t bits = ((uint64_t)c->Nh << 32 | c->Nl) + (uint64_t)octets * 8;

	c->Nl = (SHA_LONG)bits;
	c->Nh = (SHA_LONG)(bits >> 32);
}

/* Adds what fills the block that was begun. */
static void fill(SHA256_CTX *c, struct bytes *text)
{
	const size_t n = c->num ? BLOCK - c->num : 0;

	SHA256_Update(c, text->p, n);
	*text = bytes_sub(*text, n, text->n);
}

static void skip(SHA256_CTX *c, struct bytes *text, size_t n)
{
	count(c, n);
	*text = bytes_sub(*text, n, text->n);
}

void sha256_pair(SHA256_CTX *c, struct bytes text, SHA256_CTX *beside, struct bytes *left)
{
	if (text.n >= 2 * BLOCK && left->n >= 2 * BLOCK && is_able()) {
		size_t n;

		fill(c, &text);
		fill(beside, left);
		n = (text.n < left->n ? text.n : left->n) / BLOCK;
		blocks(c->h, text.p, beside->h, left->p, n);
		skip(c, &text, n * BLOCK);
		skip(beside, left, n * BLOCK);
	}
	SHA256_Update(c, text.p, text.n);
}
