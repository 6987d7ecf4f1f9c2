#!/usr/bin/env python3
"""Print the lines of files as text that COPY takes: source, position, bytes in hex.

usage: load.py FILE...

A file is read as it is, or through gzip or zip when its magic bytes say so. Lines end with a
newline byte; the last may lack it. No other byte means anything here.
"""
import gzip
import sys
import zipfile


def texts(path):
    with open(path, "rb") as file:
        data = file.read()
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if entry.is_dir():
                    continue
                inner = archive.read(entry)
                yield f"{path}!{entry.filename}", gunzip(inner)
    else:
        yield path, gunzip(data)


def gunzip(data):
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def main(paths):
    for path in paths:
        for name, data in texts(path):
            position = 0
            lines = data.split(b"\n")
            if lines[-1] == b"":
                lines.pop()
            for line in lines:
                sys.stdout.write(f"{name}\t{position}\t\\\\x{line.hex()}\n")
                position += len(line) + 1


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
