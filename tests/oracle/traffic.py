"""Captures of odd but valid traffic, the same on every run: what browsers, servers, resolvers and mirror ports may do
and a recording seldom shows. Each scenario is a function that returns frames; write_all gives each its file."""
import gzip
import os
import random
import struct
import zlib

CLIENT, SERVER = "192.0.2.10", "198.51.100.20"
START_US = 1_600_000_000_000_000
FIN, SYN, PSH, ACK = 1, 2, 8, 16


def v4(text):
    return bytes(int(part) for part in text.split("."))


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Wire:
    """Frames with times and IP identifications of their own."""

    def __init__(self):
        self.frames, self.us, self.ident, self.seed = [], START_US, 0, random.Random(1)

    def put(self, frame, after_us=200):
        self.us += after_us
        self.frames.append((self.us, frame))

    def ip(self, src, dst, proto, payload, ttl=64, place=0, ident=None):
        if ident is None:
            self.ident = ident = (self.ident + 1) & 0xffff
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, place, ttl, proto, 0, v4(src), v4(dst))
        return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload

    def udp(self, src, sport, dst, dport, payload):
        length = 8 + len(payload)
        pseudo = v4(src) + v4(dst) + struct.pack("!BBH", 0, 17, length)
        head = struct.pack("!HHHH", sport, dport, length, 0)
        value = checksum(pseudo + head + payload) or 0xffff
        return self.ip(src, dst, 17, head[:6] + struct.pack("!H", value) + payload)

    def datagram(self, src, sport, dst, dport, payload, after_us=200):
        self.put(ethernet(self.udp(src, sport, dst, dport, payload)), after_us)


def ethernet(payload, ethertype=0x0800, tag=None):
    middle = b"" if tag is None else struct.pack("!HH", 0x8100, tag)
    return bytes.fromhex("020000000001020000000002") + middle + struct.pack("!H", ethertype) + payload


class Talk:
    """One TCP connection; segments go out in the way that `cut` and `order` say."""

    def __init__(self, wire, sport=40000, dport=80, cut=1400, wrap=lambda ip, side: ethernet(ip), greet=True):
        self.wire, self.ports, self.cut, self.wrap = wire, (sport, dport), cut, wrap
        self.seq = [0xfffff000 + wire.ident * 5000, 7000 + wire.ident * 9000]  # the first client's wraps soon
        if greet:
            self.send(0, b"", SYN)
            self.send(1, b"", SYN | ACK)
            self.send(0, b"", ACK)

    def segment(self, side, seq, payload, flags=ACK):
        ends = ((CLIENT, self.ports[0]), (SERVER, self.ports[1]))
        (src, sport), (dst, dport) = ends if side == 0 else ends[::-1]
        head = struct.pack("!HHIIBBHHH", sport, dport, seq & 0xffffffff, self.seq[1 - side] & 0xffffffff, 0x50, flags,
                           65000, 0, 0)
        pseudo = v4(src) + v4(dst) + struct.pack("!BBH", 0, 6, len(head) + len(payload))
        head = head[:16] + struct.pack("!H", checksum(pseudo + head + payload)) + head[18:]
        self.wire.put(self.wrap(self.wire.ip(src, dst, 6, head + payload), side))

    def send(self, side, payload, flags=ACK | PSH):
        self.segment(side, self.seq[side], payload, flags)
        self.seq[side] += len(payload) + bool(flags & (SYN | FIN))

    def say(self, side, data, order=None):
        """Sends data in segments; order "shuffled" swaps and repeats them."""
        parts = [(self.seq[side] + at, data[at:at + self.cut]) for at in range(0, len(data), self.cut)]
        self.seq[side] += len(data)
        if order == "shuffled":
            for at in range(0, len(parts) - 1, 2):
                parts[at:at + 2] = parts[at + 1], parts[at], parts[at + 1]
        for seq, part in parts:
            self.segment(side, seq, part, ACK | PSH)
        self.segment(1 - side, self.seq[1 - side], b"")

    def say_alone(self, side, data):
        """Without the other side's acknowledgements, which are not captured."""
        for at in range(0, len(data), self.cut):
            self.send(side, data[at:at + self.cut])

    def end(self):
        self.send(0, b"", FIN | ACK)
        self.send(1, b"", FIN | ACK)
        self.send(0, b"", ACK)


