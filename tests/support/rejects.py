#!/usr/bin/env python3
"""Print the rejects of a run in one form: source,offset,reason,text in hex, sorted.

usage: rejects.py [--short] REJECTS.ndjson

--short leaves source and offset out: what was rejected, not where it stood.
"""
import base64
import json
import sys


def read(path):
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            try:
                record = json.loads(line)
                if set(record) not in ({"source", "offset", "reason", "text"},
                                       {"source", "offset", "reason", "text_base64"}):
                    raise ValueError("keys are " + ", ".join(record))
                if "text" in record:
                    text = record["text"].encode()
                else:
                    text = base64.b64decode(record["text_base64"], validate=True)
                yield record["source"], record["offset"], record["reason"], text
            except (ValueError, KeyError) as error:
                sys.exit(f"{path}, line {number}: {error}")


def main(arguments):
    short = arguments[:1] == ["--short"]
    rows = sorted(read(arguments[-1]))
    if short:
        rows = sorted(row[2:] for row in rows)
    for row in rows:
        print(",".join(cell.hex() if isinstance(cell, bytes) else str(cell) for cell in row))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
