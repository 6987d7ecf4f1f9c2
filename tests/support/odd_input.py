#!/usr/bin/env python3
"""Write odd but legal input, and beside it what must come of it, case by case.

usage: odd_input.py OUT

OUT/input/*.json is the input; OUT/expected/ holds both marts, counts.csv and rejects.csv
(source,offset,reason,text in hex, as rejects.py prints them). Each case has a course of its own,
so that a wrong row names its case: OUT/cases.txt tells which course is which.
"""
import json
import os
import sys
from fractions import Fraction

from events import COHORTS, COMPLETED, FINISHED, LESSONS, MONDAY, STARTED, event, line

WEEK = "2025-06-30"


class Input:
    """The files, and what is expected of all of them together."""

    def __init__(self, out):
        self.out = out
        self.file = None
        self.path = ""
        self.ending = b"\n"
        self.offset = 0
        self.course = 1000
        self.cohorts, self.lessons, self.rejects, self.names = [], [], [], []
        self.counts = dict.fromkeys(
            ["lines_read", "records_read", "other", "kept", "duplicates", "time_unusable",
             "not_json", "not_an_event", "no_user", "no_time", "bad_properties", "no_course", "no_lesson"], 0)

    def begin_file(self, name, ending=b"\n", head=b""):
        self.close()
        self.path = os.path.join(self.out, "input", name)
        self.file = open(self.path, "wb")
        self.file.write(head)
        self.offset = len(head)
        self.ending = ending

    def close(self):
        if self.file:
            self.file.close()

    def case(self, name):
        self.course += 1
        self.names.append(f"{self.course} {name}")
        return self.course

    def write(self, what, verdict):
        """One line and its verdict: "kept", "other" or the reason of a reject."""
        text = line(what) if isinstance(what, dict) else what
        self.file.write(text + self.ending)
        if verdict not in ("kept", "other"):
            shown = text + self.ending.rstrip(b"\n")
            self.rejects.append((self.path, self.offset, verdict, shown.hex()))
        self.offset += len(text) + len(self.ending)
        self.counts["lines_read"] += 1
        self.counts["records_read"] += 1
        self.counts[verdict] += 1

    def several(self, parts, ending=b""):
        """Objects on one line: pairs of what stands before an object, and the object's verdict."""
        for before, what, verdict in parts:
            self.file.write(before + what)
            self.offset += len(before)
            if verdict not in ("kept", "other"):
                self.rejects.append((self.path, self.offset, verdict, what.hex()))
            self.offset += len(what)
            self.counts["records_read"] += 1
            self.counts[verdict] += 1
        self.file.write(ending + self.ending)
        self.offset += len(ending + self.ending)
        self.counts["lines_read"] += 1

    def kept(self, what, unusable=False, duplicate=False):
        self.counts["time_unusable"] += unusable
        self.counts["duplicates"] += duplicate
        self.write(what, "kept")

    def other(self, what):
        self.write(what, "other")

    def reject(self, reason, what):
        self.write(what, reason)

    def cohort(self, course, week, started, finished, rate, total):
        self.cohorts.append(((course, week), f"{course},{week},{started},{finished},{rate},{total}"))

    def lesson(self, course, week, lesson, started, completed, rate, retention, average=""):
        self.lessons.append(((course, week, lesson),
                             f"{course},{week},{lesson},{started},{completed},{rate},{retention},"
                             f"{average}"))

    def one_start(self, course, lesson=1, week=WEEK, users=1):
        """The rows of a course in which all that came through is the start of one lesson."""
        self.cohort(course, week, users, 0, "", "")
        self.lesson(course, week, lesson, users, 0, "0.000000", "1.000000")

    def finish(self):
        self.close()
        expected = os.path.join(self.out, "expected")
        os.makedirs(expected)

        def save(name, head, rows):
            with open(os.path.join(expected, name), "w", encoding="utf-8") as file:
                file.writelines(row + "\n" for row in head + rows)

        save("mart_course_funnel_cohorts.csv", [COHORTS], [row for _, row in sorted(self.cohorts)])
        save("mart_course_funnel_lessons.csv", [LESSONS], [row for _, row in sorted(self.lessons)])
        save("rejects.csv", [], [",".join(map(str, row)) for row in sorted(self.rejects)])
        save("counts.csv", [], [f"{key},{self.counts[key]}" for key in sorted(self.counts)])
        save("../cases.txt", [], self.names)


def raw(course, lesson="1", user='"u"', kind=STARTED, time=MONDAY, more="", properties=None):
    """A line of which each part is given as it is spelled in JSON."""
    if properties is None:
        properties = f'{{"course_id":{course},"lesson_id":{lesson}}}'
    return (f'{{"event_type":"{kind}","event_time":"{time}","user_id":{user},'
            f'"event_properties":{properties}{more}}}').encode()


def event_line(kind, course):
    return line(event(kind, "u", course, 1))


