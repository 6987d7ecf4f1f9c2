"""Lists of learners, held against published marts and against the raw lines.

usage: learners.py cells PROGRAM CHECKPOINT MARTS
       learners.py lines PROGRAM CHECKPOINT DAY EVENTS...
       learners.py users LIST

`cells`: for each cell of the marts and each WHO the list has as many lines as the cell counts, in the
order of the users' bytes. `lines`: the lists are what the lines of files of plain JSON say, which must
all be kept; DAY is that of the run. `users`: the users of a list in hexadecimal, a line each.
"""
import base64
import collections
import csv
import datetime
import json
import os
import random
import re
import subprocess
import sys

DAY_US = 86400 * 10**6
EPOCH = datetime.datetime(1970, 1, 1)
Row = collections.namedtuple("Row", "user cohort first_start last_event furthest completed entry")


def rows_of(text):
    """The rows of a list, read as Python reads CSV."""
    lines = csv.reader(text.decode().splitlines(keepends=True))
    assert next(lines)[0] == "user_id"
    rows = []
    for name, encoded, *rest in lines:
        assert (name == "") != (encoded == ""), (name, encoded)
        user = name.encode() if name else base64.b64decode(encoded, validate=True)
        rows.append(Row(user, *rest))
    users = [row.user for row in rows]
    assert users == sorted(set(users)), "out of order, or twice"
    return rows


class Lists:
    def __init__(self, program, checkpoint):
        self.command = [program, "learners", "--checkpoint", checkpoint]
        self.runs = 0
        self.said = ""

    def text(self, *options):
        self.runs += 1
        done = subprocess.run([*self.command, *map(str, options)], capture_output=True, check=False)
        self.said = done.stderr.decode()
        assert done.returncode == 0, (options, self.said)
        return done.stdout

    def rows(self, *options):
        return rows_of(self.text(*options))


def by_cohort(rows):
    return collections.Counter(row.cohort for row in rows)


def equal(found, due, what):
    if found != due:
        sys.exit(f"{what}: {found} where {due} was due")


def mart(folder, name):
    with open(f"{folder}/mart_course_funnel_{name}.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def cells(lists, marts):
    """cells[course][lesson or None][who] is a count for each cohort that has any."""
    due = collections.defaultdict(lambda: collections.defaultdict(
        lambda: collections.defaultdict(collections.Counter)))
    for row in mart(marts, "cohorts"):
        course = due[row["course_id"]][None]
        course["started"][row["cohort_week_start"]] += int(row["users_started"])
        course["finished"][row["cohort_week_start"]] += int(row["users_completed_course"])
    for name in ("lessons", "steps"):
        for row in mart(marts, name):
            lesson, week = row["lesson_id"], row["cohort_week_start"]
            for who in ("started", "completed", "reached", "stopped"):
                if "users_" + who in row:
                    due[row["course_id"]][lesson][who][week] += int(row["users_" + who])
            if name == "steps":
                due[row["course_id"]][None]["stopped"][week] += int(row["users_stopped"])
    one_by_one = []
    for course, lessons in due.items():
        for lesson, whos in lessons.items():
            for who, counts in whos.items():
                options = ["--course", course, "--who", who]
                options += ["--lesson", lesson] if lesson is not None else []
                found = by_cohort(lists.rows(*options))
                equal(found, +counts, options)
                one_by_one += [(options, week) for week in counts]
        rows = {who: lists.rows("--course", course, "--who", who)
                for who in ("started", "finished", "unfinished")}
        finished = set(rows["finished"])
        equal(rows["unfinished"], [row for row in rows["started"] if row not in finished], course)
    # One cohort is the same lines.
    for options, week in random.sample(one_by_one, min(20, len(one_by_one))):
        equal(lists.rows(*options, "--cohort", week),
              [row for row in lists.rows(*options) if row.cohort == week], (*options, week))


def time_us(text):
    time = datetime.datetime.fromisoformat(text.replace("T", " ").removesuffix("Z"))
    return (time - EPOCH) // datetime.timedelta(microseconds=1)


def show(moment):
    if moment is None:
        return ""
    return (EPOCH + datetime.timedelta(microseconds=moment)).strftime("%Y-%m-%d %H:%M:%S.%fZ")


def entry_point(properties):
    text = properties.get("entry_point")
    try:
        plain = text.encode() if isinstance(text, str) else b""
    except UnicodeEncodeError:
        return None
    if not plain or b"\0" in plain:
        return None
    return plain[:256].decode(errors="ignore").encode()


def read_lines(paths):
    """All that is to be known of each (course, user)."""
    facts = {}
    for path in paths:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            for line in file:
                record = json.loads(line)
                properties = record["event_properties"]
                user = record["user_id"].encode(errors="surrogateescape")
                fact = facts.setdefault((properties["course_id"], user), {
                    "times": [], "starts": [], "completions": [], "lessons": [None]})
                moment = time_us(record["event_time"])
                fact["times"].append(moment)
                if record["event_type"] == "course_completed":
                    fact["completions"].append(moment)
                    continue
                fact["lessons"].append(properties["lesson_id"])
                if record["event_type"] == "course_lesson_started":
                    text = entry_point(properties)
                    fact["starts"].append((moment, text is None, text or b""))
    return facts


def row_of(user, fact):
    start, is_none, text = min(fact["starts"], default=(None, None, b"(no start)"))
    week = (min(fact["times"]) if start is None else start) // DAY_US
    monday = EPOCH + datetime.timedelta(days=week - (week + 3) % 7)
    lessons = [lesson for lesson in fact["lessons"] if lesson is not None]
    return Row(user, monday.strftime("%Y-%m-%d"), show(start), show(max(fact["times"])),
               str(max(lessons)) if lessons else "", show(min(fact["completions"], default=None)),
               "(none)" if is_none else text.decode())


def lines(lists, day, paths):
    facts = read_lines(paths)
    moments = [moment for fact in facts.values() for moment in fact["times"]]
    as_of = max(moment for moment in moments if moment < time_us(day + " 00:00:00"))
    meant = {"started": lambda row: row.first_start, "finished": lambda row: row.completed,
             "unfinished": lambda row: row.first_start and not row.completed,
             "stopped": lambda row: row.furthest and not row.completed}
    behind = 0
    for course in sorted({course for course, _ in facts}):
        rows = [row_of(user, fact) for (of, user), fact in facts.items() if of == course]
        rows.sort()
        for who, is_meant in meant.items():
            due = [row for row in rows if is_meant(row)]
            equal(lists.rows("--course", course, "--who", who), due, (course, who))
            behind_here = sum(time_us(row.last_event) > as_of for row in due)
            behind += behind_here
            for days in (0, 14, 100):
                equal(lists.rows("--course", course, "--who", who, "--idle-days", days),
                      [row for row in due if time_us(row.last_event) < as_of - days * DAY_US],
                      (course, who, days))
                said = re.search(r"(\d+) with an event after", lists.said)
                equal(int(said[1]) if said else 0, behind_here, (course, who, "left out"))
                equal(f"as of {show(as_of)[:19]} UTC" in lists.said, True, lists.said)
    print(f"{behind} left out")


def main(mode, *arguments):
    random.seed(os.environ.get("COURSE_FUNNEL_SEED"))
    if mode == "users":
        with open(arguments[0], "rb") as file:
            for row in rows_of(file.read()):
                print(row.user.hex())
        return
    lists = Lists(*arguments[:2])
    if mode == "cells":
        cells(lists, arguments[2])
    else:
        lines(lists, arguments[2], arguments[3:])
    print(f"{lists.runs} lists")


if __name__ == "__main__":
    main(*sys.argv[1:])
