#!/usr/bin/env python3
"""Hold what model.py prints to figures that are reckoned in the head."""
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def case(form, seconds, disk_bytes):
    """2,000 bytes a line, a kept event in 10,000 bytes."""
    return {"format": form, "share": 30, "disk_bytes": disk_bytes,
            "ours": {"2": [{"read": seconds}]},
            "record": {"bytes_read": 8e9, "lines_read": 4e6, "kept": 8e5}}


FOUND = {
    "events": 4000000,
    # 2 GB/s of text a rank, 1 GB/s of text as gzip, which is an eighth as large.
    "cases": [case("plain", 2.0, 8e9), case("gzip", 4.0, 1e9)],
    # 100 bytes a triple, 60 on the wire; half a triple an event.
    "growth": [{"triples": triples, "wire_bytes": 60, "record": {"kept": 2 * triples},
                "ours": {"1": [{"peak_bytes": 5e7 + 100 * triples}]}} for triples in (1e5, 4e5)],
    # 50 bytes a split, 1 µs a row to reduce and 2 to publish, 4 µs for two ranks and a round.
    "scale": {"splits": [{"splits": splits, "plan": 0, "peak_bytes": 3e7 + 50 * splits}
                         for splits in (100, 10000)],
              "rows": {"reduce": 0.1, "publish": 0.2, "cohort_rows": 20000, "lesson_rows": 80000},
              "rounds": [{"ranks": 2, "rounds": 100, "seconds": 9.0},
                         {"ranks": 10, "rounds": 100, "seconds": 0.02}]},
}


def model(*options):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(FOUND, file)
        file.flush()
        return subprocess.run([sys.executable, os.path.join(HERE, "model.py"), file.name, *options],
                              check=True, stdout=subprocess.PIPE, text=True).stdout


def row(text, name):
    """The numbers in the second column of a row, sizes in bytes."""
    line = next(line for line in text.split("\n") if line.startswith("| " + name)).split(" | ")[1]
    units = {"": 1, "B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "PB": 1e15}
    return [float(number) * units.get(unit, 1)
            for number, unit in re.findall(r"([\d.]+(?:e[+-]\d+)?)(?: ([kMGTP]?B))?", line)]


def expect(text, name, *numbers):
    found = row(text, name)[:len(numbers)]
    near = len(found) == len(numbers) and all(
        abs(have - want) <= 0.006 * want for have, want in zip(found, numbers))
    if not near:
        sys.exit("check_model.py: %s: %s, expected %s, in:\n%s" % (name, found, numbers, text))


usual = model()
expect(usual, "reading", 50, 100)
expect(usual, "that storage", 2e12, 125e9)
expect(usual, "exchange", 1e10, 1e10 * 60 * 0.999)
# 4,096 groups on 1,000 ranks: five on the fullest, 4.096 on average.
expect(usual, "state", 5e9, 5e11, 5e8, 5e8 * 5 / 4.096)
expect(usual, "a checkpoint", 5e11, 60, 5e11 / 60)
# Files of 170 MB, in splits of 16 MiB: 11 a file.
expect(usual, "its manifest", 588235 * 90)
expect(usual, "list of splits", 588235 * 11, 588235 * 11 * 50)
expect(usual, "rank 0, list", 588235, 588235 * 0.0005)
expect(usual, "rank 0, publishing", 1000 * 260 * 21 * 2e-6)
expect(usual, "storage: the ranks", 50, 800)
# A round is 64 MiB of text, of which far less than 4 MiB are sent.
expect(usual, "rounds: as long", 1000 * (64 << 20) / 2e9 / 0.004)
expect(usual, "rounds", 1e11 / (64 << 20), (64 << 20) / 2e9 * 1e3, (64 << 20) / 1e4 * 60 / 1000, 4)
even = model("--ranks", "2048", "--text", "2e12")
expect(even, "state", 1e8, 1e10, 1e10 / 2048, 1e10 / 2048)
# Storage of 100 GB/s is slower than the ranks: reading, loading and saving take as long as it does.
expect(usual, "a night", 1e14 / 1e11 / 365, 1e14 / 8 / 1e11 / 365, 5, 5, 588235 / 1000 * 0.0005)
expect(usual, "its rank 0", 588235 * 6e-6)
expect(usual, "it takes", 5 + 5 + 0.3 + 3.53 + 19.4 + 2.7, 5 + 5 + 0.3 + 3.53 + 19.4 + 0.3,
       1000 + 294 + 19.4, 125 + 294 + 19.4)
# With faster storage, the fullest rank with 0.61 GB.
fast = model("--storage", "1e13", "--nights", "10")
expect(fast, "a night", 5, 10, 5e8 * 5 / 4.096 / 1e9, 5e8 * 5 / 4.096 / 8e8)
print("the model is right")