# HTTP ----------------------------------------------------------------------------------------------------------------

def head(line, *fields):
    return "\r\n".join((line,) + fields + ("", "")).encode()


def response(body=b"", *fields, line="HTTP/1.1 200 OK"):
    return head(line, f"Content-Length: {len(body)}", *fields) + body


def chunked(body, size, trailer=""):
    parts = [body[at:at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x;note=1\r\n%s\r\n" % (len(p), p) for p in parts) + b"0\r\n" + trailer.encode() + b"\r\n"


def packed(body):
    return gzip.compress(body, mtime=0)


TEXT = b"The quick brown fox jumps over the lazy dog. " * 90
GET = head("GET /plain?a=1&b=%20 HTTP/1.1", "Host: www.example.com")

# Exchanges in turn: name, then (side, bytes) as they are said.
CONVERSATIONS = {
    "plain": [(0, GET), (1, response(TEXT))],
    "post": [(0, head("POST /form HTTP/1.1", "Host: a.example", "Content-Length: 4050") + TEXT), (1, response(b"ok"))],
    "pipelining": [(0, GET + head("GET /two HTTP/1.1", "Host: a.example") +
                    head("GET /three HTTP/1.1", "Host: a.example")),
                   (1, response(b"one") + response(TEXT) + response(b"", line="HTTP/1.1 404 Not Found"))],
    "chunked": [(0, GET), (1, head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Trailer: X-Sum") +
                           chunked(TEXT, 700, "X-Sum: 12\r\n")), (0, GET), (1, response(b"next"))],
    "chunked-post": [(0, head("POST /up HTTP/1.1", "Host: a.example", "Transfer-Encoding: chunked") +
                      chunked(TEXT, 999)),
                     (1, response(b"ok"))],
    "gzip": [(0, GET), (1, response(packed(TEXT), "Content-Encoding: gzip"))],
    "gzip-chunked": [(0, GET), (1, head("HTTP/1.1 200 OK", "Content-Encoding: gzip", "Transfer-Encoding: chunked") +
                                chunked(packed(TEXT), 33)), (0, GET), (1, response(b"next"))],
    "deflate": [(0, GET), (1, response(zlib.compress(TEXT), "Content-Encoding: deflate"))],
    "interim": [(0, head("PUT /file HTTP/1.1", "Host: a.example", "Expect: 100-continue", "Content-Length: 3")),
                (1, head("HTTP/1.1 100 Continue")), (0, b"abc"), (1, head("HTTP/1.1 103 Early Hints", "Link: </x>")),
                (1, response(b"made", line="HTTP/1.1 201 Created"))],
    "head": [(0, head("HEAD /big HTTP/1.1", "Host: a.example")), (1, head("HTTP/1.1 200 OK", "Content-Length: 99999")),
             (0, GET), (1, response(b"after"))],
    "no-body": [(0, GET), (1, head("HTTP/1.1 304 Not Modified", "Content-Length: 700")), (0, GET),
                (1, head("HTTP/1.1 204 No Content")), (0, GET), (1, response(b"after"))],
    "folded": [(0, head("GET /folded HTTP/1.1", "Host: a.example", "X-Long: one", "\ttwo", "  three")),
               (1, response(b"x", "X-Fold: a", " b"))],
    "bare-lf": [(0, b"GET /lf HTTP/1.1\nHost: a.example\n\n"), (1, b"HTTP/1.1 200 OK\nContent-Length: 3\n\nabc")],
    "absolute": [(0, head("GET http://proxied.example/x?y HTTP/1.1", "Host: proxied.example")),
                 (1, response(b"proxied"))],
    "options": [(0, head("OPTIONS * HTTP/1.1", "Host: a.example")), (1, response(b"", "Allow: GET"))],
    "partial": [(0, head("GET /part HTTP/1.1", "Host: a.example", "Range: bytes=0-3")),
                (1, response(b"abcd", "Content-Range: bytes 0-3/9", line="HTTP/1.1 206 Partial Content"))],
    "to-the-end": [(0, head("GET /old HTTP/1.0")), (1, head("HTTP/1.0 200 OK", "Content-Type: text/plain") + TEXT)],
    "case": [(0, b"GET /case HTTP/1.1\r\nhOST: a.example\r\nCONTENT-length:2 \r\n\r\nhi"), (1, response(b"ok"))],
    "empty-lines": [(0, b"\r\n" + GET), (1, response(b"a")), (0, b"\r\n" + GET), (1, response(b"b"))],
    "upgrade": [(0, head("GET /chat HTTP/1.1", "Host: a.example", "Connection: Upgrade", "Upgrade: thing/1")),
                (1, head("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: thing/1")),
                (1, b"\x81\x05hello"), (0, b"\x81\x85\1\2\3\4ident")],
    "long-uri": [(0, head("GET /" + "u" * 3000 + "?q=" + "v" * 900 + " HTTP/1.1", "Host: a.example")),
                 (1, response(b"l"))],
    "methods": [(side, text) for m in ("DELETE", "PATCH", "PROPFIND", "TRACE")
                for side, text in ((0, head(f"{m} /{m} HTTP/1.1", "Host: a.example")), (1, response(m.encode())))],
    "two-hundred": [(side, text) for n in range(200)
                    for side, text in ((0, head(f"GET /{n} HTTP/1.1", "Host: a.example")), (1, response(b"n" * n)))],
}
TRANSPORT = {"whole": {}, "bytes": {"cut": 1}, "sevens": {"cut": 7}, "shuffled": {"cut": 100}}


def http(name, transport):
    wire = Wire()
    talk = Talk(wire, **TRANSPORT[transport])
    for side, data in CONVERSATIONS[name]:
        talk.say(side, data, order=transport)
    talk.end()
    return wire.frames


def odd_ports():
    wire = Wire()
    for sport, dport in ((40001, 8081), (40002, 1337), (40003, 5000), (40004, 60123)):
        talk = Talk(wire, sport, dport)
        for side, data in CONVERSATIONS["pipelining"]:
            talk.say(side, data)
        talk.end()
    return wire.frames


def connect():
    wire = Wire()
    talk = Talk(wire, dport=3128)
    talk.say(0, head("CONNECT www.example.org:443 HTTP/1.1", "Host: www.example.org:443"))
    talk.say(1, head("HTTP/1.1 200 Connection established"))
    talk.say(0, record(hello("www.example.org")))
    talk.end()
    return wire.frames


def one_tagged_side():
    wire = Wire()
    talk = Talk(wire, wrap=lambda ip, side: ethernet(ip, tag=12 if side else None))
    for side, data in CONVERSATIONS["gzip-chunked"]:
        talk.say(side, data)
    talk.end()
    return wire.frames


def same_ports_again():
    wire = Wire()
    for turn in range(3):
        talk = Talk(wire)
        talk.say(0, head(f"GET /turn/{turn} HTTP/1.1", "Host: a.example"))
        talk.say(1, response(b"x" * turn))
        talk.end()
        wire.us += 2_000_000
    return wire.frames


def mid_stream():
    """The capture begins within a response; the exchanges after it are whole."""
    wire = Wire()
    talk = Talk(wire, greet=False)
    talk.say(1, TEXT[:3000].replace(b" ", b"\0"))
    for n in range(3):
        talk.say(0, head(f"GET /after/{n} HTTP/1.1", "Host: a.example"))
        talk.say(1, response(TEXT))
    return wire.frames


def one_direction():
    wire = Wire()
    for side in (0, 1):
        talk = Talk(wire, 40010 + side, wrap=lambda ip, from_side: ethernet(ip), greet=False)
        for n in range(3):
            talk.say_alone(side, head(f"GET /only/{n} HTTP/1.1", "Host: a.example") if side == 0 else response(TEXT))
    return wire.frames


def keep_alive():
    """Between two exchanges, probes that repeat the last byte, or send one byte of rubbish in its place."""
    wire = Wire()
    talk = Talk(wire)
    for n in range(3):
        talk.say(0, head(f"GET /kept/{n} HTTP/1.1", "Host: a.example"))
        talk.say(1, response(TEXT))
        for side in (0, 1):
            talk.segment(side, talk.seq[side] - 1, b"", ACK)
            talk.segment(side, talk.seq[side] - 1, b"\0", ACK)
            talk.segment(1 - side, talk.seq[1 - side], b"", ACK)
    talk.end()
    return wire.frames


def reset():
    wire = Wire()
    for flags, sport in ((4, 40020), (4 | ACK, 40021)):
        talk = Talk(wire, sport)
        talk.say(0, GET)
        talk.say(1, response(b"short"))
        talk.say(0, head("GET /unanswered HTTP/1.1", "Host: a.example"))
        talk.send(1, b"", flags)
    return wire.frames


def sent_again():
    """Everything three times: at once, and all of it once more."""
    wire = Wire()
    talk = Talk(wire)
    for side, data in CONVERSATIONS["chunked"]:
        start = talk.seq[side]
        talk.say(side, data)
        for at in range(0, len(data), 900):
            talk.segment(side, start + at, data[at:at + 1000])
    talk.end()
    return wire.frames


def vxlan():
    wire = Wire()
    shim = b"\x08\0\0\0\0\0\x07\0"
    wrap = lambda ip, side: ethernet(wire.udp("10.0.0.1", 50000 + side, "10.0.0.2", 4789, shim + ethernet(ip)))
    talk = Talk(wire, cut=500, wrap=wrap)
    for side, data in CONVERSATIONS["gzip-chunked"]:
        talk.say(side, data)
    talk.end()
    return wire.frames


# TLS -----------------------------------------------------------------------------------------------------------------

def hello(name, padding=0):
    server = struct.pack("!HBH", len(name) + 3, 0, len(name)) + name.encode()
    extensions = struct.pack("!HH", 21, padding) + b"\0" * padding + struct.pack("!HH", 0, len(server)) + server
    body = b"\3\3" + bytes(range(32)) + b"\0" + b"\0\4\x13\1\x13\2" + b"\1\0"
    body += struct.pack("!H", len(extensions)) + extensions
    return b"\1" + struct.pack("!I", len(body))[1:] + body


def record(message, size=16000):
    parts = [message[at:at + size] for at in range(0, len(message), size)]
    return b"".join(b"\x16\3\1" + struct.pack("!H", len(part)) + part for part in parts)


def hellos():
    wire = Wire()
    rows = ((443, 1400, 16000, 0), (443, 1, 16000, 0), (443, 50, 16000, 0), (443, 1400, 40, 300),
            (443, 100, 16000, 3000),
            (8443, 1400, 16000, 1800), (4444, 1400, 16000, 0), (993, 30, 16000, 0))
    for n, (dport, cut, size, padding) in enumerate(rows):
        talk = Talk(wire, 41000 + n, dport, cut)
        talk.say(0, record(hello(f"name{n}.example.com", padding), size), order="shuffled" if cut == 100 else None)
        talk.end()
    return wire.frames


def starttls():
    wire = Wire()
    talk = Talk(wire, dport=25)
    for side, data in ((1, b"220 mx.example ESMTP\r\n"), (0, b"EHLO me\r\n"), (1, b"250-mx.example\r\n250 STARTTLS\r\n"),
                       (0, b"STARTTLS\r\n"), (1, b"220 go on\r\n"), (0, record(hello("mx.example")))):
        talk.say(side, data)
    talk.end()
    return wire.frames


# DNS -----------------------------------------------------------------------------------------------------------------

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, OPT, HTTPS = 1, 2, 5, 6, 12, 15, 16, 28, 33, 41, 65
AT_QUESTION = b"\xc0\x0c"


def name(text):
    labels = [label.encode("utf-8") for label in text.split(".") if label]
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"


def question(text, kind=A):
    return name(text) + struct.pack("!HH", kind, 1)


def rr(owner, kind, data, ttl=300, klass=1):
    return owner + struct.pack("!HHIH", kind, klass, ttl, len(data)) + data


def message(ident, questions, answers=(), more=(), flags=0x0100, authorities=()):
    return struct.pack("!HHHHHH", ident, flags, len(questions), len(answers), len(authorities), len(more)) + \
        b"".join(questions) + b"".join(answers) + b"".join(authorities) + b"".join(more)


EDNS = rr(b"\0", OPT, b"\0\x0a\0\x08abcdefgh", ttl=0x8000, klass=1232)
SOA_DATA = name("ns.example") + name("root.example") + struct.pack("!IIIII", 1, 2, 3, 4, 5)


def exchanges():
    """(query, answer) of many kinds."""
    q = lambda n, text, kind=A, more=(): message(n, [question(text, kind)], more=more)
    a = lambda n, text, kind, answers, flags=0x8180, **rest: message(n, [question(text, kind)], answers, flags=flags,
                                                                     **rest)
    chain = [rr(AT_QUESTION, CNAME, name("one.cdn.example")), rr(name("one.cdn.example"), CNAME, name("two.cdn.example")),
             rr(name("two.cdn.example"), A, v4("203.0.113.7")), rr(name("two.cdn.example"), A, v4("203.0.113.8"))]
    service = struct.pack("!H", 1) + b"\0" + struct.pack("!HH", 1, 3) + b"\x02h2"
    service += struct.pack("!HH4s", 4, 4, v4("203.0.113.9"))
    many = [rr(AT_QUESTION, A, bytes((203, 0, 113, n))) for n in range(120)]
    yield q(1, "www.example.com"), a(1, "www.example.com", A, [rr(AT_QUESTION, A, v4("203.0.113.1"))])
    yield q(2, "wWw.ExAmPle.CoM"), a(2, "wWw.ExAmPle.CoM", A, [rr(AT_QUESTION, A, v4("203.0.113.1"))])
    yield q(3, "chain.example", A, [EDNS]), a(3, "chain.example", A, chain, more=[EDNS])
    yield q(4, "six.example", AAAA), a(4, "six.example", AAAA, [rr(AT_QUESTION, AAAA, bytes(range(16)))])
    yield q(5, "none.example"), a(5, "none.example", A, [], 0x8183, authorities=[rr(name("example"), SOA, SOA_DATA)])
    yield q(6, "broken.example"), a(6, "broken.example", A, [], 0x8182)
    yield q(7, "refused.example"), a(7, "refused.example", A, [], 0x8105)
    yield q(8, "https.example", HTTPS), a(8, "https.example", HTTPS, [rr(AT_QUESTION, HTTPS, service)])
    yield q(9, "7.113.0.203.in-addr.arpa", PTR), a(9, "7.113.0.203.in-addr.arpa", PTR,
                                                  [rr(AT_QUESTION, PTR, name("p.example"))])
    yield q(10, "mail.example", MX), a(10, "mail.example", MX, [rr(AT_QUESTION, MX, b"\0\x0a" + name("mx.example"))])
    yield q(11, "text.example", TXT), a(11, "text.example", TXT, [rr(AT_QUESTION, TXT, b"\x05v=one\x03two")])
    yield q(12, "_sip._tcp.example", SRV), a(12, "_sip._tcp.example", SRV,
                                            [rr(AT_QUESTION, SRV, struct.pack("!HHH", 1, 2, 5060) + name("sip.example"))])
    yield q(13, "many.example"), a(13, "many.example", A, many)
    yield q(14, "xn--bcher-kva.example"), a(14, "xn--bcher-kva.example", A, [rr(AT_QUESTION, A, v4("203.0.113.2"))])
    yield q(15, ".".join(["l" * 63] * 3) + ".example"), a(15, ".".join(["l" * 63] * 3) + ".example", A, [])
    yield q(16, "", NS), a(16, "", NS, [rr(b"\0", NS, name("a.root.example"))])
    yield q(17, "cut.example"), a(17, "cut.example", A, [], 0x8380)
    yield q(18, "any.example", 255), a(18, "any.example", 255, [rr(AT_QUESTION, SOA, SOA_DATA),
                                                               rr(AT_QUESTION, NS, name("ns.example"))])


def dns_udp(dport=53):
    wire = Wire()
    for n, (query, answer) in enumerate(exchanges()):
        wire.datagram(CLIENT, 42000 + n, SERVER, dport, query)
        wire.datagram(SERVER, dport, CLIENT, 42000 + n, answer)
    return wire.frames


def framed(text):
    return struct.pack("!H", len(text)) + text


def dns_tcp(cut):
    wire = Wire()
    talk = Talk(wire, dport=53, cut=cut)
    pairs = list(exchanges())
    talk.say(0, b"".join(framed(query) for query, _ in pairs))
    talk.say(1, b"".join(framed(answer) for _, answer in pairs))
    talk.end()
    return wire.frames


def dns_tcp_long():
    """A message longer than most that keep any: 60 KB of text records behind one address."""
    wire = Wire()
    answers = [rr(AT_QUESTION, A, v4("203.0.113.1"))] + [rr(AT_QUESTION, TXT, b"\xff" + b"t" * 255)] * 220
    talk = Talk(wire, dport=53)
    for ident, records in ((30, answers), (31, answers[:1])):
        asked = [question("long.example", 255)]
        talk.say(0, framed(message(ident, asked)))
        talk.say(1, framed(message(ident, asked, records, flags=0x8180)))
    talk.end()
    return wire.frames


def dns_local():
    wire = Wire()
    for port, group in ((5353, "224.0.0.251"), (5355, "224.0.0.252")):
        wire.datagram(CLIENT, port, group, port, message(0, [question("printer.local")], flags=0))
        record_here = rr(name("printer.local"), A, v4("192.0.2.77"), klass=0x8001)
        wire.datagram(SERVER, port, group, port, message(0, [], [record_here], flags=0x8400))
    return wire.frames


def dns_fragments():
    wire = Wire()
    _, answer = list(exchanges())[12]
    whole = wire.udp(SERVER, 53, CLIENT, 43000, answer)[20:]
    for turn, order in enumerate(((0, 1, 2), (2, 1, 0), (1, 0, 2, 1))):
        parts = [(whole[at:at + 800], at) for at in range(0, len(whole), 800)]
        for part in order:
            data, at = parts[part]
            more = 0x2000 if at + 800 < len(whole) else 0
            wire.put(ethernet(wire.ip(SERVER, CLIENT, 17, data, place=more | at // 8, ident=900 + turn)), 10_000)
    return wire.frames


def dns_repeated():
    """A mirror port's copies, and a query that is sent again."""
    wire = Wire()
    query, answer = next(exchanges())
    for _ in range(3):
        first = wire.udp(CLIENT, 44000, SERVER, 53, query)
        wire.put(ethernet(first), 1_000_000)
        wire.put(ethernet(first, tag=7), 40)
    reply = wire.udp(SERVER, 53, CLIENT, 44000, answer)
    wire.put(ethernet(reply), 1000)
    wire.put(ethernet(reply), 3)
    return wire.frames


def dns_in_tunnels():
    wire = Wire()
    for n, (query, _) in enumerate(exchanges()):
        inner = wire.udp(CLIENT, 45000 + n, SERVER, 53, query)
        outer = ((4, b""), (47, b"\0\0\x08\0"), (47, b"\x10\0\x88\xbe" + struct.pack("!I", n) + b"\x10\0\0\0\0\0\0\0"))
        proto, header = outer[n % 3]
        body = header + (ethernet(inner) if n % 3 == 2 else inner)
        wire.put(ethernet(wire.ip("10.0.0.1", "10.0.0.2", proto, body)))
    return wire.frames


def scenarios():
    for conversation in CONVERSATIONS:
        for transport in TRANSPORT:
            if conversation not in ("two-hundred", "long-uri") or transport == "whole":
                yield f"http-{conversation}-{transport}", lambda c=conversation, t=transport: http(c, t)
    yield from (("http-odd-ports", odd_ports), ("http-connect", connect), ("http-one-tagged-side", one_tagged_side),
                ("http-same-ports-again", same_ports_again),
                ("http-mid-stream", mid_stream), ("http-one-direction", one_direction), ("http-keep-alive", keep_alive),
                ("http-reset", reset), ("http-sent-again", sent_again), ("http-vxlan", vxlan),
                ("tls-hellos", hellos), ("tls-starttls", starttls),
                ("dns-udp", dns_udp), ("dns-odd-port", lambda: dns_udp(5300)), ("dns-tcp", lambda: dns_tcp(1400)),
                ("dns-tcp-long", dns_tcp_long), ("dns-tcp-bytes", lambda: dns_tcp(1)), ("dns-local", dns_local),
                ("dns-fragments", dns_fragments),
                ("dns-repeated", dns_repeated), ("dns-in-tunnels", dns_in_tunnels))


def write_all(folder):
    """One capture a scenario; returns their paths."""
    paths = []
    for title, frames in scenarios():
        paths.append(os.path.join(folder, f"generated-{title}.pcap"))
        with open(paths[-1], "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
            for us, frame in frames():
                file.write(struct.pack("<IIII", us // 1_000_000, us % 1_000_000, len(frame), len(frame)) + frame)
    return paths
