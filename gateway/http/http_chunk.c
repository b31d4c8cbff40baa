/* SPDX-License-Identifier: GPL-3.0-or-later */
/* http_chunk - the chunked transfer coding (RFC 9112 section 7.1), octet by octet.
 * Promise:  a body that passes ended where its sender meant; extensions and trailers are read over, within
 *           limits.
 * Not here: where the data goes. */

#include "http/http.h"

#define MAX_DIGITS 16
#define MAX_LINE_EXTENSION 256
#define MAX_EXTENSIONS 4096
#define MAX_TRAILERS 4096

enum state {
	CHUNK_SIZE,
	CHUNK_BLANK,
	CHUNK_EXTENSION,
	CHUNK_SIZE_LF,
	CHUNK_DATA,
	CHUNK_DATA_CR,
	CHUNK_DATA_LF,
	CHUNK_TRAILER_START,
	CHUNK_TRAILER_NAME,
	CHUNK_TRAILER_VALUE,
	CHUNK_TRAILER_LF,
	CHUNK_END_LF
};

static enum http_step refuse(struct http_chunk *k, int status, const char *reason)
{
	k->refusal = (struct http_refusal){status, reason};
	return HTTP_BAD;
}

static enum http_step go(struct http_chunk *k, enum state state)
{
	k->state = state;
	return HTTP_MORE;
}

static int hex_value(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum http_step read_size(struct http_chunk *k, unsigned char c)
{
	int digit = hex_value(c);
	if (digit >= 0) {
		if (++k->digits > MAX_DIGITS)
			return refuse(k, 400, "chunk-size");
		k->left = k->left << 4 | (uint64_t)digit;
		return HTTP_MORE;
	}
	if (k->digits == 0)
		return refuse(k, 400, "chunk-size");
	switch (c) {
	case '\r': return go(k, CHUNK_SIZE_LF);
	case ';': return go(k, CHUNK_EXTENSION);
	case ' ':
	case '\t': return go(k, CHUNK_BLANK);
	default: return refuse(k, 400, "chunk-size");
	}
}

/* Blanks after the size may only lead to an extension. */
static enum http_step read_extension(struct http_chunk *k, unsigned char c)
{
	if (k->state == CHUNK_BLANK && c != ' ' && c != '\t' && c != ';')
		return refuse(k, 400, "chunk-size");
	if (c == '\r')
		return go(k, CHUNK_SIZE_LF);
	if (!http_is_text_char(c) || ++k->line_extension > MAX_LINE_EXTENSION || ++k->extensions > MAX_EXTENSIONS)
		return refuse(k, 400, "chunk-extension");
	return c == ';' ? go(k, CHUNK_EXTENSION) : HTTP_MORE;
}

static enum http_step end_size(struct http_chunk *k, unsigned char c)
{
	if (c != '\n')
		return refuse(k, 400, "chunk-size");
	if (k->left > k->limit - k->total)
		return refuse(k, 413, "body");
	k->total += k->left;
	k->digits = 0;
	k->line_extension = 0;
	return go(k, k->left ? CHUNK_DATA : CHUNK_TRAILER_START);
}

static enum http_step read_trailer(struct http_chunk *k, unsigned char c)
{
	if (++k->trailers > MAX_TRAILERS)
		return refuse(k, 431, "trailer");
	switch (k->state) {
	case CHUNK_TRAILER_START:
		if (c == '\r')
			return go(k, CHUNK_END_LF);
		return http_is_token_char(c) ? go(k, CHUNK_TRAILER_NAME) : refuse(k, 400, "trailer");
	case CHUNK_TRAILER_NAME:
		if (c == ':')
			return go(k, CHUNK_TRAILER_VALUE);
		return http_is_token_char(c) ? HTTP_MORE : refuse(k, 400, "trailer");
	case CHUNK_TRAILER_VALUE:
		if (c == '\r')
			return go(k, CHUNK_TRAILER_LF);
		return http_is_text_char(c) ? HTTP_MORE : refuse(k, 400, "trailer");
	case CHUNK_TRAILER_LF:
		return c == '\n' ? go(k, CHUNK_TRAILER_START) : refuse(k, 400, "trailer");
	default:
		return c == '\n' ? HTTP_DONE : refuse(k, 400, "trailer");
	}
}

static enum http_step read_octet(struct http_chunk *k, unsigned char c)
{
	switch (k->state) {
	case CHUNK_SIZE: return read_size(k, c);
	case CHUNK_BLANK:
	case CHUNK_EXTENSION: return read_extension(k, c);
	case CHUNK_SIZE_LF: return end_size(k, c);
	case CHUNK_DATA_CR: return c == '\r' ? go(k, CHUNK_DATA_LF) : refuse(k, 400, "chunk-end");
	case CHUNK_DATA_LF: return c == '\n' ? go(k, CHUNK_SIZE) : refuse(k, 400, "chunk-end");
	default: return read_trailer(k, c);
	}
}

enum http_step http_chunk_feed(struct http_chunk *k, struct bytes in, size_t *used, struct bytes *data)
{
	*data = BYTES_NONE;
	*used = 0;
	while (*used < in.n) {
		if (k->state == CHUNK_DATA) {
			size_t n = in.n - *used < k->left ? in.n - *used : (size_t)k->left;
			*data = bytes_sub(in, *used, *used + n);
			*used += n;
			k->left -= n;
			return k->left ? HTTP_MORE : go(k, CHUNK_DATA_CR);
		}
		enum http_step step = read_octet(k, in.p[(*used)++]);
		if (step != HTTP_MORE)
			return step;
	}
	return HTTP_MORE;
}