def event_types(i):
    c = i.case("event types: the three and none besides")
    i.kept(event(STARTED, "u", c, 1))
    for kind in ["course_lesson_start", "course_lesson_starte", "xcourse_completed",
                 "course_completedx", " course_completed", "course_completed ", "Course_completed",
                 "COURSE_COMPLETED", "", "session_end"]:
        i.other(event(kind, "u", c, 9))
    for kind in ["null", "7", "true", '["course_completed"]', '{"course_completed":1}', "NaN"]:
        i.reject("not_an_event",
                 f'{{"event_type":{kind},"user_id":"u","a":"course_completed"}}'.encode())
    i.reject("not_an_event", b'{"user_id":"u","a":"course_completed"}')
    i.reject("not_an_event", b'"course_completed"')
    i.reject("not_an_event", b'["course_completed",{"event_type":"course_completed"}]')
    good = raw(c)
    i.reject("not_an_event", b"[" + good + b"," + good + b"]")
    i.reject("not_an_event", b'{"events":[' + good + b"," + good + b"]}")
    i.reject("not_an_event", b'{"data":' + good + b"}")
    i.reject("not_an_event", b'{"data":' + json.dumps(good.decode()).encode() + b"}")
    i.reject("not_an_event", json.dumps(good.decode()).encode())
    i.reject("not_an_event", good.replace(b'"event_type"', b'"EVENT_TYPE"'))
    i.reject("not_an_event", good.replace(b'"event_type"', b'"Event_Type"'))
    i.other(b"")
    i.other(b"   ")
    i.other(b"not json at all")
    i.other(event("page_view", "u", c, 1, a="course_lesson_started", b={"event_type": FINISHED}))
    i.one_start(c)


def users(i):
    c = i.case("users: compared by their bytes")
    names = ["u", " u", "u ", "U", "\u00e9", "e\u0301", "\ufeffu", "0", "null", "\U0001f600",
             "\\", '"', "x" * 5000, "\t", "a/b"]
    for name in names:
        i.kept(event(STARTED, name, c, 1))
    for spelling in [r'"\u0075"', r'"\u00e9"', r'"\u00E9"', r'"\ud83d\ude00"', r'"\\"', r'"\""',
                     r'"\t"', r'"a\/b"', r'"\u005c"']:
        i.kept(raw(c, user=spelling))
    i.one_start(c, users=len(names))

    c = i.case("users: a NUL does not end a name")
    for spelling in [r'"n"', r'"n\u0000"', r'"n\u0000a"', r'"n\u0000b"', r'"n\u0000b"']:
        i.kept(raw(c, user=spelling))
    i.one_start(c, users=4)

    c = i.case("users: none")
    for spelling in ["null", '""', "5.0", "5e0", "-5.5", "05", "NaN", "-", "true", '["u"]', '{"u":1}', r'"\ud800"', r'"\udc00x"',
                     r'"\ud800\u0041"']:
        i.reject("no_user", raw(c, user=spelling))
    i.reject("no_user", event(STARTED, "u", c, 1, user_id=...))
    i.reject("no_user", event(STARTED, "u", c, 1, user_id=..., User_Id="u", USER_ID="u"))
    i.reject("no_user", raw(c, user='"a\x00b"'))

    c = i.case("users: an integer is the user of its digits")
    for spelling in ["17", '"17"', "0", "-0", '"0"', "-17", '"-17"', "9" * 40, '"' + "9" * 40 + '"',
                     " 17 "]:
        i.kept(raw(c, user=spelling))
    i.one_start(c, users=4)

    c = i.case("users: bytes that are not UTF-8 are a name as any other")
    for name in [b"\xff", b"\xfe", b"\xed\xa0\x80", b"\xc0\x80", b"\xc3", b"\xff"]:
        i.kept(raw(c, user='"@"').replace(b"@", name))
    i.kept(raw(c, user='"@"', more=',"city":"@"').replace(b"@", b"\xff"))
    i.one_start(c, users=5)


