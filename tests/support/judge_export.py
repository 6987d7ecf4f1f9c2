#!/usr/bin/env python3
"""Judge the lines of an export by the rules, slowly and plainly, and print what was found.

usage: judge_export.py DIR

Every file below DIR is read, through zip or gzip where its magic bytes say so. Standard output
has one "name count" line for each: lines, records, rejected_REASON, other, kept, time_unusable, and the
kept events by type. Shares no code with the program.
"""
import collections
import datetime
import decimal
import gzip
import io
import json
import os
import re
import sys
import zipfile

TYPES = ("course_lesson_started", "course_lesson_completed", "course_completed")
TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d+))?"
                  r"(Z| UTC| ?[+-]\d\d(?::?\d\d)?)?", re.ASCII)
NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


def files(data):
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                yield from files(archive.read(entry))
    elif data[:2] == b"\x1f\x8b":
        yield gzip.decompress(data)
    else:
        yield data


def read_json(text):
    """The value, or None where the text is not one JSON value; null is None as well."""
    try:
        return json.loads(text, parse_int=decimal.Decimal, parse_float=decimal.Decimal)
    except (ValueError, RecursionError):
        return None


def is_time(value):
    match = TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return False
    zone = (match[8] or "").strip()
    digits = re.sub(r"\D", "", zone)
    hours, minutes = int(digits[:2] or 0), int(digits[2:] or 0)
    if hours > 23 or minutes > 59:
        return False
    offset = datetime.timedelta(minutes=hours * 60 + minutes)
    try:
        time = datetime.datetime(*(int(match[i]) for i in range(1, 7)))
        time = time + offset if zone[:1] == "-" else time - offset
    except (ValueError, OverflowError):
        return False
    return True


def number(value):
    if isinstance(value, str) and NUMBER.fullmatch(value):
        return decimal.Decimal(value)
    return value if isinstance(value, decimal.Decimal) else None


def is_id(value):
    value = number(value)
    return value is not None and value == value.to_integral_value() and -2**31 <= value < 2**31


def names_course_event(text):
    return any(name.encode() in text for name in TYPES)


def records(line):
    """The texts of the objects of a line, where they are several and all whole; else the line."""
    text = line.decode("utf-8", "surrogateescape").removeprefix("\ufeff").lstrip(" \t\r\x1e")
    found, at = [], 0
    while at < len(text):
        try:
            value, end = json.JSONDecoder().raw_decode(text, at)
        except (ValueError, RecursionError):
            return [line]
        if not isinstance(value, dict):
            return [line]
        found.append(text[at:end].encode("utf-8", "surrogateescape"))
        behind = text[end:].lstrip(" \t\r\x1e")
        if behind == "" and text[end:].strip(" \t\r") != "":
            return [line]
        at = len(text) - len(behind)
    return found if len(found) > 1 else [line]


def is_user(value, text):
    if isinstance(value, str):
        return value != ""
    # A number is a user where it is spelled with digits alone.
    return (isinstance(value, decimal.Decimal)
            and re.search(rb'"user_id"\s*:\s*-?\d+\s*[,}]', text) is not None)


def judge(line):
    """What becomes of a record, and for a kept one its type and whether its time is usable."""
    if not names_course_event(line):
        return "other", None
    event = read_json(line.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\x1e"))
    if event is None:
        return "rejected_not_json", None
    kind = event.get("event_type") if isinstance(event, dict) else None
    if not isinstance(kind, str):
        return "rejected_not_an_event", None
    if kind not in TYPES:
        return "other", None
    if not is_user(event.get("user_id"), line):
        return "rejected_no_user", None
    if not is_time(event.get("event_time")):
        return "rejected_no_time", None
    properties = event.get("event_properties", {})
    if isinstance(properties, str):
        properties = read_json(properties)
    if not isinstance(properties, dict):
        return "rejected_bad_properties", None
    if not is_id(properties.get("course_id")):
        return "rejected_no_course", None
    if kind != "course_completed" and not is_id(properties.get("lesson_id")):
        return "rejected_no_lesson", None
    spent = number(properties.get("time_spent_sec"))
    return "kept", (kind, spent is not None and spent >= 0)


def main(folder):
    counts = collections.Counter()
    for parent, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(parent, name), "rb") as file:
                lines = [line for text in files(file.read()) for line in text.split(b"\n")[:-1]]
            for line in lines:
                counts["lines"] += 1
                for record in records(line) if names_course_event(line) else [line]:
                    result, event = judge(record)
                    counts["records"] += 1
                    counts[result] += 1
                    if event is not None:
                        counts[event[0]] += 1
                        counts["time_unusable"] += event == ("course_lesson_completed", False)
    for name in sorted(counts):
        print(name, counts[name])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
