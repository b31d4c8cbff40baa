# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP that can be read in two ways, or never ends. Each holds a good message, which a wrong reading would route."""
from attack.table import cut_off, taken
from harness import raw

CLASS = "M  HTTP framing"

CHUNKED = "Transfer-Encoding: chunked"


def sized(length, *lines, **fields):
    """The good message under a Content-Length that says something else; {n} is the true one."""
    return lambda good: raw.post(str(length).replace("{n}", str(len(good))), *lines, **fields) + good


def fields(*lines, chunks=False, **more):
    """The good message under these lines; {n} is its length."""
    def build(good):
        ready = [line.replace("{n}", str(len(good))) for line in lines]
        return raw.post(None, *ready, **more) + (raw.chunked(good) if chunks else good)
    return build


def chunk(size, after=b""):
    """One chunk that says it has another size, then a good request that nobody should find."""
    return lambda good: raw.post(None, CHUNKED) + size + b"\r\n" + good + after + b"\r\n0\r\n\r\n"


def chunk_extension(extension):
    return lambda good: raw.post(None, CHUNKED) + b"%x;%s\r\n%s\r\n0\r\n\r\n" % (len(good), extension, good)


def trailer(lines):
    return lambda good: raw.post(None, CHUNKED) + b"%x\r\n%s\r\n0\r\n%s\r\n" % (len(good), good, lines)


def smuggled(good):
    """A request hides in the body of another."""
    hidden = raw.post(len(good)) + good
    return raw.post(4, CHUNKED) + b"0\r\n\r\n" + hidden


def request_line(line):
    """{} is the path."""
    rest = b"\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s"
    return lambda good: line.replace("{}", raw.PATH).encode("latin-1") + rest % (len(good), good)


def bare(text):
    """The good message, its head with other line ends."""
    return lambda good: raw.post(len(good)).replace(b"\r\n", text) + good


