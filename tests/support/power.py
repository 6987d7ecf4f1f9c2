#!/usr/bin/env python3
"""Follow a job's log and cut the power of its file system.

usage: power.py FOLDER LOG SECONDS any|checkpoint|published SEED

FOLDER is where the file system is mounted: it is shut down as by a power cut, and what is not on
the disk is lost. That happens at a random moment of the next so many seconds (any), or as soon as
after that moment a checkpoint is announced in the log (checkpoint), or as soon as the job says that
it has published (published). Prints what the job had announced when its power was cut: its last
checkpoint, `published`, or `nothing`.
"""
import fcntl
import os
import random
import re
import struct
import sys
import time

SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN, as xfs_io -x -c shutdown
NO_LOG_FLUSH = 2

ANNOUNCED = re.compile(rb": checkpoint (generation-\d+-\d+): ")


def promised(text):
    if b"\nPublished to " in text:
        return "published"
    names = ANNOUNCED.findall(text)
    return names[-1].decode() if names else "nothing"


def main(folder, log, seconds, mode, seed):
    random.seed(int(seed))
    moment = time.monotonic() + random.uniform(0, float(seconds))
    device = os.open(folder, os.O_RDONLY)
    cut = struct.pack("I", NO_LOG_FLUSH)
    text = b""
    before = None  # what was promised at that moment
    with open(log, "rb") as file:
        while True:
            text += file.read()
            now = promised(text)
            if now == "published":
                break
            if time.monotonic() >= moment and mode != "published":
                before = before or now
                if mode == "any" or now != before:
                    break
            time.sleep(0.0005)
    fcntl.ioctl(device, SHUTDOWN, cut)
    print(now)


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
