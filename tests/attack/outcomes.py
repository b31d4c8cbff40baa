# SPDX-License-Identifier: GPL-3.0-or-later
"""What a refusal says: HTTP status, fault code, the code of the contract; and what it must not say."""
import re
from collections import namedtuple

from harness import soap

Outcome = namedtuple("Outcome", "status faultcode code")
FORMAT = Outcome(500, (soap.SOAP, "Client"), "SCE001")
SERVICE = Outcome(500, (soap.SOAP, "Client"), "SCE004")
CERTIFICATE = Outcome(500, (soap.WSSE, "InvalidSecurityToken"), "SCE005")
SIGNATURE = Outcome(500, (soap.WSSE, "FailedCheck"), "SCE006")
UNSIGNED = Outcome(500, (soap.WSSE, "InvalidSecurity"), "SCE007")
ALGORITHM = Outcome(500, (soap.WSSE, "UnsupportedAlgorithm"), "QG010")
TOKEN = Outcome(500, (soap.WSSE, "UnsupportedSecurityToken"), "QG011")
UNAVAILABLE = Outcome(500, (soap.WSSE, "SecurityTokenUnavailable"), "QG012")
SENDER = Outcome(500, (soap.WSSE, "FailedAuthentication"), "QG013")
EXPIRED = Outcome(500, (soap.WSSE, "MessageExpired"), "QG014")
UNDERSTAND = Outcome(500, (soap.SOAP, "MustUnderstand"), "QG015")
DUPLICATE = Outcome(500, (soap.SOAP, "Client"), "QG022")
IN_PROGRESS = Outcome(500, (soap.SOAP, "Server"), "QG023")
SECRET = Outcome(500, (soap.SOAP, "Client"), "QG024")
LIMIT = Outcome(500, (soap.SOAP, "Client"), "QG030")

# What no reply to a stranger may hold, outside a signature of the gateway.
SECRETS = re.compile(rb"libxml|xmlsec|openssl|gsoap|sqlite|libcurl|parser|/usr|/etc|/tmp|\.[ch]\b|\.crt|\.key|"
                     rb"line \d|octet \d|reason=|errno", re.I)


def too_much_said(octets):
    """The word of a reply that tells a stranger what the gateway is made of, or None."""
    said = re.sub(rb"<wsse:Security.*</wsse:Security>", b"", octets, flags=re.S)
    return SECRETS.search(said)
