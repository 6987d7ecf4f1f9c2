"""PostgreSQL: a server of the benchmark's own, the events table, and the marts by SQL."""
import os
import re
import time

from engines import COHORTS, HERE, LESSONS, sql
from measure import Failed, family_cpu, run

SCRIPT = os.path.join(HERE, "..", "..", "jobs", "local-postgres.sh")
PARALLEL = ["set parallel_setup_cost = 0", "set parallel_tuple_cost = 0",
            "set min_parallel_table_scan_size = 0"]
SESSION = ["set timezone = 'UTC'", "set work_mem = '1GB'", "set jit = off"]


class Postgres:
    """The table and both forms of SQL, each alone and with one or two parallel workers."""

    forms = [(events, workers) for events in ("distinct", "union") for workers in (0, 1, 2)]

    def __init__(self, folder):
        self.folder = folder
        self.environment = dict(os.environ)

    def start(self, shared_bytes):
        """Start a server whose buffers hold the whole table. Returns why there is none, or None."""
        self.environment["COURSE_FUNNEL_POSTGRES_FSYNC"] = "off"
        try:
            self.control("start")
        except Failed as failed:
            if "no PostgreSQL server is installed" in str(failed):
                return "no server is installed (jobs/install-deps.sh)"
            raise
        text = self.control("env")
        for name, value in re.findall(r"(PG[A-Z]+)=(\S+)", text):
            self.environment[name] = value
        megabytes = max(128, shared_bytes >> 20)
        self.psql("-c", "alter system set shared_buffers = '%dMB'" % megabytes,
                  "-c", "alter system set max_wal_size = '8GB'")
        self.control("stop")
        self.control("start")
        return None

    def control(self, verb):
        return run([SCRIPT, verb, self.folder], env=self.environment)

    def remove(self):
        self.control("remove")

    def psql(self, *arguments):
        return run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", *arguments], env=self.environment)

    def load(self, rows):
        """Fill the events table from a CSV file, in UTC, and bring it into the buffers."""
        self.psql("-f", sql("postgres_table"))
        self.psql("-c", "set timezone = 'UTC'",
                  "-c", "\\copy raw_amplitude.events from '%s' csv" % rows)
        self.psql("-c", "create extension if not exists pg_prewarm",
                  "-c", "vacuum (analyze, freeze) raw_amplitude.events",
                  "-c", "select pg_prewarm('raw_amplitude.events')")
        return {"rows": int(self.psql("-c", "select count(*) from raw_amplitude.events")),
                "bytes": int(self.psql("-c",
                                       "select pg_total_relation_size('raw_amplitude.events')")),
                "version": self.psql("-c", "show server_version").strip()}

    def postmaster(self):
        path = self.psql("-c", "show data_directory").strip()
        with open(os.path.join(path, "postmaster.pid")) as file:
            return int(file.readline())

    def timed(self, action):
        """The sample of an action, with the processor seconds of the server in it."""
        pid = self.postmaster()
        before = family_cpu(pid)
        began = time.monotonic()
        sample = action() or {}
        sample.setdefault("seconds", time.monotonic() - began)
        # A backend goes a moment after its client, and only then counts as waited for.
        time.sleep(0.2)
        sample["cpu"] = sample.get("cpu", 0) + family_cpu(pid) - before
        return sample

    def rebuild(self, out, form):
        """The marts by SQL, as CSV files."""
        events, workers = form
        os.makedirs(out, exist_ok=True)
        settings = SESSION + ["set max_parallel_workers_per_gather = %d" % workers]
        if workers:
            settings += PARALLEL
        command = [part for setting in settings for part in ("-c", setting)]
        command += ["-f", sql("postgres_events_" + events), "-f", sql("postgres_marts")]
        # A server that runs as another user cannot write here: psql writes what the server sends.
        command += ["-c", "\\copy (select * from mart_cohorts) to '%s' (format csv, header)"
                    % os.path.join(out, COHORTS),
                    "-c", "\\copy (select * from mart_lessons) to '%s' (format csv, header)"
                    % os.path.join(out, LESSONS)]
        return self.timed(lambda: self.psql(*command) and None)
