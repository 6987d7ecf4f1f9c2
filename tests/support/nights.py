#!/usr/bin/env python3
"""What the scenarios of nights need: a history in pieces, and records that can be compared.

usage: nights.py pieces FROM INTO COUNT SEED   deal the lines under FROM out to COUNT files in INTO
       nights.py books RUN_JSON                the record as lines `name,value`, without what speaks
                                               of the run and not of the learners
"""
import gzip
import io
import json
import os
import random
import sys
import zipfile

# The run itself: its id, times, ranks, and what it changed against the run before it.
OF_THE_RUN = {"run_id", "program_version", "attempt_at", "started_at", "finished_at", "ranks",
              "source", "extends", "cells_added", "cells_removed", "cells_changed"}


def lines_of(folder):
    for path, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            with open(os.path.join(path, name), "rb") as file:
                yield from (line.rstrip(b"\n") + b"\n" for line in file)


def in_archive(text, name, chance):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        half = text.index(b"\n", len(text) // 2) + 1
        for number, part in enumerate((text[:half], text[half:])):
            if part:
                archive.writestr(f"{name}/{chance.randrange(100)}-{number}.json", part)
    return memory.getvalue()


def pieces(source, into, count, seed):
    """Half of the lines stay in the order of time, the others go anywhere: those come late."""
    chance = random.Random(seed)
    lines = list(lines_of(source))
    parts = [[] for _ in range(count)]
    for number, line in enumerate(lines):
        near = number * count // len(lines)
        parts[near if chance.random() < 0.5 else chance.randrange(count)].append(line)
    os.makedirs(into)
    for number, part in enumerate(parts):
        # Some come again in a piece of another night.
        if number > 0 and chance.random() < 0.5:
            part += chance.sample(parts[number - 1], len(parts[number - 1]) // 4)
        # Names in no order, so that new files come to stand between old ones.
        name = f"{chance.randrange(16**6):06x}"
        text = b"".join(part)
        kind = chance.choice(("json", "json", "json.gz", "zip"))
        if kind == "json.gz":
            text = gzip.compress(text, 1)
        elif kind == "zip":
            text = in_archive(text, name, chance)
        with open(f"{into}/{number:03d}", "wb") as file:
            file.write(text)
        print(f"{number:03d} {name}.{kind}")


def books(path):
    with open(path, encoding="utf-8") as file:
        for name, value in sorted(json.load(file).items()):
            if name not in OF_THE_RUN:
                print(f"{name},{value}")


def main(arguments):
    if len(arguments) == 5 and arguments[0] == "pieces":
        pieces(arguments[1], arguments[2], int(arguments[3]), arguments[4])
    elif len(arguments) == 2 and arguments[0] == "books":
        books(arguments[1])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