TIMES = [  # event_time, the Monday of its week
    ("2025-07-06 23:59:59.999999", "2025-06-30"), ("2025-07-07 00:00:00.000000", "2025-07-07"),
    ("2025-07-06 23:59:59.9999999", "2025-06-30"), ("2025-07-07 00:00:00", "2025-07-07"),
    ("2025-07-07T00:00:00Z", "2025-07-07"), ("2025-07-07T00:00:00.0+00", "2025-07-07"),
    ("2025-07-07T00:00:00+0000", "2025-07-07"), ("2025-07-07T00:00:00-00:00", "2025-07-07"),
    ("2025-07-07T00:00:00+00:01", "2025-06-30"), ("2025-07-07 02:00:00+02", "2025-07-07"),
    ("2025-07-07 01:59:59+02", "2025-06-30"), ("2025-07-06 22:00:00-0200", "2025-07-07"),
    ("2025-07-06 21:59:59.999999-0200", "2025-06-30"),
    ("2025-07-07 23:58:59+23:59", "2025-06-30"), ("2025-07-07 23:59:00+23:59", "2025-07-07"),
    ("2025-07-06 00:01:00-23:59", "2025-07-07"), ("2025-07-06 00:00:59-23:59", "2025-06-30"),
    ("2025-07-07 05:29:59+05:30", "2025-06-30"), ("2025-07-07 05:30:00+05:30", "2025-07-07"),
    ("2024-12-29 23:59:59.999999", "2024-12-23"), ("2024-12-30 00:00:00", "2024-12-30"),
    ("2024-12-31 12:00:00", "2024-12-30"), ("2025-01-05 23:59:59", "2024-12-30"),
    ("2024-02-29 12:00:00", "2024-02-26"), ("2000-02-29 00:00:00", "2000-02-28"),
    ("1969-12-31 23:59:59", "1969-12-29"), ("1970-01-01 00:00:00", "1969-12-29"),
    ("1969-12-28 23:59:59", "1969-12-22"), ("1900-02-28 00:00:00", "1900-02-26"),
    ("0001-01-01 00:00:00", "0001-01-01"), ("9999-12-31 23:59:59.999999", "9999-12-27"),
    ("0001-01-01 01:00:00+01", "0001-01-01"), ("9999-12-31 22:59:59-01", "9999-12-27"),
    ("2025-07-01 16:34:54.837000", "2025-06-30"), ("2025-07-01T10:04:58.000Z", "2025-06-30"),
    ("2025-07-01 16:34:54." + "1" * 300, "2025-06-30"),
    ("2025-07-07 00:00:00 UTC", "2025-07-07"), ("2025-07-06T23:59:59.9 UTC", "2025-06-30"),
    ("2025-07-07 00:00:00 +0000", "2025-07-07"), ("2025-07-07 00:00:00.000 +00:01", "2025-06-30"),
    ("2025-07-06 22:00:00 -02", "2025-07-07"),
]
NO_TIMES = [
    "", " ", "null", "2025-07-01", "2025-07-01 ", "2025-07-01 10", "2025-07-01 10:00",
    "2025-07-01  10:00:00", " 2025-07-01 10:00:00", "2025-07-01 10:00:00 ", "2025-07-01t10:00:00",
    "2025-07-01 10:00:00z", "2025-07-01 10:00:00 Z", "2025-07-01 10:00:00UTC",
    "2025-07-01 10:00:00  UTC", "2025-07-01 10:00:00 utc", "2025-07-01 10:00:00 GMT",
    "2025-07-01 10:00:00  +00", "2025-07-01 10:00:00 UTC ", "2025-07-01 10:00:00 +1",
    "2025-07-01 24:00:00", "2025-07-01 10:60:00", "2025-07-01 23:59:60", "2025-07-01 10:00:61",
    "2025-02-29 10:00:00", "1900-02-29 10:00:00", "2025-02-30 10:00:00", "2025-04-31 10:00:00",
    "2025-00-10 10:00:00", "2025-13-10 10:00:00", "2025-07-00 10:00:00", "2025-07-32 10:00:00",
    "0000-12-31 10:00:00", "0001-01-01 00:59:59+01", "9999-12-31 23:00:00-01",
    "10000-01-01 10:00:00", "-2025-07-01 10:00:00", "+2025-07-01 10:00:00", "25-07-01 10:00:00",
    "2025-7-01 10:00:00", "2025-07-1 10:00:00", "2025-07-01 1:00:00", "2025/07/01 10:00:00",
    "2025-07-01 10.00.00", "2025-07-01 10:00:00,5", "2025-07-01 10:00:00.5.5",
    "2025-07-01 10:00:00.-5", "2025-07-01 10:00:00+", "2025-07-01 10:00:00+1",
    "2025-07-01 10:00:00+100", "2025-07-01 10:00:00+24", "2025-07-01 10:00:00+24:00",
    "2025-07-01 10:00:00+10:60", "2025-07-01 10:00:00+1060", "2025-07-01 10:00:00+10:0",
    "2025-07-01 10:00:00+10:", "2025-07-01 10:00:00+10:00:00", "2025-07-01 10:00:00Z+01",
    "2025-07-01 10:00:00.5Zx", "1751364000", "\u0662025-07-01 10:00:00",
]


def times(i):
    for text, monday in TIMES:
        c = i.case(f"time {text[:40]}")
        i.kept(event(STARTED, "u", c, 1, time=text))
        i.one_start(c, week=monday)
    c = i.case("times that are none")
    for text in NO_TIMES:
        i.reject("no_time", event(STARTED, "u", c, 1, time=text))
    for value in [None, 1751364000, 1751364000000.5, True, [MONDAY], {"t": MONDAY}, ...]:
        i.reject("no_time", event(STARTED, "u", c, 1, event_time=value))
    i.reject("no_time", event(STARTED, "u", c, 1, event_time=..., client_event_time=MONDAY))
    i.reject("no_time", raw(c, time=MONDAY + r"\u0000"))
    i.reject("no_time", raw(c, time="2025-07-01 10:00:0@").replace(b"@", b"\xb2"))
    c = i.case("a time spelled with escapes")
    i.kept(raw(c, time=MONDAY.replace("2025", r"\u0032\u003025")))
    i.one_start(c)


IDS = ["{}", "{}.0", "{}.000", '"{}"', '"{}.0"', "{}e0", "{}0e-1", '"{}E+0"', "{}00.0E-2",
       "{}.0e00"]
