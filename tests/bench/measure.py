"""Run commands and say what they took."""
import json
import os
import subprocess
import sys
import tempfile

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """A command that the benchmark cannot go on without did not succeed."""


def run(command, **options):
    """Run a command to its end and return its standard output."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, **options)
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()[-15:]
        raise Failed("exit code %d of: %s\n%s"
                     % (done.returncode, " ".join(command), "\n".join(lines)))
    return done.stdout


def read_usage(path):
    with open(path) as file:
        return [json.loads(line) for line in file]


class Meter:
    """Runs commands under bench_usage."""

    def __init__(self, usage_program):
        self.program = usage_program

    def run(self, command, ranks=0, launcher=(), **options):
        """
        Run a command, with ranks by the launcher. Returns its output, and a sample: wall seconds,
        processor seconds of all its processes, and the peak resident bytes, of ranks their sum.
        """
        with tempfile.TemporaryDirectory(prefix="course-funnel-bench.") as folder:
            whole, each = os.path.join(folder, "whole"), os.path.join(folder, "each")
            line = [self.program, whole]
            if ranks:
                line += [*launcher, "-n", str(ranks), self.program, each]
            out = run(line + command, **options)
            usage = read_usage(whole)[0]
            parts = read_usage(each) if ranks else [usage]
            if len(parts) != max(ranks, 1):
                raise Failed("%d of %d ranks said what they took" % (len(parts), ranks))
            return out, {
                "seconds": usage["wall"],
                "cpu": usage["user"] + usage["system"],
                "peak_bytes": sum(part["peak_bytes"] for part in parts),
            }


def process_cpu(pid):
    """Processor seconds of a process and of those of its children that it has waited for."""
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[11:15]) / CLOCK_TICKS


def children(pid):
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open("/proc/%s/stat" % name) as file:
                    if int(file.read().rsplit(")", 1)[1].split()[1]) == pid:
                        found.append(int(name))
            except (FileNotFoundError, ProcessLookupError):
                pass
    return found


def family_cpu(pid):
    """As process_cpu, of a process and of its living children."""
    total = process_cpu(pid)
    for child in children(pid):
        try:
            total += process_cpu(child)
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total


def available_bytes():
    with open("/proc/meminfo") as file:
        for line in file:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    raise Failed("/proc/meminfo does not say how much memory is available")


def machine():
    """What the figures were measured on."""
    model = ""
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {"processor": model, "cores": os.cpu_count(), "memory_bytes": pages,
            "kernel": os.uname().release, "load": os.getloadavg()[0],
            "python": sys.version.split()[0]}
