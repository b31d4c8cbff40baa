# SPDX-License-Identifier: GPL-3.0-or-later
"""The classes, each a module: CLASS, its name; ATTACKS and LEGITIMATE, its cases by what they are."""
