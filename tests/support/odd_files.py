#!/usr/bin/env python3
"""Make histories with one odd file each, or judge what became of them.

usage: odd_files.py make SEED OUT
       odd_files.py judge EXPECTED RESULTS

Kinds of files x roads (plain, gzip, two members, zip, gzip in zip) x places (first, in the middle,
last, alone). OUT/list names the folders, OUT/expected what the rules ask for, one line each: the
exit code, kept, rejected, other, empty, left out, whether kept and rejected are told apart, and what
it is; OUT/expected.leave-out the same where foreign files are left out. RESULTS is what
ingest_probe said. Shares no code with the program.
"""
import gzip
import io
import json
import os
import random
import re
import sys
import zipfile
import zlib

from events import COMPLETED, FINISHED, STARTED, event, line
from judge_export import judge, names_course_event, records

BLANKS = b" \t\r"
GOOD = b"".join(line(event(STARTED, f"g{n}", 1, n)) + b"\n" for n in range(3))
TEXT = (line(event(STARTED, "u1", 1, 1)) + b"\n" + b'{"event_type":"page","n":[1,{"a":"b"}]}\n'
        + line(event(COMPLETED, "u1", 1, 1, spent=5)) + b"\n")


def value(text):
    try:
        text = text.lstrip(b" \t\r\x1e").decode("utf-8", "surrogateescape")
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def is_event(text):
    found = [value(record) for record in records(text.removeprefix(b"\xef\xbb\xbf"))]
    return any(isinstance(one, dict) and isinstance(one.get("event_type"), str) for one in found)


def is_whole(text):
    return all(value(record) is not None or record.strip() == b"null" for record in records(text))


ID_FIRST = b'{"$insert_id"'
LIKE_EVENT = {"user_id", "event_time", "event_properties"}

def verdict(text):
    """What the rules say of the text of a file: good, empty, foreign, or why it is damaged."""
    text = text.removeprefix(b"\xef\xbb\xbf")
    *lines, last = text.split(b"\n")
    every = lines + [last]
    if not any(is_event(one) for one in every):
        if all(one.strip(BLANKS) == b"" for one in every):
            return "empty"
        texts = [one.lstrip(BLANKS) for one in every]
        like = any(isinstance(value(one), dict) and LIKE_EVENT <= value(one).keys() for one in texts)
        begun = any(re.search(rb'\{.*"event_type"|\{"\$insert_id"', one, re.S) and
                    not is_whole(one) for one in texts)
        stumps = all(ID_FIRST.startswith(one) or one.strip(BLANKS + b"\0") == b"" for one in texts)
        if not like and not begun and not stumps:
            return "foreign"
    if re.search(rb"\0{16}|(?:^|\n)\0+\r?\n|\0\Z", text):
        return "NUL bytes"
    if last.strip(BLANKS) != b"" and not is_whole(last):
        return "cut off"
    return "good"


def counts(text):
    """kept, rejected, other."""
    result = [0, 0, 0]
    for one in text.split(b"\n") if not text.endswith(b"\n") else text.split(b"\n")[:-1]:
        if text == b"":
            break
        for record in records(one) if names_course_event(one) else [one]:
            what = judge(record)[0]
            result[0 if what == "kept" else 2 if what == "other" else 1] += 1
    return result


