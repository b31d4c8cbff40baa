# SPDX-License-Identifier: GPL-3.0-or-later
"""The xmlsec1 command: signs templates and verifies messages."""
import subprocess

from . import soap, wss

SOAP_IDS = [f"{soap.SOAP}:Body", f"{soap.WSU}:Timestamp"]


class Oracle(AssertionError):
    """xmlsec1 came to no verdict."""


def run(octets, mode, *arguments, ids=SOAP_IDS):
    """`ids` are namespace:element pairs whose attribute Id is an identifier. The signature is the first of the document, or
    the one that --node-xpath among the arguments names."""
    names = [word for element in ids for word in ("--id-attr:Id", element)]
    return subprocess.run(["xmlsec1", mode, *names, *map(str, arguments), "-"], input=octets, capture_output=True, check=False)


def said(done):
    """It quotes a message from the middle of a letter where that stands 80 octets before a mistake."""
    return done.stderr.decode(errors="replace")


def sign(template, identity, *arguments, ids=SOAP_IDS):
    octets = template.encode() if isinstance(template, str) else template
    done = run(octets, "--sign", "--privkey-pem", identity.key_path, *arguments, ids=ids)
    if done.returncode:
        raise Oracle(said(done))
    return done.stdout


def verify(octets, identity, *arguments, ids=SOAP_IDS):
    """True or False by the key of the given certificate alone; whatever KeyInfo says is not looked at."""
    done = run(octets, "--verify", "--pubkey-cert-pem", identity.certificate_path, "--enabled-key-data", "key-name", *arguments, ids=ids)
    words = said(done).splitlines()
    if done.returncode == 0 and "OK" in words:
        return True
    if done.returncode == 1 and "FAIL" in words:
        return False
    raise Oracle(said(done))


def signature(key_info="", algorithm="rsa-sha256", digest="sha256", references=("id-body",), c14n=None, transforms=None,
              info_prefixes=None, reference_prefixes=None, gap=""):
    """A template to be filled in by sign(); `gap` stands between all its elements."""
    transforms = transforms or [(soap.EXC, reference_prefixes)]
    steps = gap.join(f'<ds:Transform Algorithm="{uri}">{wss.prefix_list(prefixes)}</ds:Transform>' for uri, prefixes in transforms)
    refs = gap.join(
        f'<ds:Reference URI="{"#" + r if r else ""}">{gap}<ds:Transforms>{gap}{steps}{gap}</ds:Transforms>{gap}'
        f'<ds:DigestMethod Algorithm="{wss.DIGESTS[digest][0]}"/>{gap}<ds:DigestValue/>{gap}</ds:Reference>' for r in references)
    info = f"{gap}<ds:KeyInfo>{gap}{key_info}{gap}</ds:KeyInfo>" if key_info else ""
    return (f'<ds:Signature xmlns:ds="{soap.DS}">{gap}<ds:SignedInfo>{gap}'
            f'<ds:CanonicalizationMethod Algorithm="{c14n or soap.EXC}">{wss.prefix_list(info_prefixes)}</ds:CanonicalizationMethod>{gap}'
            f'<ds:SignatureMethod Algorithm="{wss.SIGNATURES[algorithm][0]}"/>{gap}{refs}{gap}</ds:SignedInfo>{gap}'
            f"<ds:SignatureValue/>{info}{gap}</ds:Signature>")


def security(identity, form="key-identifier", before="", gap="", **options):
    """The content of Header: a Security block with a template for the identity's key."""
    keys, token = wss.key_info(identity, form)
    inner = signature(keys, gap=gap, **options)
    if form == "plain":
        return inner
    return f'<wsse:Security xmlns:wsse="{soap.WSSE}" soapenv:mustUnderstand="1">{gap}{before}{token}{gap}{inner}{gap}</wsse:Security>'
