# SPDX-License-Identifier: GPL-3.0-or-later
"""What the system tests share: an independent signer and verifier, providers, and the gateway as a process."""
