/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates whose keys were reported as lost stop working at this gateway. */
#ifndef QAQPA_ADAPTERS_LOST_H
#define QAQPA_ADAPTERS_LOST_H

#include "adapter/adapter.h"
#include "trust/certificate.h"

/* The certificate that stands in base64 in an element `Certificate`; false when it is absent, cannot be read, or was issued
 * by nobody whom the gateway trusts: the list must not fill with what anybody can make. One that is blocked already, or
 * whose time is over, was issued all the same. */
MUST_USE bool lost_certificate(const struct adapter_call *c, const struct _xmlNode *business, struct cert_view *out);
/* Puts it into the list of the operator (`blocks`), which the gateway reads again within a second. `who` tells the operator
 * where the report came from. Where there is no list, or it cannot be written, the log says so: the report goes on all the
 * same, for its receiver has to know. */
void lost_block(const struct adapter_call *c, const struct cert_view *lost, const char *who);

#endif
