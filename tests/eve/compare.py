#!/usr/bin/env python3
"""The same traffic read as packets and as Suricata's records: the same hits, ids included, wherever the records hold the
evidence. They hold no answer's body in whole, so what rests on one is left out; nothing else is.
usage: compare.py FROM_PACKETS.jsonl FROM_RECORDS.jsonl"""
import json
import sys


def read(path):
    return [d for d in map(json.loads, open(path)) if "radome" in d and "repeat" not in d["radome"]]


def in_body(d):
    return d["radome"]["kind"] == "payload" or d["radome"].get("beacon", {}).get("shape") == "data-steps"


def ids(documents, kind):
    return {d["radome"]["id"]: d for d in documents if d["radome"]["kind"] == kind and not in_body(d)}


packets, records = read(sys.argv[1]), read(sys.argv[2])
bodies = {d["radome"]["id"] for d in packets if in_body(d)}
counts, wrong = [], []
for kind in "domain", "beacon", "ioc", "cluster":
    a, b = ids(packets, kind), ids(records, kind)
    counts.append("%d %s" % (len(b), kind))
    wrong += ["only from packets: " + d["radome"]["reason"] for i, d in a.items() if i not in b]
    wrong += ["only from records: " + d["radome"]["reason"] for i, d in b.items() if i not in a]

# An incident that began with what is in a body is another one, or none, without it; and one that went on to such evidence at
# once has its stage beacon in the records alone.
incidents = [d for d in packets if d["radome"]["kind"] == "incident"]
begun = {d["src_ip"]: d for d in reversed(incidents)}
hidden = {c for c, d in begun.items() if d["radome"]["incident"]["evidence_ids"][0] in bodies}
a = {d["radome"]["id"]: d for d in incidents if d["src_ip"] not in hidden and d["radome"]["incident"]["stage"] != "payload"}
b = {d["radome"]["id"]: d for d in records if d["radome"]["kind"] == "incident" and d["src_ip"] not in hidden}
known = {d["radome"]["incident"]["id"] for d in incidents}
counts.append("%d incident" % len(b))
wrong += ["only from packets: " + d["radome"]["reason"] for i, d in a.items() if i not in b]
wrong += ["only from records: " + d["radome"]["reason"] for i, d in b.items() if d["radome"]["incident"]["id"] not in known]
print("the same: " + ", ".join(counts))
print("\n".join(wrong[:5]))
sys.exit(len(wrong) > 0)
