# SPDX-License-Identifier: GPL-3.0-or-later
"""KeyInfo that brings its own key, fetches one, names two, or names one and means another."""
import base64
import hashlib
import re
from datetime import datetime, timedelta, timezone

from cryptography.hazmat.primitives import hashes, serialization

from attack.outcomes import CERTIFICATE, SIGNATURE, TOKEN, UNAVAILABLE, UNSIGNED
from attack.table import passing, refused
from harness import forge, soap, wss
from harness.forge import element, reshape, swap

CLASS = "F  tokens and key references"

XENC = "http://www.w3.org/2001/04/xmlenc#"
DSIG11 = "http://www.w3.org/2009/xmldsig11#"


def b64(octets):
    return base64.b64encode(octets).decode()


def number(n):
    return b64(n.to_bytes((n.bit_length() + 7) // 8, "big"))


def by_token(inner):
    return f"<wsse:SecurityTokenReference>{inner}</wsse:SecurityTokenReference>"


def certificate(identity):
    return f"<ds:X509Certificate>{b64(identity.der)}</ds:X509Certificate>"


def x509_data(*identities):
    return "<ds:X509Data>" + "".join(certificate(i) for i in identities) + "</ds:X509Data>"


def identifier(text, value_type="#X509v3"):
    return by_token(f'<wsse:KeyIdentifier EncodingType="{wss.BASE64}" ValueType="{wss.X509}{value_type}">{text}'
                    f"</wsse:KeyIdentifier>")


def issuer_serial(identity):
    return element(wss.key_info(identity, "issuer-serial")[0], "ds:X509IssuerSerial")


def serial_beside(named, *identities):
    """Issuer and serial number of one, certificates of others."""
    return by_token(f"<ds:X509Data>{issuer_serial(named)}{''.join(certificate(i) for i in identities)}</ds:X509Data>")


def ski(identity):
    return identifier(b64(identity.certificate.extensions.get_extension_for_class(
        forge.x509.SubjectKeyIdentifier).value.digest), "#X509SubjectKeyIdentifier")


def binary_token(octets, token_id="x509-1", value_type="#X509v3"):
    return (f'<wsse:BinarySecurityToken xmlns:wsu="{soap.WSU}" wsu:Id="{token_id}" EncodingType="{wss.BASE64}" '
            f'ValueType="{wss.X509}{value_type}">{b64(octets)}</wsse:BinarySecurityToken>')


def token_reference(uri="#x509-1", value_type="#X509v3"):
    return by_token(f'<wsse:Reference URI="{uri}" ValueType="{wss.X509}{value_type}"/>')


def keys(make, token=lambda w: "", mine=False):
    """A message with the KeyInfo that `make` gives; signed by the attacker unless `mine`."""
    return lambda w: w.signed(identity=w.me if mine else w.attacker, key_info_text=(make(w), token(w)))


def rsa_value(w):
    n = w.attacker.key.public_key().public_numbers()
    return (f"<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{number(n.n)}</ds:Modulus>"
            f"<ds:Exponent>{number(n.e)}</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>")


def der_value(w):
    public = w.attacker.key.public_key()
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f'<d:DEREncodedKeyValue xmlns:d="{DSIG11}">{b64(der)}</d:DEREncodedKeyValue>'


def clone(w):
    """Self-signed, with subject, issuer and serial number of the sender's certificate."""
    c = w.me.certificate
    return forge.issue(w.attacker, w.attacker.key, c.subject, issuer_name=c.issuer, serial=c.serial_number)


def encrypted_key(_w):
    return (f'<e:EncryptedKey xmlns:e="{XENC}"><e:EncryptionMethod Algorithm="{XENC}rsa-1_5"/>'
            f"<e:CipherData><e:CipherValue>AAAA</e:CipherValue></e:CipherData></e:EncryptedKey>")


def retrieval(uri, kind="rawX509Certificate"):
    return f'<ds:RetrievalMethod URI="{uri}" Type="{soap.DS}{kind}"/>'


def retrieval_loop(w):
    text = keys(lambda _: retrieval("#id-keys", "X509Data"))(w)
    return swap(text, "<ds:KeyInfo>", '<ds:KeyInfo Id="id-keys">')


def token_to_token(w):
    return (f'<wsse:SecurityTokenReference xmlns:wsu="{soap.WSU}" xmlns:ds="{soap.DS}" wsu:Id="id-str">'
            f"{x509_data(w.me)}</wsse:SecurityTokenReference>")


def path_of_two(w):
    inside = w.attacker.der + w.me.der
    return b"\x30\x82" + len(inside).to_bytes(2, "big") + inside


def token_behind(w):
    text = w.signed(form="bst")
    token = element(text, "wsse:BinarySecurityToken")
    return swap(swap(text, token, ""), "</wsse:Security>", token + "</wsse:Security>")


def without_key_info(w):
    return reshape("<ds:KeyInfo>.*</ds:KeyInfo>", "", w.signed())


def empty_key_info(w):
    return reshape("<ds:KeyInfo>.*</ds:KeyInfo>", "<ds:KeyInfo/>", w.signed())


def username():
    return (f'<wsse:UsernameToken xmlns:wsu="{soap.WSU}" wsu:Id="x509-1"><wsse:Username>department</wsse:Username>'
            f"<wsse:Password>secret</wsse:Password></wsse:UsernameToken>")


def own_list(w):
    """A list of revoked certificates, signed by the true authority, that lists none."""
    now = datetime.now(timezone.utc)
    authority = w.pki["issuing"]
    made = (forge.x509.CertificateRevocationListBuilder().issuer_name(authority.certificate.subject)
            .last_update(now - timedelta(days=9)).next_update(now + timedelta(days=9)).sign(authority.key, hashes.SHA256()))
    return made.public_bytes(serialization.Encoding.DER)


def key_info_first(w):
    text = w.signed()
    keys_text = element(text, "ds:KeyInfo")
    return swap(swap(text, keys_text, ""), "<ds:SignatureValue>", keys_text + "<ds:SignatureValue>")


OTHERS = {
    "a key of PGP": "<ds:PGPData><ds:PGPKeyID>AAAA</ds:PGPKeyID></ds:PGPData>",
    "a key of SPKI": "<ds:SPKIData><ds:SPKISexp>AAAA</ds:SPKISexp></ds:SPKIData>",
    "a word of agreement": "<ds:MgmtData>x</ds:MgmtData>",
    "a reference to other keys": f'<d:KeyInfoReference xmlns:d="{DSIG11}" URI="#id-body"/>',
    "a key of an elliptic curve": f'<ds:KeyValue><d:ECKeyValue xmlns:d="{DSIG11}"/></ds:KeyValue>',
    "an assertion": '<s:Assertion xmlns:s="urn:oasis:names:tc:SAML:2.0:assertion"/>',
    "words": "department",
    "of another namespace": '<x:X509Data xmlns:x="urn:x"/>',
}
CASES = {
    "KeyInfo is absent": (without_key_info, UNSIGNED, "security.signature-shape"),
    "KeyInfo is empty": (empty_key_info, TOKEN, "security.token-kind"),
    "KeyInfo is the attacker's bare RSA key": (keys(rsa_value), TOKEN, "security.token-kind"),
    "KeyInfo is the attacker's bare key in DER": (keys(der_value), TOKEN, "security.token-kind"),
    "KeyInfo is a name": (
        keys(lambda w: "<ds:KeyName>department</ds:KeyName>", mine=True), TOKEN, "security.token-kind"),
    "KeyInfo is an encrypted key": (keys(encrypted_key), TOKEN, "security.token-kind"),
    "KeyInfo holds a bare key beside the sender's certificate": (
        keys(lambda w: rsa_value(w) + by_token(x509_data(w.me))), CERTIFICATE, "security.token-several"),
    "the certificate copies names and number of the sender's": (
        keys(lambda w: by_token(x509_data(clone(w)))), CERTIFICATE, "certificate.unknown"),
    "the names and number of the sender, signed by the attacker": (
        keys(lambda w: serial_beside(w.me)),
        SIGNATURE, "signature.value-wrong"),
    "the sender's certificate stands before the attacker's": (
        keys(lambda w: by_token(x509_data(w.me, w.attacker))), CERTIFICATE, "security.token-several"),
    "the sender's certificate stands behind the attacker's": (
        keys(lambda w: by_token(x509_data(w.attacker, w.me))), CERTIFICATE, "security.token-several"),
    "a thousand certificates, the sender's last": (
        keys(lambda w: by_token(x509_data(*[w.attacker] * 1000, w.me))), CERTIFICATE, "security.token-several"),
    "the sender's certificate, signed by the attacker": (
        keys(lambda w: by_token(x509_data(w.me))), SIGNATURE, "signature.value-wrong"),
    "the key is to be fetched from the web": (keys(lambda w: retrieval(w.canary.url)), TOKEN, "security.token-kind"),
    "the key is to be fetched from a file": (
        keys(lambda w: retrieval(f"file://{w.bait.path}")), TOKEN, "security.token-kind"),
    "the key is to be fetched from itself": (retrieval_loop, TOKEN, "security.token-kind"),
    "the token is to be fetched from the web": (
        keys(lambda w: token_reference(w.canary.url)), TOKEN, "security.token-kind"),
    "the token is to be fetched from a file": (
        keys(lambda w: token_reference(f"file://{w.bait.path}")), TOKEN, "security.token-kind"),
    "two tokens have one identifier": (
        keys(lambda w: token_reference(), lambda w: binary_token(w.me.der) + binary_token(w.attacker.der)),
        SIGNATURE, "xml.duplicate-id"),
    "two tokens have two identifiers": (
        keys(lambda w: token_reference(), lambda w: binary_token(w.attacker.der) + binary_token(w.me.der, "x509-2")),
        CERTIFICATE, "security.token-several"),
    "the reference to a token names a reference to a token": (
        keys(lambda w: token_reference("#id-str"), token_to_token), UNSIGNED, "security.content"),
    "the reference to a token names the Body": (
        keys(lambda w: token_reference("#id-body"), mine=True), UNSIGNED, "security.reference"),
    "the reference to a token names nothing": (
        keys(lambda w: token_reference("#id-none"), mine=True), UNSIGNED, "security.reference"),
    "a key identifier that nobody knows": (keys(lambda w: ski(w.attacker)), UNAVAILABLE, "security.token-unknown"),
    "issuer and number that nobody knows": (
        keys(lambda w: serial_beside(w.attacker)), UNAVAILABLE, "security.token-unknown"),
    "the sender's key identifier, signed by the attacker": (
        keys(lambda w: ski(w.me)), SIGNATURE, "signature.value-wrong"),
    "the sender's key identifier beside the attacker's token": (
        keys(lambda w: ski(w.me), lambda w: binary_token(w.attacker.der)), CERTIFICATE, "security.token-several"),
    "the sender's number beside the attacker's certificate": (
        keys(lambda w: serial_beside(w.me, w.attacker)),
        CERTIFICATE, "certificate.unknown"),
    "the number of one participant beside the certificate of another": (
        lambda w: w.signed(identity=w.pki["monitoring"], key_info_text=(serial_beside(w.me, w.pki["monitoring"]), "")),
        CERTIFICATE, "security.token-several"),
    **{f"KeyInfo is {name}": (keys(lambda w, text=text: text, mine=True), TOKEN, "security.token-kind")
       for name, text in OTHERS.items()},
    "the token is embedded in the reference": (
        keys(lambda w: by_token(f"<wsse:Embedded>{binary_token(w.me.der)}</wsse:Embedded>"), mine=True),
        TOKEN, "security.token-kind"),
    "the reference to a token is empty": (keys(lambda w: by_token(""), mine=True), TOKEN, "security.token-kind"),
    "the token is a name and a password": (
        keys(lambda w: token_reference(), lambda w: username()), UNSIGNED, "security.content"),
    "the certificate is named by its thumbprint": (
        keys(lambda w: identifier(b64(hashlib.sha1(w.me.der).digest()), "#ThumbprintSHA1"), mine=True),
        TOKEN, "security.token-kind"),
    "the key is named by its name in X509Data": (
        keys(lambda w: by_token(f"<ds:X509Data><ds:X509SubjectName>{w.me.certificate.subject.rfc4514_string()}"
                                "</ds:X509SubjectName></ds:X509Data>"), mine=True),
        TOKEN, "security.token-kind"),
    "a revocation list stands beside the certificate": (
        keys(lambda w: by_token(x509_data(w.me).replace("</ds:X509Data>", f"<ds:X509CRL>{b64(own_list(w))}</ds:X509CRL></ds:X509Data>")),
             mine=True),
        TOKEN, "security.token-kind"),
    "the serial number has a million digits": (
        keys(lambda w: reshape("(?<=SerialNumber>).*(?=</ds:X509SerialNumber)", "9" * 1000000, serial_beside(w.me)), mine=True),
        UNAVAILABLE, "security.token-unknown"),
    "the serial number is negative": (
        keys(lambda w: reshape("(?<=SerialNumber>)(?=[0-9])", "-", serial_beside(w.me)), mine=True),
        UNAVAILABLE, "security.token-unknown"),
    "the issuer is longer by a part": (
        keys(lambda w: reshape("(?<=IssuerName>)(?=[^<])", "CN=x,", serial_beside(w.me)), mine=True),
        UNAVAILABLE, "security.token-unknown"),
    "KeyInfo stands twice": (
        lambda w: reshape("<ds:KeyInfo>.*</ds:KeyInfo>", lambda m: m.group() * 2, w.signed()), UNSIGNED, "security.signature-shape"),
    "KeyInfo stands before the signature value": (key_info_first, UNSIGNED, "security.signature-shape"),
    "the certificate is no base64": (
        keys(lambda w: identifier("not! base64?"), mine=True), CERTIFICATE, "security.token-broken"),
    "the certificate is empty": (keys(lambda w: identifier(""), mine=True), CERTIFICATE, "security.token-broken"),
    "octets stand behind the certificate": (
        keys(lambda w: identifier(b64(w.me.der + bytes(64))), mine=True), CERTIFICATE, "security.token-broken"),
    "the certificate lacks its last octet": (
        keys(lambda w: identifier(b64(w.me.der[:-1])), mine=True), CERTIFICATE, "security.token-broken"),
    "the certificate is the text form": (
        keys(lambda w: identifier(b64(w.me.certificate_path.read_bytes())), mine=True),
        CERTIFICATE, "security.token-broken"),
    "the certificate is a megabyte of zeros": (
        keys(lambda w: token_reference(), lambda w: binary_token(bytes(1 << 20))),
        CERTIFICATE, "security.token-broken"),
    "the token is a path of certificates": (
        keys(lambda w: token_reference(value_type="#X509PKIPathv1"),
             lambda w: binary_token(path_of_two(w), value_type="#X509PKIPathv1")),
        TOKEN, "security.token-kind"),
    "the token is a path of certificates that says it is one": (
        keys(lambda w: token_reference(), lambda w: binary_token(path_of_two(w))),
        CERTIFICATE, "security.token-broken"),
    "the certificate's encoding is unknown": (
        keys(lambda w: identifier(b64(w.me.der)).replace("#Base64Binary", "#HexBinary"), mine=True),
        TOKEN, "security.token-kind"),
}
ATTACKS = refused(CASES)


def mine(make, token=lambda w: ""):
    return keys(make, token, mine=True)


LEGITIMATE = passing({
    "the certificate in KeyIdentifier": mine(lambda w: identifier(b64(w.me.der))),
    "the certificate in X509Data": mine(lambda w: by_token(x509_data(w.me))),
    "issuer and serial number": mine(lambda w: serial_beside(w.me)),
    "issuer and serial number beside the same certificate": mine(lambda w: serial_beside(w.me, w.me)),
    "the subject key identifier": mine(lambda w: ski(w.me)),
    "a token of another name": mine(lambda w: token_reference("#the-token"), lambda w: binary_token(w.me.der, "the-token")),
    "a reference to a token that does not say its type": mine(
        lambda w: by_token('<wsse:Reference URI="#x509-1"/>'), lambda w: binary_token(w.me.der)),
    "the token behind the signature": token_behind,
    "blanks around everything in KeyInfo": lambda w: w.signed(
        shape=lambda t: re.sub("(?s)<ds:KeyInfo>.*</ds:KeyInfo>", lambda m: m.group().replace("><", "> <"), t)),
    "KeyInfo with a name": lambda w: swap(w.signed(), "<ds:KeyInfo>", '<ds:KeyInfo Id="id-keys">'),
})