NO_IDS = ["null", "true", "false", '""', '" "', '"x"', "[]", "[3]", "{}", '{"a":3}', "3.5", '"3.5"',
          '" 3"', '"3 "', '"+3"', '"0x3"', '"03"', '"3,0"', '"3."', '".3"', '"-"', '"3e"', '"1e+"',
          '"NaN"', '"Infinity"', '"null"', '"true"', '"3\\u0000"', '"\\n3"', '"[3]"', '"\\"3\\""',
          "2147483648", "-2147483649", '"2147483648"', '"-2147483649"', "1e10", "1e400", "-1e400",
          "1e-400", "3.0000000000000000000001", "2147483647.0000000000000001", "2147483647.5",
          "-2147483648.5", "18446744073709551617", "4294967299", '"4294967299"',
          "9" * 400, "0.3e-9999999999", '"\u0663"']


def ids(i):
    for template in IDS:
        c = i.case(f"course_id as {template}")
        i.kept(raw(template.format(c)))
        i.one_start(c)
        c = i.case(f"lesson_id as {template}")
        i.kept(raw(c, lesson=template.format(42)))
        i.one_start(c, lesson=42)
    c = i.case("ids spelled with escapes")
    i.kept(raw(r'"' + "".join(f"\\u{ord(digit):04x}" for digit in str(c)) + '"',
               lesson=r'"\u0034\u0032"'))
    i.one_start(c, lesson=42)
    for lesson, spelling in [(-2**31, "-2147483648"), (2**31 - 1, "2147483647"), (0, "0"), (0, "-0"),
                             (0, "-0.0"), (0, "0e999"), (-7, "-7"), (-7, '"-7.0"'),
                             (2**31 - 1, "2147483647.0"), (1000000000, "1e9"),
                             (2000000000, '"0.2E10"')]:
        c = i.case(f"lesson_id {spelling}")
        i.kept(raw(c, lesson=spelling))
        i.one_start(c, lesson=lesson)
    for course in [-2**31, 2**31 - 1, 0, -1]:
        i.kept(raw(course))
        i.one_start(course)
    c = i.case("ids that are none")
    for spelling in NO_IDS:
        i.reject("no_course", raw(spelling))
        i.reject("no_lesson", raw(c, lesson=spelling))
    i.reject("no_course", raw(c, properties="{}"))
    i.reject("no_course", raw(c, properties='{"lesson_id":1}'))
    i.reject("no_lesson", raw(c, properties=f'{{"course_id":{c}}}'))
    i.reject("no_lesson", raw(c, kind=COMPLETED, properties=f'{{"course_id":{c}}}'))
    c = i.case("course_completed needs no lesson")
    for user, lesson in [("a", "null"), ("b", '"x"'), ("c", "1"), ("d", "3.5")]:
        i.kept(raw(c, lesson=lesson, user=f'"{user}"', kind=FINISHED))
    i.kept(raw(c, user='"e"', kind=FINISHED, properties=f'{{"course_id":{c}}}'))
    i.cohort(c, WEEK, 0, 5, "", "")


def properties(i):
    def string(text):
        return json.dumps(text)

    for what, template in [
            ("a string", '{{"course_id":{},"lesson_id":1}}'),
            ("a string with blanks", ' \t\r\n{{ "course_id" : "{}" , "lesson_id" : 1 }}\n '),
            ("a string with escapes", '{{"course\\u005fid":{},"a":"\\"}}{{\\\\","lesson_id":1}}'),
            ("a string with more", '{{"x":{{"course_id":5}},"course_id":{},"lesson_id":1.0}}')]:
        c = i.case(f"event_properties as {what}")
        i.kept(raw(c, properties=string(template.format(c))))
        i.one_start(c)
    c = i.case("event_properties that are none")
    for spelling in ["5", "true", "false", "[]", f'[{{"course_id":{c},"lesson_id":1}}]', '""', '" "',
                     '"x"', '"null"', '"5"', '"[]"', string(f'[{{"course_id":{c}}}]'),
                     string(f'{{"course_id":{c},"lesson_id":1}}x'),
                     string(f'{{"course_id":{c},"lesson_id":1'),
                     string(string(f'{{"course_id":{c},"lesson_id":1}}')),
                     string(f'{{"course_id":{c},"lesson_id":1}}\0'),
                     string(f'{{"course_id":{c},"lesson_id":1}}{{}}')]:
        i.reject("bad_properties", raw(c, properties=spelling))
    i.reject("no_course", raw(c, properties="null"))
    i.reject("no_course", raw(c, properties='"{}"'))
    i.reject("no_course", event(STARTED, "u", c, 1, event_properties=...))
    i.reject("no_course", event(STARTED, "u", c, 1, event_properties=...,
                                Event_Properties={"course_id": c, "lesson_id": 1}))
    i.reject("no_course", event(STARTED, "u", c, 1, event_properties=..., course_id=c, lesson_id=1))
    for key in ["Course_id", "COURSE_ID", "course_id ", "course_i", "course_idd", ""]:
        i.reject("no_course", event(STARTED, "u", c, event_properties={key: c, "lesson_id": 1}))
    c = i.case("properties that the marts do not use are skipped, whatever they are")
    for odd in ["NaN", "-Infinity", "nul", "01", ".5", '"\\x"', '"\t"', "[1 2,]", "{,:}", "x y"[:1]]:
        i.kept(raw(c, properties=f'{{"a":{odd},"course_id":{c},"b":[{odd}],"lesson_id":1}}'))
    i.reject("no_course", raw("NaN"))
    i.reject("no_lesson", raw(c, lesson="NaN"))
    i.reject("bad_properties", raw(c, properties=f'{{"a":1 2,"course_id":{c},"lesson_id":1}}'))
    i.reject("bad_properties", raw(c, properties=f'{{"a"::1,"course_id":{c},"lesson_id":1}}'))
    i.reject("not_json", raw(c, properties=f'{{"a":[1}},"course_id":{c},"lesson_id":1}}'))
    i.one_start(c)

    c = i.case("ids below the top level do not count")
    i.reject("no_course", raw(c, properties=f'{{"a":{{"course_id":{c}}},"lesson_id":1}}'))
    i.reject("no_course", raw(c, properties=f'{{"a":[{{"course_id":{c}}}],"lesson_id":1}}'))
    i.reject("no_lesson", raw(c, properties=f'{{"course_id":{c},"a":{{"lesson_id":1}}}}'))
    i.kept(raw(c, properties=f'{{"z":{{"course_id":8,"lesson_id":8}},"course_id":{c},"lesson_id":1,'
                             '"a":{"course_id":9,"lesson_id":9},"b":[{"course_id":9}]}'))
    i.one_start(c)


