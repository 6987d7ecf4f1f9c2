"""A night of new files taken in by `rebuild --extend`, beside reading all of a history again."""
import glob
import itertools
import os
import re
import resource
import shutil

from engines import read, same_marts
from measure import Failed, run

DAYS = 365


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class History:
    """An export of a year, one day of whose files can be kept aside."""

    def __init__(self, source, aside):
        self.aside = aside
        os.makedirs(aside)
        paths = sorted(path for path in glob.glob(os.path.join(glob.escape(source), "*", "*")))
        days = {}
        for path in paths:
            day = re.search(r"_(\d{4}-\d\d-\d\d)_", os.path.basename(path)).group(1)
            days.setdefault(day, []).append(path)
        self.bytes = sum(map(os.path.getsize, paths))
        weight = {day: sum(map(os.path.getsize, files)) for day, files in days.items()}
        day = min(weight, key=lambda day: abs(weight[day] - self.bytes / DAYS))
        self.night, self.night_bytes = days[day], weight[day]
        self.before = [path for path in paths if path not in set(self.night)]

    def hide(self):
        for path in self.night:
            os.rename(path, os.path.join(self.aside, os.path.basename(path)))

    def bring(self):
        for path in self.night:
            os.rename(os.path.join(self.aside, os.path.basename(path)), path)

    def stat_seconds(self):
        """Processor seconds of one `stat` for each file, the loop of Python included."""
        began = processor_seconds()
        for path in self.before:
            os.stat(path)
        return processor_seconds() - began


def same_answers(funnel, one, other):
    """Hold all tables of two folders to be the same, and what was counted."""
    same_marts(one, other)
    for path in glob.glob(os.path.join(one, "mart_*.csv")):
        if read(path) != read(os.path.join(other, os.path.basename(path))):
            raise Failed("%s is another one after a night" % path)
    left, right = funnel.record(one), funnel.record(other)
    for name in ("lines_read", "kept", "duplicates"):
        if left.get(name) != right.get(name):
            raise Failed("%s: %s, after a night %s" % (name, left.get(name), right.get(name)))


class Nights:
    """Measures one case. The base is kept, and put back before each night."""

    def __init__(self, bench, share, form):
        self.bench, self.funnel = bench, bench.funnel
        self.source = bench.make("export", bench.options.events, share, form, "--weeks", "52")
        self.history = History(self.source, bench.path("aside"))
        self.all, self.marts = bench.path("marts.all"), bench.path("marts.night")
        self.checkpoint, self.base = bench.path("checkpoint"), bench.path("base")
        self.case = {"share": share, "format": form, "files": len(self.history.before),
                     "new_files": len(self.history.night), "disk_bytes": self.history.bytes,
                     "night_bytes": self.history.night_bytes, "duckdb": [], "stat": []}
        for name in ("night", "all", "look", "start"):
            self.case[name] = {1: [], 2: []}

    def extend(self, ranks, *options):
        return self.funnel.rebuild(self.source, self.marts, ranks, "--checkpoint",
                                   self.checkpoint, "--extend", *options)

    def make_base(self):
        self.history.hide()
        self.extend(2)
        self.history.bring()
        for folder in (self.checkpoint, self.marts):
            shutil.copytree(folder, self.base + os.path.basename(folder))
        self.case["state_bytes"] = sum(map(os.path.getsize, glob.glob(
            os.path.join(self.checkpoint, "generation-*", "groups-*.h5"))))

    def put_back(self):
        for folder in (self.checkpoint, self.marts):
            shutil.rmtree(folder)
            shutil.copytree(self.base + os.path.basename(folder), folder)

    def night(self, ranks):
        self.put_back()
        self.case["night"][ranks].append(self.extend(ranks))
        same_answers(self.funnel, self.all, self.marts)

    def whole(self, ranks):
        self.case["all"][ranks].append(self.funnel.rebuild(self.source, self.all, ranks))

    def aside(self, empty):
        """What is not the night's own: the start of MPI, a `stat` a file; and the whole look."""
        self.put_back()
        for ranks in (1, 2):
            self.case["start"][ranks].append(
                self.funnel.start(empty, self.bench.path("marts.start"), ranks))
            self.case["look"][ranks].append(self.extend(ranks, "--dry-run"))
        self.case["stat"].append(self.history.stat_seconds())

    def duckdb(self):
        if self.bench.duckdb:
            out = self.bench.path("marts.duckdb")
            self.case["duckdb"].append(self.bench.duckdb.rebuild(self.source, out, "json"))
            same_marts(self.all, out)

    def opened(self):
        """How many old and new files a night opens, by strace; None without it."""
        if not shutil.which("strace"):
            return
        self.put_back()
        trace = self.bench.path("opened")
        run(["strace", "-f", "-qq", "-e", "trace=open,openat", "-o", trace, "mpirun", "-n", "2",
             self.funnel.program, "rebuild", "--from", self.source, "--to", self.marts,
             "--rejects", self.marts + ".rejects", "--checkpoint", self.checkpoint, "--extend"],
            env=self.funnel.environment)
        with open(trace, encoding="utf-8", errors="replace") as file:
            named = {os.path.basename(name) for name in re.findall(r'"([^"]*\.json[^"]*)"',
                                                                   file.read())}
        for name, paths in (("opened_old", self.history.before),
                            ("opened_new", self.history.night)):
            self.case[name] = len(named & {os.path.basename(path) for path in paths})
        os.remove(trace)

    def measure(self):
        empty = self.bench.empty_job()
        self.make_base()
        # The first of each brings files and programs into memory, and is not counted.
        self.funnel.rebuild(self.source, self.all, 2)
        for pair, ranks in itertools.product(range(self.bench.options.pairs), (1, 2)):
            for action in (self.night, self.whole)[::1 if pair % 2 == 0 else -1]:
                action(ranks)
            if ranks == 2:
                self.aside(empty)
            if ranks == 2 and pair == 0:
                self.duckdb()
        self.opened()
        for folder in (self.source, self.checkpoint, self.base + "checkpoint",
                       self.base + "marts.night", self.history.aside, self.marts):
            shutil.rmtree(folder)
        return self.case
