/* SPDX-License-Identifier: GPL-3.0-or-later */
/* temp_fetch - attachments that lie in the temporary store: a simulated system puts them there and fetches them, through the
 * gateway. */
#ifndef QAQPA_FILES_TEMP_FETCH_H
#define QAQPA_FILES_TEMP_FETCH_H

#include "common/payload.h"

#define SHA256_TEXT 65 /* hex, and a NUL */
void sha256_print(struct bytes octets, char out[SHA256_TEXT]);

/* Puts a file there. Gives its identifier, from the pool of the reasons; NULL, with reasons, when that failed. */
const char *temp_upload(struct sim *sim, struct reasons *r, const char *name, struct bytes content);
/* Appends the file. False, with reasons: attachment.gone when there is none, attachment.digest when it is another than
 * `sha256` says, step.* when the store did not answer. */
MUST_USE bool temp_fetch(struct sim *sim, struct reasons *r, const char *id, const char *sha256, struct buf *out);
/* Appends the content of an Attachment of common.xsd: what stands in it, or the file that it names. False as above, or
 * attachment.content when there is neither. */
MUST_USE bool attachment_content(struct sim *sim, struct reasons *r, const struct _xmlNode *attachment, struct buf *out);

#endif