def keys(i):
    c = i.case("the same key twice: the last one wins")
    good = f'{{"course_id":{c},"lesson_id":1}}'
    i.kept(raw(c, user='"x","user_id":"u"'))
    i.kept(raw(c, user='null,"user_id":"u"'))
    i.kept(raw(c, time='x","event_time":"' + MONDAY))
    i.kept(raw(c, properties=f'7,"event_properties":{good}'))
    i.kept(raw(f'5,"course_id":{c}', lesson='"x","lesson_id":1'))
    i.kept(raw(f'null,"course_id":"{c}"', lesson='9,"lesson_id":"1"'))
    i.kept(raw(c, kind=FINISHED, more=f',"event_type":"{STARTED}"'))
    i.kept(raw(c, kind="session_end", more=f',"event_type":"{STARTED}"'))
    i.kept(raw(c, user='"x"', more=r',"user\u005fid":"u"'))
    i.other(raw(c, more=',"event_type":"session_end"'))
    i.reject("not_an_event", raw(c, more=',"event_type":null'))
    i.reject("no_user", raw(c, user='"u","user_id":null'))
    i.reject("no_user", raw(c, more=',"user_id":7.5'))
    i.reject("no_time", raw(c, more=',"event_time":null'))
    i.reject("no_course", raw(c, more=',"event_properties":null'))
    i.reject("bad_properties", raw(c, more=',"event_properties":[]'))
    i.reject("no_course", raw(f'{c},"course_id":null'))
    i.reject("no_lesson", raw(c, lesson='1,"lesson_id":"x"'))
    i.one_start(c)

    c = i.case("keys in any order, blanks anywhere")
    parts = [f'"event_type":"{STARTED}"', f'"event_time":"{MONDAY}"', '"user_id":"u"',
             f'"event_properties":{{"lesson_id":1,"course_id":{c}}}',
             '"user_properties":{"user_id":"x","event_type":"y"}']
    for turn in range(len(parts)):
        turned = parts[turn:] + parts[:turn]
        i.kept(("{" + ",".join(turned) + "}").encode())
        i.kept((" \t{ " + " ,\t".join(turned).replace(":", " : ", 1) + " } ").encode())
    i.one_start(c)

    c = i.case("reasons are looked for in order")
    i.reject("no_user", raw("null", lesson="null", user="null", time="x"))
    i.reject("no_time", raw("null", lesson="null", time="x"))
    i.reject("no_time", raw(c, time="x", properties="5"))
    i.reject("bad_properties", raw(c, properties="[]"))
    i.reject("no_course", raw("null", lesson="null"))
    i.reject("not_json", raw("null", user="null") + b"}")


