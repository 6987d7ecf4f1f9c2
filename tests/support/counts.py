#!/usr/bin/env python3
"""Print the counts of a run's record as sorted lines name,value.

usage: counts.py course_funnel_run.json

Only the counts that the input decides: not those of time, place or number of ranks.
"""
import json
import sys

NAMES = ["lines_read", "records_read", "other", "kept", "duplicates", "time_unusable", "not_json",
         "not_an_event", "no_user", "no_time", "bad_properties", "no_course", "no_lesson"]


def numbers(value, name=""):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from numbers(inner, key)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield name.removeprefix("rejected_"), value


def main(path):
    with open(path, "rb") as file:
        found = dict(numbers(json.load(file)))
    missing = [name for name in NAMES if name not in found]
    if missing:
        sys.exit(f"{path} lacks {', '.join(missing)}")
    for name in sorted(NAMES):
        print(f"{name},{found[name]}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
