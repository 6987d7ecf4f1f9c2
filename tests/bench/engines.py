"""The programs that are measured: course-funnel, DuckDB, and what only reads or inflates."""
import difflib
import glob
import itertools
import json
import os
import re

from measure import Failed, run

HERE = os.path.dirname(os.path.abspath(__file__))
COHORTS = "mart_course_funnel_cohorts.csv"
LESSONS = "mart_course_funnel_lessons.csv"


def sql(name):
    return os.path.join(HERE, "sql", name + ".sql")


def sql_text(text):
    return "'" + text.replace("'", "''") + "'"


def read(path):
    with open(path, "rb") as file:
        return file.read()


def same_marts(one, other):
    """Hold the marts of two folders to be the same, byte for byte, and not empty."""
    for name in (COHORTS, LESSONS):
        left, right = (read(os.path.join(folder, name)) for folder in (one, other))
        if left.count(b"\n") < 2:
            raise Failed("%s in %s is empty" % (name, one))
        if left != right:
            lines = difflib.unified_diff(left.decode().splitlines(), right.decode().splitlines(),
                                         one, other, lineterm="", n=0)
            raise Failed("%s differs:\n%s" % (name, "\n".join(itertools.islice(lines, 20))))


class Funnel:
    """course-funnel under mpirun."""

    def __init__(self, build, meter, environment, duplicates):
        self.program = os.path.join(build, "course-funnel")
        self.duplicates = duplicates
        self.meter = meter
        self.environment = environment

    def generate(self, folder, events, share, form, ranks, *options):
        """Make a sample export; the same but for its form for equal numbers."""
        run(["mpirun", "--oversubscribe", "-n", str(ranks), self.program, "generate",
             "--out", folder, "--events", str(events), "--course-share", str(share),
             "--duplicates", str(self.duplicates), "--format", form, *options],
            env=self.environment)

    def rebuild(self, source, out, ranks, *options):
        """Rebuild the marts; the sample also says how long each phase took."""
        command = [self.program, "rebuild", "--from", source, "--to", out,
                   "--rejects", out + ".rejects", *options]
        text, sample = self.meter.run(command, ranks, ["mpirun"], env=self.environment)
        for phase in ("plan", "read", "reduce", "publish"):
            found = re.search(r"^  %s +[0-9.]+ +[0-9.]+ +([0-9.]+) " % phase, text, re.M)
            if found:
                sample[phase] = float(found.group(1))
        found = re.search(r" files in ([0-9,]+) splits", text)
        sample["splits"] = int(found.group(1).replace(",", "")) if found else 0
        return sample

    def start(self, source, out, ranks):
        """What mpirun, the start of the ranks and the plan take, with nothing read."""
        return self.rebuild(source, out, ranks, "--dry-run")

    def rounds(self, ranks, count, events):
        """Rounds of the exchange of so many ranks, which take turns on the cores there are."""
        program = os.path.join(os.path.dirname(self.program), "tests", "bench", "bench_rounds")
        environment = dict(self.environment, OMPI_MCA_mpi_yield_when_idle="1",
                           OMPI_MCA_hwloc_base_binding_policy="none")
        return json.loads(run(["mpirun", "--oversubscribe", "-n", str(ranks), program, str(count),
                               str(events)], env=environment))

    def record(self, out):
        return json.loads(read(os.path.join(out, "course_funnel_run.json")))

    def has_option(self, option):
        return option in run([self.program, "rebuild", "--help"], env=self.environment)


class DuckDB:
    """DuckDB in a process of its own. Its time leaves out the start of that process."""

    forms = ("struct", "json", "lines")

    def __init__(self, modules, meter, threads):
        self.command = ["node", os.path.join(HERE, "duckdb.cjs"), modules, str(threads)]
        self.meter = meter

    def run(self, files, names, *scripts):
        """Run SQL files with texts for their names."""
        texts = ["%s=%s" % (name, sql_text(text)) for name, text in names.items()]
        paths = sorted(glob.glob(os.path.join(glob.escape(files), "**", "*.json*"),
                                 recursive=True))
        if not paths:
            raise Failed("there are no files in %s" % files)
        pattern = os.path.join(os.path.dirname(paths[0]), "*.json*")
        out, sample = self.meter.run(
            self.command + ["files=" + sql_text(pattern)] + texts + [sql(name) for name in scripts])
        said = json.loads(out)
        sample["process_seconds"] = sample["seconds"]
        sample["seconds"] = said["seconds"]
        return said["rows"], sample

    def rebuild(self, files, out, form):
        os.makedirs(out, exist_ok=True)
        names = {"cohorts": os.path.join(out, COHORTS), "lessons": os.path.join(out, LESSONS)}
        return self.run(files, names, "duckdb_events_" + form, "duckdb_marts")[1]

    def rows_file(self, files, path):
        """Write a CSV file of what an events table would hold."""
        self.run(files, {"rows": path}, "duckdb_rows")

    def triples(self, files):
        """Triples, enrolments, users, lesson completions, and bytes of an event on the wire."""
        return self.run(files, {}, "duckdb_events_json", "duckdb_triples")[0][0]


def floor(program, form, processes, folder):
    """What only reads and scans, or only inflates."""
    return json.loads(run([program, form, str(processes), folder]))
