/* SPDX-License-Identifier: GPL-3.0-or-later */
/* edms_card - documents and state cards of the document circulation, as they are written into data. */
#ifndef QAQPA_EDMS_CARD_H
#define QAQPA_EDMS_CARD_H

#include "base/bytes.h"

#define NS_EDMS_DOCUMENT "http://esedo.nitec.kz/service/model/document"
#define NS_EDMS_NOTIFICATION "http://esedo.nitec.kz/service/model/notification"
/* What the start tag of data says of a typed content: type is a literal. */
#define EDMS_TYPE(ns, type) \
	"xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:e=\"" ns "\" xsi:type=\"e:" type "\""

#endif
