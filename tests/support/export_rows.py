#!/usr/bin/env python3
"""Print events of an export as text that COPY takes into a table of seven text columns:
event_type, user_id, event_time, event_properties, uuid, insert_id and the whole event.

usage: export_rows.py FILE...

Only what such a table can hold is printed: lines that are one JSON object. A value that is not a
string becomes NULL, as a loader with typed columns would have it; event_properties stays JSON.
"""
import json
import sys

COLUMNS = ("event_type", "user_id", "event_time", "event_properties", "uuid", "$insert_id")


def cell(text):
    if text is None:
        return "\\N"
    return (text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
            .replace("\r", "\\r"))


def row(record, line):
    cells = []
    for name in COLUMNS:
        value = record.get(name)
        if name == "event_properties":
            cells.append(json.dumps(value) if name in record else None)
        else:
            cells.append(value if isinstance(value, str) else None)
    return "\t".join(cell(text) for text in [*cells, line])


def main(paths):
    for path in paths:
        with open(path, encoding="utf-8", newline="\n") as file:
            for line in file:
                try:
                    record = json.loads(line)
                except ValueError:
                    continue
                if isinstance(record, dict):
                    print(row(record, line.rstrip("\n")))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
