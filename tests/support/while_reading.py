#!/usr/bin/env python3
"""Do something at the very time that a rank is in the midst of reading a file.

usage: while_reading.py PROGRAM MARK FILE ACTION

Waits until a process of PROGRAM with MARK in its arguments has FILE open and has read a MiB since
it was first seen so. Then all such processes are stopped, the shell carries out ACTION with their
ids in PID_0, PID_1, ... by rank, and they go on. Fails when that does not come about in a minute,
or when ACTION fails; with TOO_LATE when the job was over before, on a machine that is busy.
"""
import os
import signal
import subprocess
import sys
import time

TOO_LATE = 75


def ranks_of(program, mark):
    """The processes of the job as {rank: pid}, or none while not all of its ranks have begun."""
    found = {}
    size = 1
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            if os.readlink(f"/proc/{name}/exe") != program:
                continue
            with open(f"/proc/{name}/cmdline", "rb") as file:
                if mark.encode() not in file.read():
                    continue
            with open(f"/proc/{name}/environ", "rb") as file:
                for entry in file.read().split(b"\0"):
                    if entry.startswith(b"OMPI_COMM_WORLD_RANK="):
                        found[int(entry.split(b"=")[1])] = int(name)
                    elif entry.startswith(b"OMPI_COMM_WORLD_SIZE="):
                        size = int(entry.split(b"=")[1])
        except (OSError, ValueError):
            continue
    return found if len(found) == size else {}


def has_open(pid, path):
    folder = f"/proc/{pid}/fd"
    try:
        return any(os.readlink(f"{folder}/{fd}") == path for fd in os.listdir(folder))
    except OSError:
        return False


def bytes_read(pid):
    try:
        with open(f"/proc/{pid}/io") as file:
            return int(file.readline().split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def wait_for_reader(program, mark, path):
    first = {}
    ranks = {}
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if not ranks:
            ranks = ranks_of(program, mark)
            time.sleep(0.005)
        for pid in ranks.values():
            if has_open(pid, path):
                now = bytes_read(pid)
                if now - first.setdefault(pid, now) > 1 << 20:
                    return ranks
        if ranks and not any(os.path.exists(f"/proc/{pid}") for pid in ranks.values()):
            print(f"the job ended before it was seen reading {path}", file=sys.stderr)
            sys.exit(TOO_LATE)
        time.sleep(0.0005)
    sys.exit(f"nobody was seen reading {path} within a minute")


def main(program, mark, path, action):
    ranks = wait_for_reader(os.path.realpath(program), mark, path)
    for pid in ranks.values():
        os.kill(pid, signal.SIGSTOP)
    environment = dict(os.environ, **{f"PID_{rank}": str(pid) for rank, pid in ranks.items()})
    try:
        done = subprocess.run(["bash", "-c", action], env=environment).returncode
    finally:
        for pid in ranks.values():
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                pass
    sys.exit(done)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
