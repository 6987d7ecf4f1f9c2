#!/usr/bin/env python3
"""Follow a job's log and cut the power of its file system.

usage: power.py FOLDER LOG SECONDS checkpoint|any SEED

FOLDER is where the file system is mounted: it is shut down as by a power cut, what is not on the
disk is lost. That happens at a random moment within so many seconds after the log has grown by its
first line, or at once after a checkpoint was announced in it, the first one after that moment. Says
what was announced until then: its last checkpoint, `published`, or `nothing`.
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
    device = os.open(folder, os.O_RDONLY)
    cut = struct.pack("I", NO_LOG_FLUSH)
    with open(log, "rb") as file:
        text = b""
        while not text:
            text += file.read()
            time.sleep(0.001)
        moment = time.monotonic() + random.uniform(0, float(seconds))
        before = None
        while True:
            text += file.read()
            late = time.monotonic() >= moment
            if late and mode == "any":
                break
            if late and before is None:
                before = promised(text)
            if late and promised(text) != before:
                break
            time.sleep(0.0005)
        fcntl.ioctl(device, SHUTDOWN, cut)
        # Only what was announced before the cut counts.
    print(promised(text))


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