def kinds(rng):
    """Names and texts. Where NUL bytes stand between values, who reads may take it both ways."""
    yield "good", TEXT, True
    for cut in range(len(TEXT)):
        yield f"cut-{cut}", TEXT[:cut], True
    for run in (1, 15, 16, 4096):
        for at in range(len(TEXT) + 1):
            yield f"nul-{run}-{at}", TEXT[:at] + b"\0" * run + TEXT[at:], False
    first = GOOD.split(b"\n")[0]
    for cut in range(len(first)):
        yield f"cut-line-{cut}", first[:cut] + b"\n", True
    rows = [first.decode(), line(event(FINISHED, "u", 1)).decode()]
    upper = re.sub(rb'"[a-z_]+":', lambda key: key[0].upper(), first)
    typeless = first.replace(b'"event_type"', b'"Event_Type"')
    yield from ((name, text, True) for name, text in {
        "html": b"<!DOCTYPE html>\n<html><body>502</body></html>\n",
        "html-cut": b"<html><body>502",
        "error": b'{"error":{"http_code":400}}\n',
        "array": ("[" + ",".join(rows) + "]\n").encode(),
        "pretty": json.dumps(json.loads(rows[0]), indent=1).encode() + b"\n",
        "wrapped": ('{"events":[' + ",".join(rows) + "]}\n").encode(),
        "upper": upper + b"\n",
        "typeless": typeless + b"\n",
        "no-time": typeless.replace(b'"event_time"', b'"time"') + b"\n",
        "csv": b"event_type,user_id\ncourse_completed,u1\n",
        "avro": b"Obj\1\4\x16avro.schema\n" + bytes(rng.randrange(1, 256) for _ in range(99)),
        "parquet": b"PAR1" + bytes(rng.randrange(1, 256) for _ in range(99)) + b"PAR1",
        "utf16": TEXT.decode().encode("utf-16"),
        "utf16be": TEXT.decode().encode("utf-16-be"),
        "zlib": zlib.compress(TEXT),
        "zip-behind-a-line": b"\n" + zipped([("a", TEXT)]),
        "empty": b"",
        "blanks": b"\n \t\r\n\n",
        "mark-alone": b"\xef\xbb\xbf",
        "mark-and-blanks": b"\xef\xbb\xbf \t",
        "mark-and-text": b"\xef\xbb\xbf" + TEXT,
        "all-nul": b"\0" * 700,
        "no-end": TEXT[:-1],
        "first-damaged": TEXT[5:],
        "first-cut": first[:60] + b"\n" + TEXT,
        "last-damaged": TEXT + first[:60] + b"\n",
        "damaged-alone": first[:200] + b"\n",
        "array-line-cut": b"[" + first + b"\n",
        "nul-before": b"\0" + first + b"\n",
        "brace-alone": b"{\n",
        "brace-and-more": b"{\n x\n",
        "error-cut": b'{"error":{"http_code\n',
        "number-type": b'{"event_type":7}\n',
        "others": b'{"event_type":"page"}\n{"event_type":"x","of":"course_completed"}\n',
        "event-late": b"junk\n" * 50 + first + b"\n",
        "long-junk": b"junk\n" * 5000 + first + b"\n",
        "long-foreign": b'{"a":1}\n' * 5000,
        "long-good": TEXT * 30,
        "long-cut": (TEXT * 30)[:-9],
        "long-hole": TEXT * 30 + first[:9] + b"\0" * 16 + first[9:] + b"\n",
        "carriage-returns": TEXT.replace(b"\n", b"\r"),
        "separators": TEXT.replace(b"{\"$", b"\x1e{\"$"),
    }.items())


