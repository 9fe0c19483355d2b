"""tshark as an oracle: its dissection of one capture, read from PDML, as sightings."""
import re
import subprocess
import xml.etree.ElementTree as tree

from sightings import Sighting, UNREADABLE, WRITTEN_ALIKE, ends_of, plain

WANTED = "ip ipv6 udp tcp icmp icmpv6 dns mdns llmnr http tls quic"
FILTER = "dns || mdns || llmnr || http || tls.handshake.type == 1"
PREFERENCES = ("tcp.reassemble_out_of_order:TRUE",)
DUPLICATE_S = 0.005  # a frame that a mirror port has copied follows within this time
DATA_FIELDS = {1: "dns.a", 2: "dns.ns", 5: "dns.cname", 12: "dns.ptr.domain_name", 28: "dns.aaaa"}
NOT_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def shown(node, name, otherwise=None):
    field = node.find(f".//field[@name='{name}']")
    return otherwise if field is None else field.get("show")


def integer(node, name):
    text = shown(node, name)
    return None if text is None else int(text, 0)


def record_of(answer):
    kind = integer(answer, "dns.resp.type")
    data = shown(answer, DATA_FIELDS[kind]) if kind in DATA_FIELDS else None
    return kind, str(plain(data)) if data is not None else None


def dns_sighting(layer, ends):
    is_answer = shown(layer, "dns.flags.response") in ("1", "True")
    question = layer.find("./field[@show='Queries']/field")
    name, kind = ("-", "-")
    if question is not None:
        name, kind = plain(shown(question, "dns.qry.name", "")), integer(question, "dns.qry.type")
        if shown(question, "dns.qry.name", "") == "<Root>":
            name = "."
    records = None
    if is_answer:
        records = [record_of(a) for a in layer.findall("./field[@show='Answers']/field")]
        records = tuple(sorted(r for r in records if r[0] in WRITTEN_ALIKE and r[1] not in UNREADABLE))
    rcode = integer(layer, "dns.flags.rcode") if is_answer else None
    return Sighting("dns", ends, (integer(layer, "dns.id"), is_answer), (name, kind, rcode, records))


def http_sightings(layer, ends):
    method, status = shown(layer, "http.request.method"), integer(layer, "http.response.code")
    if method is not None:
        yield Sighting("request", ends, (method, shown(layer, "http.request.uri", "")), ())
    elif status is not None and (status >= 200 or status == 101):
        data = layer.find("./field[@name='http.file_data']")
        length = None
        if data is not None and re.match(r"File Data: (\d+) bytes", data.get("showname", "")):
            length = int(data.get("showname").split()[2])
        yield Sighting("response", ends, (status,), (length,))


def name_sightings(layer, ends):
    for hello in layer.findall(".//field[@name='tls.handshake']"):
        name = shown(hello, "tls.handshake.extensions_server_name")
        if shown(hello, "tls.handshake.type") == "1" and name:
            yield Sighting("name", ends, (name.lower(),), ())


def sightings_of(packet):
    """What is in one frame. What tshark has decrypted with keys from the capture file is not for a sensor to see, and
    an ICMP error only quotes the packet that it is about."""
    ips, ports, hidden = None, None, False
    for layer in packet.findall("./proto"):
        kind = layer.get("name")
        if kind in ("ip", "ipv6"):
            ips = (shown(layer, kind + ".src"), shown(layer, kind + ".dst"))
        elif kind in ("udp", "tcp"):
            ports = (shown(layer, kind + ".srcport"), shown(layer, kind + ".dstport"))
        hidden |= kind in ("icmp", "icmpv6")
        if hidden or ips is None or ports is None or None in ips or None in ports:
            continue
        ends = ends_of(ips[0], ports[0], ips[1], ports[1])
        if kind in ("dns", "mdns", "llmnr") and readable(layer):
            yield dns_sighting(layer, ends)
        elif kind == "http":
            yield from http_sightings(layer, ends)
        elif kind in ("tls", "quic"):
            hidden = True
            yield from name_sightings(layer, ends)


def readable(layer):
    """False where bytes that are no DNS came on its port: nothing that the header promises could be read, or not even
    the header."""
    if shown(layer, "dns.count.add_rr") is None:
        return False
    promised = sum(integer(layer, "dns.count." + part) or 0 for part in ("queries", "answers", "auth_rr", "add_rr"))
    return promised == 0 or layer.find(".//field[@name='dns.qry.name']") is not None or \
        layer.find(".//field[@name='dns.resp.name']") is not None


def stamp(packet):
    """Time and, for IPv4, the identification of a frame: what tells a copy from a retransmission."""
    field = packet.find(".//field[@name='timestamp']")
    return float(field.get("value")), tuple(f.get("show") for f in packet.findall(".//field[@name='ip.id']"))


def tshark(capture, home, whole_bodies=True):
    """tshark's opinion of a capture; home is a folder for its settings, so that the user's own do not matter."""
    command = ["tshark", "-n", "-r", capture, "-Y", FILTER, "-T", "pdml", "-J", WANTED]
    for preference in PREFERENCES + (f"http.desegment_body:{str(whole_bodies).upper()}",):
        command += ["-o", preference]
    settings = {"WIRESHARK_CONFIG_DIR": home, "WIRESHARK_PLUGIN_DIR": home, "WIRESHARK_EXTCAP_DIR": home, "HOME": home,
                "PATH": "/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C.UTF-8"}
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, env=settings)
    text = NOT_XML.sub(b"?", run.stdout)
    if not text.rstrip().endswith(b"</pdml>"):
        text += b"</pdml>"  # the capture is cut: what came before the cut counts
    found, copies = [], {}
    for packet in tree.fromstring(text).findall("packet"):
        now, ids = stamp(packet)
        for sighting in sightings_of(packet):
            copy = now - copies.get((sighting, ids), 0) < DUPLICATE_S and sighting.kind == "dns"
            if not copy:
                copies[sighting, ids] = now
                found.append(sighting)
    return found
