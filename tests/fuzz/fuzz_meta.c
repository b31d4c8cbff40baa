/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a message in Redis says of itself: what is read is what was written, word for word, and nothing else is read. */
#include <string.h>

#include "flow/flow_delivery.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SCOPED(pool_free) struct pool *pool = pool_new(1u << 20);
	struct bytes text = {data, size}, again;
	struct delivery_meta meta = {0};

	if (!delivery_meta_read(text, &meta))
		return 0;
	FUZZ_ASSERT(meta.exchange.n == 38 && strchr("spfn", (char)meta.kind));
	again = delivery_meta_write(&meta, pool);
	FUZZ_ASSERT(!again.p || bytes_eq(again, text));
	return 0;
}
