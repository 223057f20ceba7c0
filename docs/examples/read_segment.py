#!/usr/bin/env python3
"""Prints the events of a segment file as NDJSON and checks their chain, with h5py and nothing of fi-consult.

The layout is described in docs/storage-format.md. Works on sealed files and, while the service writes them, on
live ones; --follow then waits for more. Exits 1 if a hash does not fit.
"""
import argparse
import hashlib
import json
import os
import struct
import sys
import time
import uuid
from datetime import datetime, timezone

import h5py

try:
    import hdf5plugin  # noqa: F401  brings the filters of zstd and lz4, see docs/codecs.md
except ImportError:
    pass

ROWS = 4096  # read at a time


def superblock_is_marked(path):
    """Whether a writer has the file open in SWMR mode, or had when it was killed (superblock 3, byte 11)."""
    with open(path, "rb") as file:
        return file.read(12)[11] != 0


def complete_rows(file):
    """How many events can be read. Asked first, and only then are the other columns refreshed."""
    ends = file["events/payload_end"]
    ends.refresh()
    rows = ends.shape[0]
    while rows > 0 and ends[rows - 1] == 0:
        rows -= 1
    for group in file.values():
        for name, dataset in group.items():
            if name != "payload_end":
                dataset.refresh()
    return rows


def dictionary(file):
    """All strings; users, sources and time zones are rows of it."""
    text = file["strings/text"][:].tobytes()
    ends = file["strings/end"][:].tolist()
    return [text[start:end] for start, end in zip([0] + ends, ends)]


def rows_of(file, first, last):
    """Yields (consultation row, record header fields, record bytes, payload) for the rows from first to before last."""
    columns = file["events"]
    if first == last:
        return
    strings = dictionary(file)
    digests, counts = (file[name][:] if name in file else [] for name in ("keys/digest", "keys/events"))
    consultations = file["consultations/id"][:]
    sessions = file["consultations/session_id"][:]
    for start in range(first, last, ROWS):
        end = min(start + ROWS, last)
        part = {name: columns[name][start:end] for name in columns if name != "payload"}
        offset = int(columns["payload_end"][start - 1]) if start > 0 else 0
        payloads = columns["payload"][offset : int(part["payload_end"][-1])].tobytes()
        base = offset
        for row in range(end - start):
            payload_end = int(part["payload_end"][row])
            payload = payloads[offset - base : payload_end - base]
            offset = payload_end
            c = int(part["consultation"][row])
            source, zone, user = (strings[part[name][row]] for name in ("source", "timezone", "user"))
            ids = part["event_id"][row].tobytes() + consultations[c].tobytes() + sessions[c].tobytes()
            time_ms, version, kind = (int(part[name][row]) for name in ("timestamp_ms", "version", "event_type"))
            key = int(part["key"][row]) if "key" in part else 0  # version 1 has no keys
            digest, count = (digests[key - 1].tobytes(), int(counts[key - 1])) if key else (b"", 0)
            header = struct.pack(
                "<QIBBBBHHI", time_ms, version, kind, len(source), len(zone), 0, len(user), count, len(payload)
            )
            fields = (ids, time_ms, version, kind, source, zone, user, digest, count)
            yield c, fields, ids + header + source + zone + user + digest + payload, payload


def event(sequence, types, fields, payload, digest):
    ids, time_ms, version, kind, source, zone, user, key_digest, key_events = fields
    event_id, consultation_id, session_id = (str(uuid.UUID(bytes=ids[at : at + 16])) for at in (0, 16, 32))
    key = {"idempotency": {"digest": key_digest.hex(), "events": key_events}} if key_events else {}
    seconds = datetime.fromtimestamp(time_ms // 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return {
        "event_id": event_id,
        "consultation_id": consultation_id,
        "sequence": sequence,
        "version": version,
        "timestamp": f"{seconds}.{time_ms % 1000:03d}Z",
        "event_type": types[kind - 1],
        "payload": json.loads(payload),
        "metadata": {
            "source": source.decode(),
            "user_id": user.decode(),
            "session_id": session_id,
            "timezone": zone.decode(),
            **key,
        },
        "audit_hash": hashlib.sha256(payload).hexdigest(),
        "hash": digest.hex(),
    }


def check_sealed(file, heads, digests):
    """What only a sealed file promises: the last hash of each consultation, and the root over all events."""
    if [heads[c] for c in range(len(heads))] != [head.tobytes() for head in file["consultations/head_hash"][:]]:
        sys.exit("damaged: a chain does not end in its head hash")
    attributes = file.attrs
    start = struct.pack("<QQ", int(attributes["first_sequence"]), int(attributes["event_count"]))
    root = hashlib.sha256(bytes.fromhex(attributes["previous_root"]) + start + b"".join(digests)).hexdigest()
    if root != attributes["root"]:
        sys.exit("damaged: the root differs from the events")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--consultation", metavar="ID", help="print this one's events only; all are checked")
    parser.add_argument("--follow", action="store_true", help="wait for further events of a live file")
    options = parser.parse_args()
    swmr = superblock_is_marked(options.file)
    file = h5py.File(options.file, "r", libver="latest", swmr=swmr)
    if file.attrs.get("format") != "fi-consult segment":
        sys.exit("not a segment file")
    if int(file.attrs["format_version"]) not in (1, 2):
        sys.exit(f"segment format {int(file.attrs['format_version'])}; this program reads 1 and 2")
    types = list(file.attrs["event_types"])
    first_sequence = int(file.attrs["first_sequence"])
    heads, digests, done = {}, [], 0
    while True:
        rows = complete_rows(file)
        for c in range(len(heads), file["consultations/previous_hash"].shape[0]):
            heads[c] = file["consultations/previous_hash"][c].tobytes()
        for c, fields, record, payload in rows_of(file, done, rows):
            heads[c] = hashlib.sha256(heads[c] + record).digest()
            digests.append(heads[c])
            shown = event(first_sequence + len(digests) - 1, types, fields, payload, heads[c])
            if options.consultation in (None, shown["consultation_id"]):
                print(json.dumps(shown, ensure_ascii=False), flush=options.follow)
        done = rows
        if not options.follow or not os.path.exists(options.file):
            break
        time.sleep(0.2)
    if file.attrs["state"] == "sealed":
        check_sealed(file, heads, digests)
    print(f"{done} events, {len(heads)} consultations: the chains are whole", file=sys.stderr)


main()
