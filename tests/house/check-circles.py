#!/usr/bin/env python3
"""No files of src need each other: of two that would, one is split, or a third has what they share.

usage: check-circles.py LIBRARY...   (the static libraries of all layers, as built)

A file needs another when it uses a symbol that the other defines. Files that reach each other, over
however many others, are a circle.
"""
import collections
import subprocess
import sys

defined_in, used_by = {}, collections.defaultdict(set)
for library in sys.argv[1:]:
    for line in subprocess.run(["nm", "-A", "-g", library], check=True, capture_output=True,
                               text=True).stdout.splitlines():
        where, *_, kind, symbol = line.split()
        file = where.split(":")[1].removesuffix(".o")
        if kind in "Uwv":
            used_by[file].add(symbol)
        else:
            defined_in[symbol] = file
needs = {file: sorted({defined_in[symbol] for symbol in symbols if symbol in defined_in} - {file})
         for file, symbols in used_by.items()}


def reached_from(file):
    reached, left = set(), [file]
    while left:
        for other in needs.get(left.pop(), ()):
            if other not in reached:
                reached.add(other)
                left.append(other)
    return reached


reach = {file: reached_from(file) for file in needs}
circles = {tuple(sorted({file} | {other for other in reach[file] if file in reach.get(other, ())}))
           for file in needs if file in reach[file]}
for circle in sorted(circles):
    print("circle:", *circle, file=sys.stderr)
    for file in circle:
        for other in needs[file]:
            if other in circle:
                symbols = sorted(s for s in used_by[file] if defined_in.get(s) == other)
                print(f"  {file} needs {other} for {', '.join(symbols)}", file=sys.stderr)
print(f"{len(sys.argv) - 1} libraries, {len(needs)} files, {len(circles)} circles")
sys.exit(1 if circles or len(needs) < 100 else 0)
