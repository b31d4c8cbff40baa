# SPDX-License-Identifier: GPL-3.0-or-later
"""The traps of the hostile set snap when something steps into them."""
import urllib.error
import urllib.request

import pytest

from attack.traps import Canary, bait
from harness.hostile import World


def test_the_canary_notes_a_caller():
    canary = Canary()
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(canary.url, timeout=10)
    assert canary.callers


def test_the_watch_notes_an_opening(tmp_path):
    watch = bait(tmp_path)
    assert not watch.opened()
    watch.path.read_text()
    assert watch.opened() and not watch.opened()


@pytest.mark.parametrize("words", ["line 1: error", "/usr/lib/x.so", "envelope_scan.c:12", "xmlsec", "reason=xml.dtd"])
def test_a_talkative_reply_is_noticed(words):
    with pytest.raises(AssertionError):
        World.keeps_silent(b"<faultstring>" + words.encode() + b"</faultstring>")


def test_a_signature_in_a_reply_is_not_mistaken_for_words():
    World.keeps_silent(b"<wsse:Security><ds:SignatureValue>/usr/etc/tmp</ds:SignatureValue></wsse:Security>")