def zipped(entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def streamed(entries):
    """As zipped, but written to a pipe: a descriptor follows each entry."""
    class Pipe(io.RawIOBase):
        def __init__(self):
            self.data = b""

        def writable(self):
            return True

        def write(self, data):
            self.data += bytes(data)
            return len(data)

    out = Pipe()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return out.data


def pack(road, text, rng):
    half = rng.randrange(len(text) + 1)
    return {"plain": lambda: text,
            "gzip": lambda: gzip.compress(text, mtime=0),
            "members": lambda: gzip.compress(text[:half], mtime=0) + gzip.compress(text[half:], mtime=0),
            "zip": lambda: zipped([("p/odd.json", text)]),
            "zip-gzip": lambda: streamed([("p/odd.json.gz", gzip.compress(text, mtime=0))])}[road]()


class Histories:
    def __init__(self, out):
        self.out = out
        self.count = 0
        self.list = open(out + "/list", "w", encoding="utf-8")
        self.expected = open(out + "/expected", "w", encoding="utf-8")
        self.left_out = open(out + "/expected.leave-out", "w", encoding="utf-8")

    def add(self, place, data, code, what, numbers, exact):
        """numbers: kept, rejected, other of the odd file; empty: 1 where it is."""
        folder = f"{self.out}/{self.count}"
        self.count += 1
        os.mkdir(folder)
        others = {"first": ["x.json", "z.json"], "middle": ["a.json", "z.json"],
                  "last": ["a.json", "b.json"], "alone": []}[place]
        for name in others:
            with open(f"{folder}/{name}", "wb") as file:
                file.write(GOOD)
        with open(f"{folder}/odd", "wb") as file:
            file.write(data)
        good = 3 * len(others)
        print(folder, file=self.list)
        print(code, numbers[0] + good, *numbers[1:], int(exact), what, file=self.expected)
        if what.startswith("foreign"):
            code, numbers = 0, [0, 0, 0, 0, 1]
        print(code, numbers[0] + good, *numbers[1:], int(exact), what, file=self.left_out)


def make(seed, out):
    rng = random.Random(seed)
    histories = Histories(out)
    for name, text, exact in kinds(rng):
        what = verdict(text)
        code = 0 if what in ("good", "empty") else 4
        numbers = counts(text) + [int(what == "empty"), 0]
        # Every road for what is rare; for what comes at each byte the plain one, and another.
        roads = ["plain", "gzip", "members", "zip", "zip-gzip"]
        if re.match("cut|nul", name):
            roads = ["plain", rng.choice(roads[1:])]
        for road in roads:
            data = pack(road, text, rng)
            places = ["first", "middle", "last", "alone"]
            # A file that is wholly like another format is that.
            if road == "plain" and data[:2] in (b"PK", b"\x1f\x8b"):
                continue
            for place in places if not re.match("cut|nul", name) else [rng.choice(places)]:
                histories.add(place, data, code, f"{what} {name} {road} {place}", numbers, exact)
    archive = zipped([("a.json", TEXT), ("b.json", TEXT)])
    for packed in (archive, streamed([("a.json", TEXT), ("b.json", TEXT)])):
        histories.add("middle", packed, 0, "good archive", [4, 0, 2, 0, 0], True)
        for at in range(len(packed) + 1):
            inserted = packed[:at] + bytes([rng.randrange(256)]) + packed[at:]
            # What does not begin as an archive is none, but foreign.
            what = "foreign" if at < 4 and inserted[:4] != packed[:4] else "archive"
            histories.add("middle", inserted, 4, f"{what} byte-at-{at}", [0] * 5, True)
    for name, data in (("archive joined", archive + archive), ("archive behind", archive + b"\n"),
                       ("foreign before", b"#!/bin/sh\n" + archive)):
        histories.add("alone", data, 4, name, [0] * 5, True)


def compare(expected, result):
    """What is wrong with a result, or None."""
    code, *numbers, exact, what = expected.split(" ", 7)
    numbers = [int(number) for number in numbers]
    got, *counted, message = result.split(" ", 6)
    counted = [int(number) for number in counted]
    if got != code:
        return "another code"
    if code == "4":
        return None if "/odd" in message else "the file is not named"
    if exact == "0":
        numbers[0:2] = [sum(numbers[0:2])]
        counted[0:2] = [sum(counted[0:2])]
    return None if counted == numbers else "other counts"


def check(expectations, results):
    with open(expectations, encoding="utf-8") as file:
        expected = file.read().splitlines()
    with open(results, encoding="utf-8", errors="replace") as file:
        got = file.read().splitlines()
    if len(expected) != len(got):
        sys.exit(f"{len(got)} results of {len(expected)}")
    wrong = 0
    for number, (one, other) in enumerate(zip(expected, got)):
        fault = compare(one, other)
        if fault:
            wrong += 1
            if wrong <= 20:
                print(f"{number}: {fault}\n  due: {one}\n  got: {other}", file=sys.stderr)
    print(f"{len(got)} histories, {wrong} wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("make", "judge"):
        sys.exit(__doc__)
    if sys.argv[1] == "make":
        make(int(sys.argv[2]), sys.argv[3])
    else:
        check(sys.argv[2], sys.argv[3])
