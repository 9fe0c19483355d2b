#!/usr/bin/env python3
"""A pcap file in Linux cooked capture v2 (LINKTYPE 276), which Suricata 7 does not read, as one with Ethernet headers.
usage: ethernet.py FILE OUT"""
import struct
import sys

data = open(sys.argv[1], "rb").read()
assert data[:4] == b"\xd4\xc3\xb2\xa1" and struct.unpack_from("<I", data, 20)[0] == 276, "a little-endian pcap file in SLL2"
out, at = bytearray(data[:20] + struct.pack("<I", 1)), 24
while at + 16 <= len(data):
    seconds, fraction, captured, wire = struct.unpack_from("<4I", data, at)
    frame = data[at + 16:at + 16 + captured]
    out += struct.pack("<4I", seconds, fraction, captured - 6, wire - 6) + bytes(12) + frame[:2] + frame[20:]
    at += 16 + captured
open(sys.argv[2], "wb").write(out)