def texts(i):
    c = i.case("quotes, braces and course words inside strings")
    odd = ['\\"', '\\"}', '"', "}{", "][", "\\", "\\\\", '\\\\"', "course_completed", "\u2028",
           '{"event_type":"course_completed"}', '\\"event_type\\":\\"x\\"', "a\\", "\b\f\n\r\t"]
    for text in odd:
        i.kept(event(STARTED, "u", c, 1, aaa=text, zzz=text, user_properties={text: [text, {"a": text}]}))
        i.other(event("page_view", "u", c, 1, aaa=text, zzz=text, p={text: FINISHED}))
    for text in odd:
        record = event(STARTED, "u", c, 1)
        record["event_properties"]["entry_point"] = text
        record["event_properties"] = {text: text, **record["event_properties"]}
        i.kept(record)
    i.one_start(c)

    c = i.case("lines that name a course event and are not whole JSON")
    good = raw(c)
    for cut in [len(good) - 1, len(good) - 2, len(good) - 10, 60, 45]:
        i.reject("not_json", good[:cut])
    for text in [good + b"x", good + b"}", good + b"[]", good + b"," + good, good + b"{",
                 good + b"\x1e", good + good[:-1], b"x" + good, b"[" + good,
                 good[1:], good.replace(b'"user_id"', b'"user_id'), b"course_completed",
                 b"{course_completed}", b'{"a":"course_completed"', b'"course_completed',
                 good.replace(b"}}", b"}]"), good + b",", good + b"\x00", b"\x00" + good,
                 b"," + good, good.replace(b"}}", b'},"a":[1}')]:
        i.reject("not_json", text)

    c = i.case("objects that follow each other on a line")
    good, none = raw(c), raw(c, user="null")
    i.several([(b"", good, "kept"), (b"", b"{}", "other")])
    i.several([(b"", good, "kept"), (b" \t", none, "no_user"), (b"\r", good, "kept")], b" \r")
    i.several([(b"\x1e", none, "no_user"), (b"\r\x1e", b'{"data":' + good + b"}", "not_an_event"),
               (b"\x1e\x1e", event_line("page_view", c), "other")])
    i.kept(b"\x1e" + good)
    i.kept(b" \x1e " + good + b" ")
    i.kept(b"\xef\xbb\xbf\x1e" + good)
    i.one_start(c)

    c = i.case("bytes that are not UTF-8, in fields that do not count")
    for odd_bytes in [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80abc"]:
        i.kept(raw(c, more=',"city":"@"').replace(b"@", odd_bytes))
        i.kept(raw(c, properties=f'{{"course_id":{c},"lesson_id":1,"entry_point":"@"}}')
               .replace(b"@", odd_bytes))
    i.one_start(c)

    c = i.case("long lines and deep ones")
    i.kept(event(STARTED, "u", c, 1, aaa="x" * 10_000_000))
    i.kept(event(STARTED, "u", c, 1, zzz='\\"' * 3_000_000))
    i.other(event("page_view", "u", c, 1, zzz="course_completed " * 600_000))
    i.kept(raw(c, more=',"deep":' + "[" * 1000 + "]" * 1000))
    i.reject("not_json", raw(c, more=',"deep":' + "[" * 100_000 + "]" * 100_000))
    i.reject("not_json", raw(c, more=',"deep":' + "[" * 100_000))
    i.one_start(c)


SPENT = [  # as spelled, usable?
    ("0", True), ("-0", True), ("-0.0", True), ("5", True), ("5.25", True), ('"5.25"', True), ("1e2", True),
    ('"1E+2"', True), ("0.0005", True), ("0.0004", True), ("0.0004995", True), ("0.0014995", True),
    ("0.0024995", True), ("0.0034995", True), ("0.0044995", True), ("0.0054995", True),
    ("0.00049949999999999999999999", True), ("1e-400", True), ("0.1", True), ("2.5005", True),
    ("9223372036854", True), ("4503599627370.4995", True), ("123456789.1234567", True),
    ("null", False), ("-1", False), ("-0.001", False), ('"-1"', False), ('""', False),
    ('"abc"', False), ("true", False), ("[5]", False), ("{}", False), ('" 5"', False), ('"5 "', False),
    ('"5s"', False), ('"0x10"', False), ('"NaN"', False), ('"Infinity"', False), ('"+5"', False),
    ('"1,5"', False), ('".5"', False), ("1e13", False), ("9223372036855", False), ("1e400", False),
    ('"1e400"', False), ("1e308", False),
]


def rounded(value, decimals):
    """A fraction not below 0, rounded half up and spelled with so many decimals."""
    scaled = int(value * 10 ** decimals + Fraction(1, 2))
    return f"{scaled // 10 ** decimals}.{scaled % 10 ** decimals:0{decimals}d}"


def time_spent(i):
    for spelling, usable in SPENT:
        c = i.case(f"time_spent_sec {spelling}")
        i.kept(raw(c, kind=COMPLETED,
                   properties=f'{{"course_id":{c},"lesson_id":1,"time_spent_sec":{spelling}}}'),
               unusable=not usable)
        average = ""
        if usable:
            us = int(Fraction(float(spelling.strip('"'))) * 10 ** 6 + Fraction(1, 2))
            average = rounded(Fraction(us, 10 ** 6), 3)
        i.cohort(c, WEEK, 0, 0, "", 1)
        i.lesson(c, WEEK, 1, 0, 1, "", "", average)

    c = i.case("an average is of events, not of users; starts have no time")
    i.kept(event(STARTED, "a", c, 1, spent=1000))
    for user, spent in [("a", 1), ("a", 2), ("b", 5.001), ("c", None)]:
        i.kept(event(COMPLETED, user, c, 1, spent=spent), unusable=spent is None)
    i.kept(event(FINISHED, "a", c, spent=77))
    i.cohort(c, WEEK, 1, 1, "1.000000", 1)
    i.lesson(c, WEEK, 1, 1, 3, "3.000000", "1.000000", "2.667")

    c = i.case("the same completion again")
    first = event(COMPLETED, "u", c, 1, spent=10, uuid="aaa", insert_id="i")
    i.kept(first)
    i.kept(dict(first, insert_id="j", session_id=5), duplicate=True)
    i.kept(dict(first, **{"$insert_id": "j"}), duplicate=True)
    i.kept(dict(first, event_time="2025-06-30T12:00:00+02:00"), duplicate=True)
    i.kept(dict(first, event_properties={"course_id": str(c), "lesson_id": "1.0",
                                         "time_spent_sec": "10.0000000001"}), duplicate=True)
    i.kept(dict(first, uuid="bbb"))
    i.kept(dict(first, uuid="AAA"))
    i.kept(dict(first, event_time="2025-06-30 10:00:00.000001"))
    i.kept(event(COMPLETED, "u", c, 1, spent=20, uuid="aaa"))
    i.kept(event(COMPLETED, "u", c, 2, spent=10, uuid="aaa"))
    i.kept(event(COMPLETED, "v", c, 1, spent=10, uuid="aaa"))
    i.kept(event(COMPLETED, "u", c, 1, spent=10, uuid=None, insert_id="aaa"))
    i.kept(event(COMPLETED, "u", c, 1, spent=10, insert_id="aaa"), duplicate=True)
    i.kept(event(COMPLETED, "u", c, 1, spent=10, uuid="", insert_id="aaa"), duplicate=True)
    i.kept(event(COMPLETED, "u", c, 1, spent=10, uuid=5, insert_id="aaa"), duplicate=True)
    for _ in range(3):
        i.kept(event(COMPLETED, "u", c, 1, spent=40, uuid=None, insert_id=""))
    i.kept(event(COMPLETED, "u", c, 3, uuid="x"), unusable=True)
    i.kept(event(COMPLETED, "u", c, 3, spent="abc", uuid="x"), duplicate=True)
    i.kept(event(COMPLETED, "u", c, 3, spent=-1, uuid="x"), duplicate=True)
    i.kept(event(COMPLETED, "u", c, 3, uuid="y"), unusable=True)
    i.kept(event(COMPLETED, "u", c, 3), unusable=True)
    i.kept(event(COMPLETED, "u", c, 3), unusable=True)
    # Lesson 1: 10 six times over (three uuids, another microsecond, user v, an insert id), 20 and
    # three times 40 without an id.
    i.cohort(c, WEEK, 0, 0, "", 3)
    i.lesson(c, WEEK, 1, 0, 2, "", "", "20.000")
    i.lesson(c, WEEK, 2, 0, 1, "", "", "10.000")
    i.lesson(c, WEEK, 3, 0, 1, "", "", "")


def cohorts(i):
    c = i.case("completions and no start: the week of the first course event")
    i.kept(event(COMPLETED, "a", c, 5, time="2025-07-10 00:00:00", spent=3))
    i.kept(event(FINISHED, "a", c, time="2025-07-03 00:00:00"))
    i.cohort(c, "2025-06-30", 0, 1, "", 5)
    i.lesson(c, "2025-06-30", 5, 0, 1, "", "", "3.000")

    c = i.case("a start, however late, decides over earlier completions")
    i.kept(event(FINISHED, "a", c, time="2025-01-01 00:00:00"))
    i.kept(event(COMPLETED, "a", c, 2, time="2025-01-01 00:00:00", spent=1))
    i.kept(event(STARTED, "a", c, 1, time="2025-07-14 00:00:00"))
    i.kept(event(STARTED, "a", c, 2, time="2025-07-13 23:59:59.999999"))
    i.cohort(c, "2025-07-07", 1, 1, "1.000000", 2)
    i.lesson(c, "2025-07-07", 1, 1, 0, "0.000000", "1.000000")
    i.lesson(c, "2025-07-07", 2, 1, 1, "1.000000", "1.000000", "1.000")

    c = i.case("rates over 1, and thirds")
    for user in "abc":
        i.kept(event(STARTED, user, c, 1))
    i.kept(event(STARTED, "a", c, 2))
    i.kept(event(STARTED, "b", c, 3))
    i.kept(event(STARTED, "c", c, 3))
    for user in "abc":
        i.kept(event(COMPLETED, user, c, 2, spent=1))
    for user in "defgh":
        i.kept(event(FINISHED, user, c))
    i.kept(event(COMPLETED, "d", c, 1, spent=2))
    i.cohort(c, WEEK, 3, 5, "1.666667", 2)
    i.lesson(c, WEEK, 1, 3, 1, "0.333333", "1.000000", "2.000")
    i.lesson(c, WEEK, 2, 1, 3, "3.000000", "0.333333", "1.000")
    i.lesson(c, WEEK, 3, 2, 0, "0.000000", "0.666667")

    c = i.case("a user is in one cohort of each course")
    i.kept(event(STARTED, "a", c, 1, time="2025-07-01 00:00:00"))
    i.kept(event(STARTED, "a", c, 2, time="2025-08-01 00:00:00"))
    i.kept(event(STARTED, "a", c, 1, time="2025-09-01 00:00:00"))
    i.kept(event(STARTED, "b", c, 2, time="2025-08-01 00:00:00"))
    i.kept(event(COMPLETED, "b", c, 2, time="2026-08-01 00:00:00", spent="7.5"))
    i.cohort(c, "2025-06-30", 1, 0, "", "")
    i.lesson(c, "2025-06-30", 1, 1, 0, "0.000000", "1.000000")
    i.lesson(c, "2025-06-30", 2, 1, 0, "0.000000", "1.000000")
    i.cohort(c, "2025-07-28", 1, 0, "", 2)
    i.lesson(c, "2025-07-28", 2, 1, 1, "1.000000", "1.000000", "7.500")

    c = i.case("negative lessons and their order; the largest completed may be negative")
    for lesson in [7, -7, 0, -2147483648]:
        i.kept(event(STARTED, "a", c, lesson))
        i.lesson(c, WEEK, lesson, 1, int(lesson < -7), f"{int(lesson < -7)}.000000", "1.000000",
                 "0.500" if lesson < -7 else "")
    i.kept(event(COMPLETED, "a", c, -2147483648, spent=0.5))
    i.cohort(c, WEEK, 1, 0, "", -2147483648)

    c = i.case("half up: 1/64 and the like")
    for n in range(64):
        i.kept(event(STARTED, f"u{n}", c, 1))
    for n in range(5):
        i.kept(event(FINISHED, f"u{n}", c))
    i.kept(event(COMPLETED, "u0", c, 1, spent=0.0005))
    i.cohort(c, WEEK, 64, 5, "0.078125", 1)
    i.lesson(c, WEEK, 1, 64, 1, "0.015625", "1.000000", "0.001")
    c = i.case("half up: 1/128 has a 7th decimal of 5")
    for n in range(128):
        i.kept(event(STARTED, f"u{n}", c, 1))
    i.kept(event(FINISHED, "u0", c))
    i.cohort(c, WEEK, 128, 1, "0.007813", "")
    i.lesson(c, WEEK, 1, 128, 0, "0.000000", "1.000000")


def crowds(i):
    i.begin_file("crowd_events.json")
    c = i.case("one user with 100,000 events")
    for n in range(100_000):
        i.kept(raw(c, lesson=str(n % 100), user='"busy"'))
    i.cohort(c, WEEK, 1, 0, "", "")
    for lesson in range(100):
        i.lesson(c, WEEK, lesson, 1, 0, "0.000000", "1.000000")

    i.begin_file("crowd_lessons.json")
    c = i.case("a course with 5,000 lessons")
    for lesson in range(5_000):
        i.kept(raw(c, lesson=str(lesson * 3), user=f'"{lesson % 2}"'))
        i.lesson(c, WEEK, lesson * 3, 1, 0, "0.000000", "0.500000")
    i.cohort(c, WEEK, 2, 0, "", "")

    i.begin_file("crowd_users.json")
    c = i.case("a million users with one event each")
    crowd = 1_000_000
    for begin in range(0, crowd, 10_000):
        block = b"\n".join(raw(c, user=f'"{n}"') for n in range(begin, begin + 10_000)) + b"\n"
        i.file.write(block)
    i.counts["lines_read"] += crowd
    i.counts["records_read"] += crowd
    i.counts["kept"] += crowd
    i.one_start(c, users=crowd)


def files(i):
    for name, ending, head in [("crlf.json", b"\r\n", b""), ("blank_lines.json", b"\n", b"\n\n\n")]:
        i.begin_file(name, ending, head)
        i.counts["lines_read"] += head.count(b"\n")
        i.counts["records_read"] += head.count(b"\n")
        i.counts["other"] += head.count(b"\n")
        c = i.case(f"file {name}")
        i.kept(raw(c))
        i.other(event("page_view", "u", c, 1))
        i.reject("no_user", raw(c, user="null"))
        i.reject("not_json", raw(c)[:-1])
        i.kept(raw(c, user='"v"'))
        i.one_start(c, users=2)
    i.begin_file("no_last_newline.json")
    c = i.case("a last line without its newline")
    i.kept(raw(c))
    i.ending = b""
    i.kept(raw(c, user='"v"'))
    i.one_start(c, users=2)
    i.begin_file("one_reject_without_newline.json", ending=b"")
    i.reject("no_lesson", raw(c, lesson="null"))
    i.begin_file("byte_order_mark.json", head=b"\xef\xbb\xbf")
    c = i.case("a byte order mark before a line, as files that were joined have it")
    i.kept(raw(c))
    i.kept(raw(c, user='"v"'))
    i.kept(b"\xef\xbb\xbf" + raw(c, user='"w"'))
    i.one_start(c, users=3)
    i.begin_file("old_line_ends.json", ending=b"\r")
    c = i.case("line ends of old Macs: all of the file is one line")
    i.several([(b"", raw(c, user=f'"{n}"'), "kept") for n in range(1)]
              + [(b"\r", raw(c, user=f'"{n}"'), "kept") for n in range(1, 50)])
    i.one_start(c, users=50)
    i.begin_file("empty.json")
    i.begin_file("one_newline.json")
    i.other(b"")


def main(out):
    os.makedirs(os.path.join(out, "input"))
    i = Input(out)
    i.begin_file("cases.json")
    for write in [event_types, users, times, ids, properties, keys, texts, time_spent, cohorts, files,
                  crowds]:
        write(i)
    i.finish()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
