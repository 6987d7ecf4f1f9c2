#!/usr/bin/env python3
"""Write folders of good files with one bad file in the midst.

usage: bad_input.py OUT

Each folder OUT/NAME has good files and one whose name begins with `bad`.
"""
import gzip
import io
import os
import sys
import zipfile

from events import STARTED, event, line


def good_lines(first, count):
    return b"".join(line(event(STARTED, f"u{n}", 1, n % 5)) + b"\n"
                    for n in range(first, first + count))


def zipped(entries, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0)), data, method)
    return bytearray(out.getvalue())


def flipped(data, position):
    data = bytearray(data)
    data[position] ^= 0x10
    return data


def main(out):
    text = good_lines(1000, 4000)
    packed = gzip.compress(text, mtime=0)
    other = gzip.compress(good_lines(9000, 500), mtime=0)
    archive = zipped([("p/1.json", text), ("p/2.json.gz", other)])
    bomb = b"".join(b'{"event_type":"x%d"}\n' % (n % 10) for n in range(100)) * 30_000
    encrypted = bytearray(archive)
    for mark, flags in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)]:
        encrypted[encrypted.find(mark) + flags] |= 1

    bad = {
        "gzip_cut_in_data": ("bad.json.gz", packed[:len(packed) // 2]),
        "gzip_cut_in_trailer": ("bad.json.gz", packed[:-3]),
        "gzip_cut_in_header": ("bad.json.gz", packed[:7]),
        "gzip_cut_in_second_member": ("bad.json.gz", packed + other[:-20]),
        "gzip_flipped_in_data": ("bad.json.gz", flipped(packed, len(packed) // 2)),
        "gzip_flipped_in_checksum": ("bad.json.gz", flipped(packed, len(packed) - 6)),
        "gzip_flipped_in_length": ("bad.json.gz", flipped(packed, len(packed) - 2)),
        "gzip_with_rubbish_behind": ("bad.json.gz", packed + b"some rubbish"),
        "zip_cut_in_data": ("bad.zip", archive[:len(archive) // 2]),
        "zip_cut_in_directory": ("bad.zip", archive[:-10]),
        "zip_flipped_in_data": ("bad.zip", flipped(archive, len(archive) // 3)),
        "zip_entry_gzip_cut": ("bad.zip", zipped([("p/1.json.gz", packed[:-100])])),
        "zip_encrypted": ("bad.zip", encrypted),
        "zip_in_zip": ("bad.zip", zipped([("inner.zip", bytes(archive))])),
        "gzip_bomb": ("bad.json.gz", gzip.compress(bomb, mtime=0)),
        "zip_bomb": ("bad.zip", zipped([("1.json", bomb)])),
        "nested_bomb": ("bad.zip", zipped([("1.json.gz", gzip.compress(bomb * 4, mtime=0))])),
        "zstd": ("bad.json.zst", b"\x28\xb5\x2f\xfd\x04\x00" + b"\0" * 100),
        "xz": ("bad.json.xz", b"\xfd7zXZ\0\0\x04" + b"\0" * 100),
        "bzip2": ("bad.json.bz2", b"BZh91AY&SY" + b"\0" * 100),
        "line_too_long": ("bad.json", good_lines(0, 10) + b'{"a":"' + b"x" * 3_000_000 + b'"}\n'),
    }
    for name, (file_name, data) in bad.items():
        folder = os.path.join(out, name)
        os.makedirs(folder)
        for good, first in [("a.json", 0), ("zz.json", 500)]:
            with open(os.path.join(folder, good), "wb") as file:
                file.write(good_lines(first, 500))
        with open(os.path.join(folder, file_name), "wb") as file:
            file.write(data)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
