#!/bin/bash
# Hostile entry points: tens of thousands of texts, a large one, and those that no database can hold.
# The two marts are as without any entry point, sums are right, and the rest is counted as (other).
. "$(dirname "$0")/../support/lib.sh"

start_postgres
python3 - "$WORK" <<'PYTHON'
import csv, os, random, sys
from events import *

seed = int(os.environ.get("COURSE_FUNNEL_SEED") or random.randrange(1 << 30))
print("COURSE_FUNNEL_SEED =", seed, file=sys.stderr)
random.seed(seed)
OTHER = ("(none)", "(no start)", "(other)")
large = "L" * 999_999 + "\u00e9"
# What is shown: as it is; cut; or none at all. Of the first two there are more users than of an id.
held = ["=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2", "\u202egnp.exe", "a\u2066b\u2069", "\ufeffx",
        "'; drop table course_funnel_runs; --", "\\N", "\\.", "a,b", "a\nb", "a\r\nb", '"', "\x01\x1b[31m",
        "\U0001f600", "e\u0301", "<script>alert(1)</script>", "%s%n", "$(id)", "\u2028", "NULL", " "]
none = ["a\0b", "\0", "\ud800", "x\udc00\ud800y", "L" * 300 + "\udfff"]
courses = {}  # course → entry point → [started, completed]
folders = [f"{sys.argv[1]}/{name}" for name in ("with", "without")]
for folder in folders:
    os.mkdir(folder)
files = [[open(f"{folder}/{part}.json", "wb") for part in range(4)] for folder in folders]


def add(course, user, text, shown, raw=None):
    cell = courses.setdefault(course, {}).setdefault(shown, [0, 0])
    cell[0] += 1
    kinds = [STARTED] + ([FINISHED] if random.random() < 0.3 else [])
    cell[1] += len(kinds) - 1
    part = random.randrange(4)
    for kind in kinds:
        record = event(kind, user, course, 1 if kind == STARTED else None)
        files[1][part].write(line(record) + b"\n")
        if kind == STARTED:
            record["event_properties"]["entry_point"] = text
        record = json.dumps(record, separators=(",", ":")).encode()
        files[0][part].write((record.replace(b"@RAW@", raw) if raw else record) + b"\n")


for i in range(20_000):
    add(1, f"i{i}", f"id-{i:05}-{random.randrange(1 << 60)}", None)
for n, text in enumerate(held):
    for copy in range(2):
        add(1, f"h{n}.{copy}", text, text)
for copy in range(2):
    add(1, f"l{copy}", large, "L" * 256)
for n, text in enumerate(none):
    add(1, f"n{n}", text, "(none)")
for n, raw in enumerate([b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"ok\x80"]):
    add(1, f"r{n}", "@RAW@", "(none)", raw)
for n, text in enumerate(OTHER):
    add(2, f"o{n}", text, text)
for each in files:
    for file in each:
        file.close()

# Of course 1: the texts of two users each, and the ids that come first by their bytes.
ids = courses[1].pop(None)
stay = 1000 - len(held) - 1
with open(f"{sys.argv[1]}/due.csv", "w", encoding="utf-8", newline="") as file:
    rows = csv.writer(file, lineterminator="\n")
    for course, cells in sorted(courses.items()):
        for text, cell in sorted(cells.items(), key=lambda item: item[0].encode()):
            rows.writerow([course, text, *cell])
with open(f"{sys.argv[1]}/sums", "w") as file:
    print(stay, 20_000 - stay, ids[1], file=file)
PYTHON
read -r stay in_other completed <"$WORK/sums"

leaves 0 funnel 2 rebuild --tables marts --from "$WORK/without" --to "$WORK/plain" --rejects "$WORK/rejects"
for ranks in 1 3; do
    leaves 0 funnel "$ranks" rebuild --from "$WORK/with" --to "$WORK/marts.$ranks" --rejects "$WORK/rejects"
    says "course 1 has $in_other more entry points"
    for mart in cohorts lessons; do
        same "$WORK/marts.$ranks/mart_course_funnel_$mart.csv" "$WORK/plain/mart_course_funnel_$mart.csv"
    done
done
same_marts "$WORK/marts.3" "$WORK/marts.1"
check "what is in (other) is counted" python3 - "$WORK/marts.1/course_funnel_run.json" "$in_other" <<'PYTHON'
import json, sys
run = json.load(open(sys.argv[1]))
assert run["entry_points_in_other"] == run["users_in_other"] == int(sys.argv[2]), run
PYTHON
leaves 0 funnel 2 rebuild --from "$WORK/with" --to "$CONNINFO" --schema hostile --rejects "$WORK/rejects"
read_marts hostile "$WORK/tables"
same_marts "$WORK/tables" "$WORK/marts.1"

# Each text with its users; the ids that stay, and all that do not.
python3 - "$WORK" "$stay" "$in_other" "$completed" <<'PYTHON'
import csv, sys
work, stay, in_other, completed = sys.argv[1], *map(int, sys.argv[2:])


def read(name):
    with open(f"{work}/{name}", encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


sums = {}
ids = []
for course, _, text, started, finished, _ in read("marts.1/mart_course_funnel_entry_points.csv")[1:]:
    if text.startswith("id-") or (course, text) == ("1", "(other)"):
        ids.append((text, int(started), int(finished)))
    else:
        sums[course, text] = (started, finished)
assert sums == {(row[0], row[1]): (row[2], row[3]) for row in read("due.csv")}, sums
assert [text[:8] for text, _, _ in ids if text != "(other)"] == [f"id-{i:05}" for i in range(stay)]
assert [row[1] for row in ids if row[0] == "(other)"] == [in_other]
assert sum(row[1] for row in ids) == 20_000 and sum(row[2] for row in ids) == completed
PYTHON
passed
