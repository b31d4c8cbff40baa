# SPDX-License-Identifier: GPL-3.0-or-later
"""KeyInfo that brings its own key, fetches one, names two, or names one and means another."""
import base64

from cryptography.hazmat.primitives import serialization

from attack.outcomes import CERTIFICATE, SIGNATURE, TOKEN, UNAVAILABLE, UNSIGNED
from attack.table import refused
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


def without_key_info(w):
    return reshape("<ds:KeyInfo>.*</ds:KeyInfo>", "", w.signed())


def empty_key_info(w):
    return reshape("<ds:KeyInfo>.*</ds:KeyInfo>", "<ds:KeyInfo/>", w.signed())


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
        keys(lambda w: by_token(x509_data(*[w.attacker] * 30, w.me))), CERTIFICATE, "security.token-several"),
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
LEGITIMATE = {}
