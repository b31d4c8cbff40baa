/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmocka wants these first, in this order. */
#ifndef QAQPA_TEST_CM_H
#define QAQPA_TEST_CM_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#endif
