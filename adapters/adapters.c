/* SPDX-License-Identifier: GPL-3.0-or-later */
/* adapters - the list of adapters that are built into the gateway, made of adapters.def. */
#include "adapter/adapter.h"

#define A(name) extern const struct adapter adapter_##name;
#include "adapters.def"
#undef A

static const struct adapter *const list[] = {
#define A(name) &adapter_##name,
#include "adapters.def"
#undef A
	NULL,
};

const struct adapter *const *adapters(void)
{
	return list;
}
