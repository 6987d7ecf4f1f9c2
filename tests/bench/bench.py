#!/usr/bin/env python3
"""
Measure course-funnel beside the engines that compute the same marts. run.sh prepares what this
needs and calls it; `run.sh --help` says what is measured.
"""
import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time

import results
from engines import DuckDB, Funnel, floor, same_marts
from measure import Failed, Meter, available_bytes, machine
from nights import Nights
from postgres import Postgres

FULL_EVENTS = 8_000_000
SMALL_EVENTS = 20_000
SCALE_EVENTS = 300_000
# Of an event as plain text, and room for what the engines need besides.
EVENT_BYTES = 1_850
SPARE_BYTES = 4 << 30
CORES = 2


def say(text):
    print(text, flush=True)


def in_turn(pairs, first, second, *others):
    """Run two things in turn, each before the other every second time, and the others after."""
    for pair in range(pairs):
        for action in ((first, second) if pair % 2 == 0 else (second, first)) + others:
            action()


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.meter = Meter(os.path.join(options.build, "tests", "bench", "bench_usage"))
        self.floor = os.path.join(options.build, "tests", "bench", "bench_floor")
        environment = dict(os.environ)
        if os.getuid() == 0:
            environment.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
        if (os.cpu_count() or 1) < CORES:
            environment["OMPI_MCA_rmaps_base_oversubscribe"] = "1"
        self.funnel = Funnel(options.build, self.meter, environment,
                             duplicates=0.2 if options.check else 0.02)
        self.duckdb = DuckDB(options.duckdb, self.meter, CORES) if options.duckdb else None
        self.began = time.monotonic()
        self.found = {"machine": machine(), "events": options.events, "pairs": options.pairs,
                      "cases": [], "left_out": []}

    def path(self, name):
        return os.path.join(self.folder, name)

    def save(self):
        """What was found so far: a benchmark that is ended early leaves that behind."""
        self.found["took_seconds"] = time.monotonic() - self.began
        if not self.options.check:
            write(self.options.out, results.markdown(self.found) + by_hand(self.options.out))
            write(self.options.json, json.dumps(self.found, indent=1) + "\n")

    def leave_out(self, what):
        say("left out: " + what)
        self.found["left_out"].append(what)

    def make(self, name, events, share, form, *options):
        folder = self.path(name)
        say("making %d events, %d %% of them course events, %s" % (events, share, form))
        self.funnel.generate(folder, events, share / 100, form, CORES, *options)
        return folder

    def empty_job(self):
        """A source of one line: with --dry-run all that is left is the start of MPI."""
        path = self.path("empty.json")
        with open(path, "w") as file:
            file.write("{}\n")
        return path

    def fastest_form(self, share, form):
        """Which SQL is the fastest, tried on an export that none of them needs much memory for."""
        events = max(self.options.events // 16, min(self.options.events, 10_000))
        source = self.make("probe", events, share, form)
        tried = {}
        for name in self.duckdb.forms:
            tries = []
            for _ in range(1 if self.options.check else 2):
                out = self.path("probe.duckdb")
                tries.append(self.duckdb.rebuild(source, out, name)["seconds"])
            self.funnel.rebuild(source, self.path("probe.ours"), CORES)
            same_marts(self.path("probe.ours"), out)
            tried[name] = min(tries)
        shutil.rmtree(source)
        best = min(tried, key=tried.get)
        say("  DuckDB's fastest form: %s (%s)" % (
            best, ", ".join("%s %.2f s" % item for item in tried.items())))
        return best, tried

    def files(self, share, form):
        """One case of files: ours on 2 and 1 ranks, DuckDB, the floor, the start."""
        case = {"share": share, "format": form, "ours": {1: [], 2: []}, "start": {1: [], 2: []},
                "floor": [], "floor_alone": []}
        if self.duckdb:
            case["duckdb_form"], case["duckdb_tried"] = self.fastest_form(share, form)
            case["duckdb"] = []
        source = self.make("export", self.options.events, share, form)
        empty = self.empty_job()
        ours, theirs = self.path("marts.ours"), self.path("marts.duckdb")

        def run_ours(ranks):
            case["ours"][ranks].append(self.funnel.rebuild(source, ours, ranks))

        def run_theirs():
            if self.duckdb:
                case["duckdb"].append(self.duckdb.rebuild(source, theirs, case["duckdb_form"]))
                same_marts(ours, theirs)

        def run_floor(processes, name):
            case[name].append(floor(self.floor, form, processes, source)["seconds"])

        def run_start(ranks):
            case["start"][ranks].append(self.funnel.start(empty, ours, ranks)["seconds"])

        # The first of each brings files and programs into memory, and is not counted.
        self.funnel.rebuild(source, ours, CORES)
        if self.duckdb:
            self.duckdb.rebuild(source, theirs, case["duckdb_form"])
            same_marts(ours, theirs)
        seen = floor(self.floor, form, CORES, source)
        case["record"] = self.funnel.record(ours)
        if seen["bytes"] != case["record"]["bytes_read"]:
            raise Failed("the floor read %d bytes of text, course-funnel %d"
                         % (seen["bytes"], case["record"]["bytes_read"]))
        case["disk_bytes"] = sum(
            os.path.getsize(os.path.join(folder, name))
            for folder, _, names in os.walk(source) for name in names)
        in_turn(self.options.pairs, lambda: run_ours(2), run_theirs, lambda: run_ours(1),
                lambda: run_floor(CORES, "floor"), lambda: run_floor(1, "floor_alone"),
                lambda: run_start(2), lambda: run_start(1))
        shutil.rmtree(source)
        self.found["cases"].append(case)
        say(results.case_line(case))
        self.save()

    def all_files(self):
        for share in self.options.shares:
            for form in self.options.formats:
                self.files(share, form)

    def postgres(self):
        if not self.funnel.has_option("--events-table"):
            return self.leave_out("PostgreSQL: this course-funnel cannot read an events table yet "
                                  "(rebuild has no --events-table)")
        if not self.duckdb:
            return self.leave_out("PostgreSQL: the table is filled by way of DuckDB")
        events = min(self.options.events, max(FULL_EVENTS // 2, 1))
        source = self.make("export", events, 30, "plain")
        ours, theirs, rows = self.path("marts.ours"), self.path("marts.sql"), self.path("rows.csv")
        self.funnel.rebuild(source, ours, CORES)
        self.duckdb.rows_file(source, rows)
        shutil.rmtree(source)
        server = Postgres(self.path("postgres"))
        try:
            missing = server.start(os.path.getsize(rows) * 2)
            if missing:
                return self.leave_out("PostgreSQL: " + missing)
            case = {"table": server.load(rows), "ours": {1: [], 2: []}, "sql": []}
            os.remove(rows)
            self.postgres_runs(server, case, ours, theirs)
        finally:
            server.remove()
        self.found["postgres"] = case
        say(results.postgres_line(case))
        return None

    def postgres_runs(self, server, case, ours, theirs):
        tried = {}
        for form in server.forms:
            tries = []
            for _ in range(1 if self.options.check else 2):
                tries.append(server.rebuild(theirs, form)["seconds"])
                same_marts(ours, theirs)
            tried[form] = min(tries)
        best = min(tried, key=tried.get)
        case["sql_form"] = "%s, %d workers" % best
        case["sql_tried"] = {"%s, %d workers" % form: took for form, took in tried.items()}
        source = "host=%s user=%s dbname=%s" % tuple(
            server.environment[name] for name in ("PGHOST", "PGUSER", "PGDATABASE"))
        from_table = self.path("marts.table")

        def run_ours(ranks):
            case["ours"][ranks].append(server.timed(lambda: self.funnel.rebuild(
                source, from_table, ranks, "--events-table", "raw_amplitude.events")))
            same_marts(ours, from_table)

        def run_sql():
            case["sql"].append(server.rebuild(theirs, best))
            same_marts(ours, theirs)

        run_ours(2)
        case["ours"][2].clear()
        in_turn(self.options.pairs, lambda: run_ours(2), run_sql, lambda: run_ours(1))

    def growth(self):
        """Time against bytes and memory against triples, for 1, 2, 4 and 8 eighths."""
        if not self.duckdb:
            return self.leave_out("growth: triples are counted by DuckDB")
        points = []
        for eighths in (1, 2, 4, 8):
            source = self.make("export", self.options.events * eighths // 8, 30, "plain")
            out = self.path("marts.ours")
            triples, enrolments, users, completions, wire_bytes = self.duckdb.triples(source)
            point = {"triples": triples, "enrolments": enrolments, "users": users,
                     "completions": completions, "wire_bytes": wire_bytes, "ours": {}}
            for ranks in (1, 2):
                point["ours"][ranks] = [self.funnel.rebuild(source, out, ranks)
                                        for _ in range(min(self.options.pairs, 3))]
            point["record"] = self.funnel.record(out)
            shutil.rmtree(source)
            points.append(point)
        self.found["growth"] = points
        return None

    def scale(self):
        """What grows with splits, rows and ranks rather than with bytes: for model/model.py."""
        scale = {"splits": [], "rounds": []}
        out = self.path("marts.ours")
        events = min(self.options.events, SCALE_EVENTS)
        source = self.make("export", events, 30, "plain")
        for size in ("16M", "64K", "8K"):
            sample = self.funnel.rebuild(source, out, 1, "--range-bytes", size)
            scale["splits"].append({key: sample[key] for key in ("splits", "plan", "peak_bytes")})
        shutil.rmtree(source)
        source = self.make("export", events, 100, "plain", "--courses", "10000", "--weeks", "52")
        sample = self.funnel.rebuild(source, out, 2)
        scale["rows"] = {"reduce": sample["reduce"], "publish": sample["publish"]}
        scale["rows"].update(self.funnel.record(out))
        shutil.rmtree(source)
        for ranks in (2, 8, 32):
            scale["rounds"].append(self.funnel.rounds(ranks, 100, 3 * ranks))
        self.found["scale"] = scale

    def nights(self):
        self.found["nights"] = []
        for share in self.options.shares:
            for form in self.options.formats:
                case = Nights(self, share, form).measure()
                self.found["nights"].append(case)
                say(results.nights_line(case))
                self.save()


def fit_events(options):
    """As many events as go into memory and folder, with what the engines need besides."""
    disk = os.statvfs(options.data)
    room = min(available_bytes(), disk.f_bavail * disk.f_frsize)
    most = (room - SPARE_BYTES) // EVENT_BYTES
    if options.size == "small" or options.events <= most:
        return
    if most < SMALL_EVENTS:
        raise Failed("%s and memory have room for %d events only; --data names another folder"
                     % (options.data, max(most, 0)))
    say("%d events do not fit into %s and memory: %d it is" % (options.events, options.data, most))
    options.events = most


def numbers(text):
    return [int(part) for part in text.split(",")]


def parse(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--duckdb")
    parser.add_argument("--without-duckdb")
    parser.add_argument("--size", choices=("small", "full"), default="full")
    parser.add_argument("--events", type=int)
    parser.add_argument("--shares", type=numbers)
    parser.add_argument("--formats", type=lambda text: text.split(","))
    parser.add_argument("--pairs", type=int)
    parser.add_argument("--parts", type=lambda text: text.split(","))
    parser.add_argument("--data", default="/dev/shm")
    parser.add_argument("--out")
    parser.add_argument("--json")
    options = parser.parse_args(arguments)
    small = options.size == "small"
    options.check = small and not options.pairs
    options.events = options.events or (SMALL_EVENTS if small else FULL_EVENTS)
    options.shares = options.shares or ([30] if small else [30, 5, 100])
    options.formats = options.formats or ["plain", "gzip"]
    options.pairs = options.pairs or (1 if small else 5)
    options.parts = options.parts or (["files", "postgres"] if small
                                      else ["files", "postgres", "growth", "scale", "nights"])
    return options


def by_hand(path):
    """What people wrote below the tables of an earlier run: it stays."""
    if not path or not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        _, heading, text = file.read().partition("\n## By hand\n")
    return heading + text


def write(path, text):
    if path:
        with open(path, "w") as file:
            file.write(text)


def main(arguments):
    options = parse(arguments)
    # What a signal ends is cleaned up as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    parts = {"files": Bench.all_files, "postgres": Bench.postgres, "growth": Bench.growth,
             "scale": Bench.scale, "nights": Bench.nights}
    unknown = [part for part in options.parts if part not in parts]
    if unknown:
        raise Failed("--parts takes %s, not %s" % (", ".join(parts), ", ".join(unknown)))
    fit_events(options)
    with tempfile.TemporaryDirectory(prefix="course-funnel-bench.", dir=options.data) as folder:
        os.chmod(folder, 0o755)
        bench = Bench(options, folder)
        if options.without_duckdb:
            bench.leave_out("DuckDB: " + options.without_duckdb)
        for part in options.parts:
            parts[part](bench)
            bench.save()
    if options.check:
        say("every engine that ran computed the same marts")
        return
    say("\n" + results.markdown(bench.found))
    for path in (options.out, options.json):
        if path:
            say("written: " + path)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Failed as failed:
        sys.exit("bench.py: %s" % failed)
