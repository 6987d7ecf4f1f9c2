#!/usr/bin/env python3
"""Run a command on a terminal of its own; what it shows goes to standard output, byte for byte.

usage: terminal.py COMMAND...

Leaves with the command's exit code.
"""
import os
import pty
import sys


def main(command):
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    while True:
        try:
            shown = os.read(terminal, 65536)
        except OSError:  # The command has ended.
            break
        if not shown:
            break
        sys.stdout.buffer.write(shown)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) % 256)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
