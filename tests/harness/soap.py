# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of SyncChannel v10 messages, made by string templates so that a test says every octet it sends."""
import uuid
from datetime import datetime, timedelta, timezone

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
TYPES = "http://bip.bee.kz/SyncChannel/v10/Types"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
DS = "http://www.w3.org/2000/09/xmldsig#"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

ALMATY = timezone(timedelta(hours=5))
DATA = '<data><p:Request xmlns:p="urn:demo:permit"><p:number>1</p:number></p:Request></data>'
LONG_DATA = f"<data>{'<x>7</x>' * 20000}</data>"  # so long that the end of a message is not copied when it goes on


def now(**shift):
    return (datetime.now(ALMATY) + timedelta(**shift)).isoformat(timespec="milliseconds")


def utc(**shift):
    return (datetime.now(timezone.utc) + timedelta(**shift)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def timestamp(content=None):
    """A wsu:Timestamp with the identifier id-time, fresh unless its content is given."""
    content = content or f"<wsu:Created>{utc()}</wsu:Created><wsu:Expires>{utc(minutes=5)}</wsu:Expires>"
    return f'<wsu:Timestamp xmlns:wsu="{WSU}" wsu:Id="id-time">{content}</wsu:Timestamp>'


def new_id():
    return str(uuid.uuid4())


def request_info(service="Demo", message_id=None, date=None, sender="department_is", password="secret", correlation=None, after_service="",
                 after_date="", tail=""):
    word = f"<password>{password}</password>" if password is not None else ""
    chain = f"<correlationId>{correlation}</correlationId>" if correlation is not None else ""
    return (f"<requestInfo><messageId>{message_id or new_id()}</messageId>{chain}<serviceId>{service}</serviceId>{after_service}"
            f"<messageDate>{date or now()}</messageDate>{after_date}"
            f"<sender><senderId>{sender}</senderId>{word}</sender>{tail}</requestInfo>")


def request(data=DATA, info=None, **fields):
    return (f'<t:SendMessage xmlns:t="{TYPES}"><request>{info or request_info(**fields)}'
            f"<requestData>{data}</requestData></request></t:SendMessage>")


def response(data=DATA, code="SCSS001", message="Message has been processed successfully", message_id=None, tail=""):
    return (f'<t:SendMessageResponse xmlns:t="{TYPES}"><response><responseInfo><messageId>{message_id or new_id()}</messageId>'
            f"<responseDate>{now()}</responseDate><status><code>{code}</code><message>{message}</message></status>{tail}"
            f"</responseInfo><responseData>{data}</responseData></response></t:SendMessageResponse>")


def fault(code="SCE006", message="signature check failed", qname="soapenv:Client"):
    return (f"<soapenv:Fault><faultcode>{qname}</faultcode><faultstring>{message}</faultstring><detail>"
            f'<t:SendMessageFault1_SendMessageFault xmlns:t="{TYPES}"><errorCode>{code}</errorCode>'
            f"<errorMessage>{message}</errorMessage><errorDate>{now()}</errorDate>"
            f"</t:SendMessageFault1_SendMessageFault></detail></soapenv:Fault>")


def envelope(body, header="", body_id="id-body", prefix="soapenv", body_attributes=None, envelope_attributes="", declaration=""):
    """`header` is the content of Header; None leaves Header out."""
    p = f"{prefix}:" if prefix else ""
    x = f"xmlns:{prefix}" if prefix else "xmlns"
    attributes = f' xmlns:wsu="{WSU}" wsu:Id="{body_id}"' if body_attributes is None else body_attributes
    head = "" if header is None else f"<{p}Header>{header}</{p}Header>"
    return f'{declaration}<{p}Envelope {x}="{SOAP}"{envelope_attributes}>{head}<{p}Body{attributes}>{body}</{p}Body></{p}Envelope>'
