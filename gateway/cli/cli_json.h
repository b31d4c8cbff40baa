/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_json - octets as JSON text. */
#ifndef QAQPA_CLI_CLI_JSON_H
#define QAQPA_CLI_CLI_JSON_H

#include <jansson.h>

#include "base/bytes.h"

static inline json_t *text_json(struct bytes b)
{
	json_t *s = b.n ? json_stringn((const char *)b.p, b.n) : json_string("");

	return s ? s : json_string("(not UTF-8)");
}

#endif
