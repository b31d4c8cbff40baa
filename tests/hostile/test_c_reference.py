# SPDX-License-Identifier: GPL-3.0-or-later
from attack.cases.c_reference import ATTACKS, CLASS, LEGITIMATE  # noqa: F401
from harness.hostile import test_attack, test_legitimate  # noqa: F401
