#!/usr/bin/env python3
"""A host of libradome in Python: reads a pcap or pcapng file by itself and prints the hits, a line each.
usage: capture.py LIBRADOME.so FILE"""
import ctypes as c
import struct
import sys


class Hit(c.Structure):
    _fields_ = [("time_us", c.c_uint64), ("id", c.c_char_p), ("kind", c.c_char_p), ("bits", c.c_double), ("why", c.c_char_p),
                ("family", c.c_char_p), ("technique", c.c_char_p * 4), ("seen_in", c.c_char_p), ("client", c.c_char_p),
                ("server", c.c_char_p), ("client_port", c.c_uint16), ("server_port", c.c_uint16), ("protocol", c.c_uint8),
                ("name", c.c_char_p), ("subject", c.c_char_p)]  # and more, which this host does not look at


ON_HIT = c.CFUNCTYPE(None, c.c_void_p, c.POINTER(Hit))


class Settings(c.Structure):  # the first version's beginning is enough: what is not given is as usual
    _fields_ = [("hit", ON_HIT), ("context", c.c_void_p)]


def pcap(data):
    """Each frame of a pcap file: link type, microseconds, bytes, length on the wire."""
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    nanoseconds = data[:4] in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d")
    linktype, at = struct.unpack_from(order + "I", data, 20)[0], 24
    while at + 16 <= len(data):
        seconds, fraction, captured, wire = struct.unpack_from(order + "4I", data, at)
        yield linktype, seconds * 1000000 + fraction // (1000 if nanoseconds else 1), data[at + 16:at + 16 + captured], wire
        at += 16 + captured


def pcapng(data):
    """The same of a pcapng file with enhanced packet blocks."""
    order, at, interfaces = "<", 0, []
    while at + 12 <= len(data):
        kind = struct.unpack_from(order + "I", data, at)[0]
        if kind == 0x0A0D0D0A:
            order = "<" if data[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            interfaces = []
        length = struct.unpack_from(order + "I", data, at + 4)[0]
        if kind == 1:
            option, units = at + 16, 1000000
            while option + 4 <= at + length - 4:
                code, size = struct.unpack_from(order + "2H", data, option)
                if code == 9:
                    units = 10 ** data[option + 4]
                option += 4 + (size + 3) // 4 * 4
            interfaces.append((struct.unpack_from(order + "H", data, at + 8)[0], units))
        elif kind == 6:
            number, high, low, captured, wire = struct.unpack_from(order + "5I", data, at + 8)
            linktype, units = interfaces[number]
            yield linktype, (high << 32 | low) * 1000000 // units, data[at + 28:at + 28 + captured], wire
        at += length


def main(library, path):
    lib = c.CDLL(library)
    lib.radome_open.restype = c.c_void_p
    lib.radome_open.argtypes = [c.POINTER(Settings), c.c_size_t, c.c_char_p, c.c_size_t]
    lib.radome_packet.argtypes = [c.c_void_p, c.c_int, c.c_uint64, c.c_char_p, c.c_size_t, c.c_size_t]
    lib.radome_finish.argtypes = lib.radome_close.argtypes = [c.c_void_p]

    @ON_HIT
    def on_hit(context, hit):
        h = hit.contents
        print(h.time_us, h.kind.decode(), h.id.decode(), "%.1f" % h.bits, h.client.decode(), h.subject.decode("utf-8", "replace"))

    settings, err = Settings(on_hit, None), c.create_string_buffer(512)
    radome = lib.radome_open(c.byref(settings), c.sizeof(settings), err, len(err))
    if not radome:
        sys.exit(err.value.decode())
    data = open(path, "rb").read()
    for linktype, us, frame, wire in (pcapng if data[:4] == b"\n\r\r\n" else pcap)(data):
        lib.radome_packet(radome, linktype, us, frame, len(frame), wire)
    lib.radome_finish(radome)
    lib.radome_close(radome)


main(sys.argv[1], sys.argv[2])
