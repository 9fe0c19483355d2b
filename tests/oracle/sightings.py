"""What a sensor saw in one capture, in a form that two sensors can be compared by.

A sighting is (kind, ends, identity, content): kind is "dns", "request", "response" or "name"; ends are the two address
and port pairs in sorted order, so that nobody has to know who the client is; identity is what has to be found on both
sides, content what has to be the same then. None in a content is "not said" and agrees with everything.
"""
import collections
import json
import subprocess

Sighting = collections.namedtuple("Sighting", "kind ends identity content")

# The numbers of radome's words for record types and codes, as far as the comparison needs them.
TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "SVCB": 64,
         "HTTPS": 65, "ANY": 255}
UNREADABLE = (None, "None", ".")  # data that each program writes in its own way, or that make no sense
WRITTEN_ALIKE = (1, 2, 5, 12, 28)  # record types whose data every program writes in the same way
RCODES = {"NOERROR": 0, "FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5, "YXDOMAIN": 6,
          "YXRRSET": 7, "NXRRSET": 8, "NOTAUTH": 9, "NOTZONE": 10}


def ends_of(one_ip, one_port, other_ip, other_port):
    return tuple(sorted(((one_ip, int(one_port)), (other_ip, int(other_port)))))


def plain(name):
    """A name in lower case, or None where it has bytes that each program writes in its own way."""
    if any(c in "\\<> " or not 0x21 <= ord(c) < 0x7f for c in name):
        return None
    name = name.lower().rstrip(".")
    return name or "."


def number(word, table):
    """Words without a number of their own end in it (TYPE65, RCODE11); -1 is "some other one"."""
    digits = word.lstrip("TYPERCOD")
    return table.get(word, int(digits) if digits.isdigit() else -1)


def dns_sighting(event, ends):
    dns = event["dns"]
    answers = None
    if dns["type"] == "answer":
        records = ((number(a["rrtype"], TYPES), str(plain(a.get("rdata", ".")))) for a in dns.get("answers", []))
        answers = tuple(sorted(r for r in records if r[0] in WRITTEN_ALIKE and r[1] not in UNREADABLE))
    identity = (dns["id"], dns["type"] == "answer")
    name, kind = ("-", "-") if "rrname" not in dns else (plain(dns["rrname"]), number(dns["rrtype"], TYPES))
    rcode = number(dns["rcode"], RCODES) if "rcode" in dns else None
    return Sighting("dns", ends, identity, (name, None if kind == -1 else kind, rcode, answers))


def http_sightings(event, ends):
    http = event["http"]
    if "http_method" in http:
        yield Sighting("request", ends, (http["http_method"], http.get("url", "")), ())
    if "status" in http:
        yield Sighting("response", ends, (http["status"],), (http.get("length", 0),))


def radome(program, capture):
    """radome's protocol records of a capture."""
    run = subprocess.run([program, "-r", capture, "--log", "dns,http,tls", "--format", "eve", "--threshold", "100"],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if run.returncode not in (0, 1):
        raise RuntimeError(f"radome ended with status {run.returncode}: {run.stderr.decode(errors='replace')[-300:]}")
    found = []
    for line in run.stdout.splitlines():
        event = json.loads(line)
        if "src_port" not in event or event["event_type"] not in ("dns", "http", "tls"):
            continue
        ends = ends_of(event["src_ip"], event["src_port"], event["dest_ip"], event["dest_port"])
        if event["event_type"] == "dns":
            found.append(dns_sighting(event, ends))
        elif event["event_type"] == "http":
            found.extend(http_sightings(event, ends))
        elif event.get("tls", {}).get("sni"):
            found.append(Sighting("name", ends, (event["tls"]["sni"],), ()))
    return found
