/* SPDX-License-Identifier: GPL-3.0-or-later */
/* temp_fetch - see temp_fetch.h.
 * Promise: a file that is not what the message said is never handed out.
 * Spec:    B3, B8; bus contract 5.6; wsdl/common/v1/common.xsd, Attachment */
#include <libxml/tree.h>
#include <stdio.h>

#include "common/service.h"
#include "files/temp_fetch.h"
#include "files/temp_files.h"
#include "trust/trust.h"

#define SERVICE "EDS_TEMP_FILES"
#define MESSAGE_BYTES (16u << 20)

void sha256_print(struct bytes octets, char out[SHA256_TEXT])
{
	SCOPED(buf_free) struct buf hex = BUF(SHA256_TEXT);
	unsigned char digest[32];

	sha256(octets, digest);
	buf_hex(&hex, (struct bytes){digest, sizeof digest});
	memcpy(out, buf_cstr(&hex), SHA256_TEXT);
}

/* The one result of an answer, of this name; what it is about. */
static const struct _xmlNode *result_of(const struct _xmlNode *answer, const char *response, const char *result)
{
	return temp_child(temp_child(answer, response), result);
}

static const char *text_of(struct pool *pool, const struct _xmlNode *parent, const char *name)
{
	const struct _xmlNode *node = temp_child(parent, name);
	struct bytes text;

	return node && node_text(pool, node, &text) && text.n ? pool_copy(pool, text) : NULL;
}

const char *temp_upload(struct sim *sim, struct reasons *r, const char *name, struct bytes content)
{
	SCOPED(buf_free) struct buf data = BUF(MESSAGE_BYTES);
	const struct _xmlNode *answer;
	const char *id;

	buf_str(&data, "<tempStorageRequest xmlns=\"" NS_TEMP "\"><type>UPLOAD</type><uploadRequest><fileUploadRequests>"
		"<fileProcessIdentifier>1</fileProcessIdentifier><content>");
	buf_base64(&data, content);
	buf_str(&data, "</content>");
	payload_field(&data, "name", name);
	buf_str(&data, "</fileUploadRequests></uploadRequest></tempStorageRequest>");
	if (!ask(sim, r, SERVICE, &data, &answer))
		return NULL;
	id = text_of(r->pool, result_of(answer, "uploadResponse", "uploadFileResults"), "fileIdentifier");
	if (!id)
		reasons_add(r, "step.answer", SERVICE ": an answer without an identifier");
	return id;
}

static bool judge_digest(struct reasons *r, struct bytes content, const char *sha256)
{
	char found[SHA256_TEXT];

	sha256_print(content, found);
	if (sha256 && strcmp(found, sha256) == 0)
		return true;
	reasons_add(r, "attachment.digest", "the file in the temporary store is another than the message says");
	return false;
}

bool temp_fetch(struct sim *sim, struct reasons *r, const char *id, const char *sha256, struct buf *out)
{
	SCOPED(buf_free) struct buf data = BUF(65536), content = BUF(MESSAGE_BYTES);
	const struct _xmlNode *answer, *result;
	const char *base64, *words;
	struct err e;

	buf_str(&data, "<tempStorageRequest xmlns=\"" NS_TEMP "\"><type>DOWNLOAD</type><downloadRequest>");
	payload_field(&data, "fileIdentifiers", id);
	buf_str(&data, "</downloadRequest></tempStorageRequest>");
	if (!ask(sim, r, SERVICE, &data, &answer)) {
		result = result_of(answer, "downloadResponse", "fileDownloadResults");
		words = text_of(r->pool, temp_child(result, "status"), "message");
		if (words)
			reasons_add(r, "attachment.gone", "%s", words);
		return false;
	}
	result = result_of(answer, "downloadResponse", "fileDownloadResults");
	base64 = text_of(r->pool, result, "content");
	if (!base64_decode(bytes_str(base64), &content, &e).ok) {
		reasons_add(r, "step.answer", SERVICE ": the content is not base64");
		return false;
	}
	if (!judge_digest(r, buf_bytes(&content), sha256))
		return false;
	buf_add(out, buf_bytes(&content));
	return true;
}

bool attachment_content(struct sim *sim, struct reasons *r, const struct _xmlNode *attachment, struct buf *out)
{
	const char *base64 = payload_text(r->pool, attachment, "Content");
	const char *id = payload_text(r->pool, attachment, "FileIdentifier");
	struct err e;

	if (!base64 && id)
		return temp_fetch(sim, r, id, payload_text(r->pool, attachment, "Sha256"), out);
	if (base64 && base64_decode(bytes_str(base64), out, &e).ok)
		return true;
	reasons_add(r, "attachment.content", "an attachment has no content");
	return false;
}