LENGTHS = {
    "two lengths in a list": (
        "5, {n}", 400), "the same length twice in a list": ("{n}, {n}", 400), "a negative length": ("-1", 400),
    "a length beyond 64 bits": ("18446744073709551617", 400), "a length beyond 63 bits": ("9223372036854775808", 400),
    "a length with a plus": (
        "+{n}", 400), "words behind the length": ("{n} abc", 400), "a length in hexadecimal": ("0x10", 400),
    "an empty length": ("", 400), "a length with a fraction": ("{n}.0", 400),
    "a length in other digits": ("\xb2", 400), "a length between quotes": ('"{n}"', 400), "a length with a comma behind it": ("{n},", 400),
    "a length with an underscore": ("1_0", 400), "a length with an exponent": ("1e3", 400), "a length that is a word": ("chunked", 400),
    "a length of four hundred digits": ("0" * 400 + "{n}", 400),
    "a length of the largest size": ("999999999999999999", 413),
}
CASES = {
    **{name: (sized(length), status) for name, (length, status) in LENGTHS.items()},
    "a length and chunks": (sized("{n}", CHUNKED), 400),
    "chunks and a short length": (fields(CHUNKED, "Content-Length: 5", chunks=True), 400),
    "a request hidden behind a length and chunks": (smuggled, 400),
    "two length lines": (sized("{n}", "Content-Length: 5"), 400),
    "the same length line twice": (fields("Content-Length: {n}", "Content-Length: {n}"), 400),
    "a blank before the colon": (fields("Content-Length : {n}", CHUNKED, chunks=True), 400),
    "a blank before the colon of Transfer-Encoding": (
        fields("Content-Length: {n}", "Transfer-Encoding : chunked"), 400),
    "a folded line": (fields("Content-Length: {n}", "X-Note: a", " b"), 400),
    "a folded Transfer-Encoding": (fields("Transfer-Encoding:", " chunked", chunks=True), 400),
    "a line without a colon": (fields("Content-Length: {n}", "words"), 400),
    "a line without a name": (fields("Content-Length: {n}", ": words"), 400),
    "a NUL in a line": (fields("Content-Length: {n}", "X-Note: a\0b"), 400),
    "a NUL in a name": (fields("Content-Length: {n}", "X-No\0te: a"), 400),
    "a lone CR in a line": (fields("Content-Length: {n}", "X-Note: a\rContent-Length: 5"), 400),
    "lines that end in LF alone": (bare(b"\n"), 400),
    "lines that end in CR alone": (bare(b"\r"), 400),
    "chunked in a list": (fields("Transfer-Encoding: chunked, identity", chunks=True), 400),
    "chunked twice": (fields("Transfer-Encoding: chunked, chunked", chunks=True), 400),
    "two Transfer-Encoding lines": (fields(CHUNKED, CHUNKED, chunks=True), 400),
    "a vertical tab before chunked": (fields("Transfer-Encoding: \vchunked", chunks=True), 400),
    "chunked with a letter more": (fields("Transfer-Encoding: xchunked", chunks=True), 501),
    "gzip as Transfer-Encoding": (fields("Transfer-Encoding: gzip"), 501),
    "an empty Transfer-Encoding": (fields("Transfer-Encoding:", chunks=True), 400),
    "chunks in HTTP/1.0": (fields(CHUNKED, chunks=True, version="HTTP/1.0"), 400),
    "chunks and a length of zero": (fields(CHUNKED, "Content-Length: 0", chunks=True), 400),
    "a length of zero and chunks": (fields("Content-Length: 0", CHUNKED, chunks=True), 400),
    "a length of zero, and a length": (fields("Content-Length: 0", "Content-Length: {n}"), 400),
    "identity as Transfer-Encoding": (fields("Transfer-Encoding: identity", "Content-Length: {n}"), 400),
    "chunked between quotes": (fields('Transfer-Encoding: "chunked"', chunks=True), 400),
    "chunked with a parameter": (fields("Transfer-Encoding: chunked;q=1", chunks=True), 400),
    "chunked behind a comma": (fields("Transfer-Encoding: ,chunked", chunks=True), 400),
    "chunked behind a NUL": (fields("Transfer-Encoding: \0chunked", chunks=True), 400),
    "chunked behind gzip": (fields("Transfer-Encoding: gzip, chunked", chunks=True), 400),
    "chunked in letters of another alphabet": (fields("Transfer-Encoding: \xa0chunked", chunks=True), 400),
    "a name of a field with a blank in it": (fields("Content-Length: {n}", "X Note: a"), 400),
    "a name of a field with letters beyond ASCII": (fields("Content-Length: {n}", "X-N\xf6te: a"), 400),
    "a name of a field between brackets": (fields("Content-Length: {n}", "(X-Note): a"), 400),
    "the first line of fields is folded": (fields(" X-Note: a", "Content-Length: {n}", host=None), 400),
    "a blank line of blanks": (fields("Content-Length: {n}", " "), 400),
    "a LF alone in a line": (fields("Content-Length: {n}", "X-Note: a\nTransfer-Encoding: chunked"), 400),
    "a line end in a chunk's line": (chunk(b"5\r;a"), 400),
    "a chunk with a blank before it": (chunk(b" 5"), 400),
    "a chunk with a blank in it": (chunk(b"1 0"), 400),
    "a chunk with an underscore": (chunk(b"1_0"), 400),
    "a chunk of sixty-four digits": (lambda good: raw.post(None, CHUNKED) + b"%064x\r\n%s\r\n0\r\n\r\n" % (len(good), good), 400),
    "a chunk that ends in other letters": (
        lambda good: raw.post(None, CHUNKED) + b"%x\r\n%sXX0\r\n\r\n" % (len(good), good), 400),
    "chunks whose lines end in LF alone": (
        lambda good: raw.post(None, CHUNKED) + b"%x\n%s\n0\n\n" % (len(good), good), 400),
    "a negative chunk": (chunk(b"-5"), 400),
    "a chunk with a plus": (chunk(b"+5"), 400),
    "a chunk beyond 64 bits": (chunk(b"FFFFFFFFFFFFFFFF1"), 400),
    "a chunk of the largest size": (chunk(b"7FFFFFFFFFFFFFF"), 413),
    "a chunk in another notation": (chunk(b"0x10"), 400),
    "a chunk without a size": (chunk(b""), 400),
    "a chunk that does not end where it says": (chunk(b"5"), 400),
    "a megabyte of chunk extension": (chunk_extension(b"a" * (1 << 20)), 400),
    "a NUL in a chunk extension": (chunk_extension(b"a\0"), 400),
    "a LF in a chunk extension": (chunk_extension(b"a\n"), 400),
    "a megabyte of trailers": (trailer(b"X-Note: " + b"a" * (1 << 20) + b"\r\n"), 431),
    "a trailer that is no field": (trailer(b"no field\r\n"), 400),
    "fifty thousand lines": (sized("{n}", *[f"X-{n}: a" for n in range(50000)]), 431),
    "a line of a megabyte": (sized("{n}", "X-Note: " + "a" * (1 << 20)), 431),
    "a target of a megabyte": (sized("{n}", target="/" + "a" * (1 << 20)), 414),
    "neither length nor chunks": (fields(), 411),
    "two Host lines": (sized("{n}", "Host: other.test"), 400),
    "no Host line": (sized("{n}", host=None), 400),
    "a Host that is none": (sized("{n}", host="a b"), 400),
    "a Host with a path": (sized("{n}", host="a/b"), 400),
    "a Host with a name and a password": (sized("{n}", host="a:b@c"), 400),
    "a Host with two ports": (sized("{n}", host="a:1:2"), 400),
    "a Host with a NUL": (sized("{n}", host="a\0b"), 400),
    "a Host with a port that is none": (sized("{n}", host="a:b"), 400),
    "version 1.10": (sized("{n}", version="HTTP/1.10"), 400),
    "version 0.9": (sized("{n}", version="HTTP/0.9"), 505),
    "another protocol": (sized("{n}", version="HTTPS/1.1"), 400),
    "words behind the version": (sized("{n}", version="HTTP/1.1 x"), 400),
    "version 9.9": (sized("{n}", version="HTTP/9.9"), 505),
    "version 2.0": (sized("{n}", version="HTTP/2.0"), 505),
    "the preface of HTTP/2": (lambda good: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "a version in small letters": (sized("{n}", version="http/1.1"), 400),
    "two blanks in the request line": (request_line("POST  {} HTTP/1.1"), 400),
    "a tab in the request line": (request_line("POST\t{} HTTP/1.1"), 400),
    "a request line without a version": (request_line("POST {}"), 400),
    "a control character in the target": (request_line("POST {}\x01 HTTP/1.1"), 400),
    "a fragment in the target": (request_line("POST {}#a HTTP/1.1"), 400),
    "a target that is no path": (request_line("POST bip-sync HTTP/1.1"), 400),
    "an authority as target": (request_line("CONNECT gateway.test:80 HTTP/1.1"), 400),
    "a method with a colon": (request_line("PO:ST {} HTTP/1.1"), 400),
    "an expectation that nobody knows": (sized("{n}", "Expect: 200-ok"), 417),
    "TLS on the plain port": (lambda good: bytes.fromhex("16030100a5010000a1030300") + bytes(170), 400),
    "noise": (lambda good: bytes(range(256)) * 16, 400),
}


def shorter(w):
    good = w.signed().encode()
    w.cuts_off(raw.post(len(good) + 100) + good, 400, half_close=True)


def without_last_chunk(w):
    w.cuts_off(raw.post(None, CHUNKED) + raw.chunked(w.signed().encode())[:-5], 400, half_close=True)


def pipelined(w):
    """Nothing behind a refused request is read."""
    good = w.signed().encode()
    w.cuts_off(raw.post(-1) + raw.post(len(good)) + good, 400)


def other_method(method):
    def case(w):
        good = w.signed().encode()
        w.cuts_off(raw.post(len(good)).replace(b"POST", method.encode(), 1) + good, 405, closed=False)
    return case


def query(text):
    """Nothing but documents of the contract is served."""
    return lambda w: w.cuts_off(f"GET {raw.PATH}{text} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), 404, closed=False)


METHODS = ["GET", "PUT", "DELETE", "TRACE", "OPTIONS", "post"]
QUERIES = ["?wsdl=../../../etc/passwd", "?xsd=/etc/passwd", "?xsd=" + "a" * 300, "?%00", "?xsd=%2fetc%2fpasswd"]
ATTACKS = {
    **cut_off(CASES),
    "a body shorter than its length": shorter,
    "chunks without the last": without_last_chunk,
    "a good request behind a refused one": pipelined,
    **{f"the method {method}": other_method(method) for method in METHODS},
    **{f"the query {text[:40]}": query(text) for text in QUERIES},
}


def head(*lines, **more):
    return lambda good: raw.post(None, *[line.replace("{n}", str(len(good))) for line in lines], **more) + good


LEGITIMATE = taken({
    "names of fields in capitals": head("CONTENT-LENGTH: {n}"),
    "names of fields in small letters": head("content-length: {n}"),
    "no blank behind the colon": head("Content-Length:{n}"),
    "blanks and tabs around the value": head("Content-Length: \t {n} \t "),
    "a field without a value": head("Content-Length: {n}", "X-Note:"),
    "fifty fields": head("Content-Length: {n}", *[f"X-Note-{n}: a" for n in range(50)]),
    "one name of a field twice": head("Content-Length: {n}", "X-Note: a", "X-Note: b"),
    "a Host with a port": head("Content-Length: {n}", host="gateway.test:8080"),
    "a Host that is an address": head("Content-Length: {n}", host="[::1]:8080"),
    "a length with noughts before it": head("Content-Length: 000{n}"),
    "an empty line before the request": lambda good: b"\r\n" + raw.post(len(good)) + good,
    "a question of other protocols": head("Content-Length: {n}", "Upgrade: h2c", "Connection: Upgrade"),
    "chunks with noughts before their sizes": lambda good: (
        raw.post(None, CHUNKED) + b"000%X\r\n%s\r\n000\r\n\r\n" % (len(good), good)),
    "letters beyond ASCII in a value": head("Content-Length: {n}", "X-Note: \xe4\xf6"),
})
