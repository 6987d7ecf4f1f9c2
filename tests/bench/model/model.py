#!/usr/bin/env python3
"""
What a very large rebuild would take, reckoned from a run of the benchmark.

usage: model.py RESULTS.json [OPTIONS]

RESULTS.json is what run.sh wrote with the parts files, growth and scale. Rates and sizes come
from there, limits of rounds and groups from the program's own headers; what no benchmark of one
machine can know is an option, marked as assumed where it is printed. Every figure takes the
history to be more of the same: more users, with as many events each.
"""
import argparse
import json
import math
import os
import re
import sys
from statistics import median

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
TALLY_BYTES = 56  # struct tally_record, tally.h

sys.path.insert(0, os.path.join(TOP, "tests", "bench"))
sys.dont_write_bytecode = True
from results import fit, middle  # noqa: E402  (it stands beside run.sh)


def constant(header, name):
    """A number that a header defines."""
    with open(os.path.join(TOP, "include", "course_funnel", header)) as file:
        found = re.search(r"#define %s \(?(?:\(\w+\))?(\d+)(?: << (\d+))?" % name, file.read())
    return int(found.group(1)) << int(found.group(2) or 0)


def read_figures(path, share):
    """What the model needs of a run of the benchmark."""
    with open(path) as file:
        found = json.load(file)
    for part in ("cases", "growth", "scale"):
        if not found.get(part):
            sys.exit("model.py: %s has no %s: run run.sh with --parts files,growth,scale"
                     % (path, part))
    cases = {case["format"]: case for case in found["cases"] if case["share"] == share}
    if set(cases) < {"plain", "gzip"}:
        sys.exit("model.py: %s has no plain and gzip case of %d %%" % (path, share))
    plain, packed = cases["plain"], cases["gzip"]
    record, last, scale = plain["record"], found["growth"][-1], found["scale"]
    text = record["bytes_read"]
    rows = scale["rows"]
    row_count = rows["cohort_rows"] + rows["lesson_rows"]
    _, triple_bytes, _ = fit([(point["triples"], middle(point["ours"]["1"], "peak_bytes"))
                              for point in found["growth"]])
    _, split_bytes, _ = fit([(point["splits"], point["peak_bytes"]) for point in scale["splits"]])
    return {
        "events": found["events"],
        "plain_rate": text / 2 / middle(plain["ours"]["2"], "read"),
        "gzip_rate": packed["record"]["bytes_read"] / 2 / middle(packed["ours"]["2"], "read"),
        "packed": packed["disk_bytes"] / packed["record"]["bytes_read"],
        "line": text / record["lines_read"],
        "kept": record["kept"] / text,
        "wire": last["wire_bytes"],
        "triples": last["triples"] / last["record"]["kept"],
        "triple_bytes": triple_bytes,
        "split_bytes": split_bytes,
        "row_reduce": rows["reduce"] / row_count,
        "row_publish": rows["publish"] / row_count,
        # Of ranks that share the cores: the processor seconds of one pair of ranks in one round.
        "pair": min(2 * point["seconds"] / point["rounds"] / point["ranks"] ** 2
                    for point in scale["rounds"] if point["ranks"] > 2),
    }


def reckon(measured, options):
    """The figures of one large run."""
    ranks, text = options.ranks, options.text
    group_count = constant("key_group.h", "KEY_GROUPS")
    round_text = min(constant("ingest.h", "INGEST_ROUND_BYTES"),
                     constant("exchange.h", "EXCHANGE_BUDGET_BYTES")
                     / measured["kept"] / measured["wire"])
    events = text * measured["kept"]
    triples = events * measured["triples"]
    files = text / options.file_text
    splits = files * math.ceil(options.file_text / options.range_bytes)
    rows = options.courses * options.weeks * (1 + options.lessons)
    # Groups are whole: the fullest rank has one more than others where they do not divide evenly.
    uneven = math.ceil(group_count / ranks) / (group_count / ranks)
    round_seconds = round_text / measured["plain_rate"]
    return {
        "read": text / ranks / measured["plain_rate"],
        "read_packed": text / ranks / measured["gzip_rate"],
        "events": events, "triples": triples, "files": files, "splits": splits, "rows": rows,
        "uneven": uneven,
        "storage": measured["plain_rate"] * ranks,
        "storage_packed": measured["gzip_rate"] * ranks * measured["packed"],
        "exchange": events * measured["wire"] * (ranks - 1) / ranks,
        "rounds": text / ranks / round_text,
        "round_seconds": round_seconds,
        "message_bytes": round_text * measured["kept"] * measured["wire"] / ranks,
        "round_cost": measured["pair"] * ranks,
        "state": triples * measured["triple_bytes"],
        "list_bytes": splits * measured["split_bytes"],
        "open": files * options.open_ms / 1000,
        "reduce": rows * measured["row_reduce"] + math.ceil(math.log2(ranks)) * rows
        * TALLY_BYTES / options.link,
        "publish": rows * measured["row_publish"],
        "manifest": files * options.input_bytes,
        "checkpoint_bandwidth": triples * measured["triple_bytes"] / options.checkpoint_seconds,
    }


def night(measured, options):
    """The figures of a night that goes on from the history of reckon()."""
    found = reckon(measured, options)
    each = found["state"] / options.ranks * found["uneven"]
    fixed = {
        "load": max(each / options.load_rate, found["state"] / options.storage),
        "save": max(each / options.save_rate, found["state"] / options.storage),
        "stat": found["files"] / options.ranks * options.stat_ms / 1000,
        "names": found["files"] * options.name_us / 1e6,
        "sums": found["reduce"] + found["publish"],
    }
    for form, packed in (("plain", 1), ("gzip", measured["packed"])):
        rate = measured[form + "_rate"] * options.ranks
        whole = max(options.text / rate, options.text * packed / options.storage)
        fixed[form] = whole / options.nights
        fixed["whole_" + form] = whole + found["open"] + fixed["sums"]
    fixed["besides"] = sum(fixed[name] for name in ("load", "save", "stat", "names", "sums"))
    return fixed


def night_rows(measured, options):
    found = night(measured, options)
    return [
        "| a night of 1/%d | reading %.3g s plain, %.3g s gzip; loading the state %.3g s, "
        "saving it %.3g s; a look at old files %.3g s on all ranks (%g ms each assumed) |" % (
            options.nights, found["plain"], found["gzip"], found["load"], found["save"],
            found["stat"], options.stat_ms),
        "| its rank 0 alone | %.3g s for names of old files (%g µs each), %.3g s for sums and "
        "publishing |" % (found["names"], options.name_us, found["sums"]),
        "| it takes in all | %.3g s plain, %.3g s gzip; reading all on this storage %.3g s and "
        "%.3g s |" % (found["besides"] + found["plain"], found["besides"] + found["gzip"],
                      found["whole_plain"], found["whole_gzip"]),
    ]


def limits(measured, options):
    """(what breaks, at how much text or how many ranks), the options held otherwise."""
    found = reckon(measured, options)
    share = found["round_cost"] / found["round_seconds"]
    rank_memory = options.node_memory / options.node_ranks
    split_memory = found["list_bytes"] + found["state"] / options.ranks * found["uneven"]
    return [
        ("storage: the ranks together take more than it gives (%.0f GB/s assumed)"
         % (options.storage / 1e9),
         "%.0f ranks plain, %.0f gzip" % (options.storage / measured["plain_rate"],
                                          options.storage / measured["gzip_rate"]
                                          / measured["packed"])),
        ("rounds: as long for messages to all ranks as for reading",
         "%.0f ranks" % (options.ranks / share)),
        ("rank 0 alone: opening every file takes as long as reading them all (%g ms each assumed)"
         % options.open_ms,
         "files of %.0f MB of text, on these ranks" % (
             options.ranks * measured["plain_rate"] * options.open_ms / 1e9)),
        ("memory: state and list of splits fill a rank's share (%.1f GB assumed)"
         % (rank_memory / 1e9), "%.0f TB" % (options.text / 1e12 * rank_memory / split_memory)),
        ("memory: the list of splits alone", "%.0f TB" % (
            options.text / 1e12 * rank_memory / found["list_bytes"])),
        ("rank 0 alone: publishing takes as long as reading",
         "%.3g rows" % (found["read"] / measured["row_publish"])),
    ]


def size(count):
    for unit in ("", "k", "M", "G", "T"):
        if abs(count) < 1000:
            return "%.3g %sB" % (count, unit)
        count /= 1000
    return "%.3g PB" % count


def report(measured, options):
    found = reckon(measured, options)
    each = found["state"] / options.ranks
    lines = [
        "%d ranks, %s of text (%s as gzip), %d ranks a node" % (
            options.ranks, size(options.text), size(options.text * measured["packed"]),
            options.node_ranks),
        "measured on %d events: %s/s of text a rank plain, %s/s gzip; %.0f bytes a line; a course "
        "event in %.0f bytes, %.0f bytes on the wire, %.2f triples; %.0f bytes a triple, %.0f a "
        "split; %.1f µs of a processor for a pair of ranks and a round" % (
            measured["events"], size(measured["plain_rate"]), size(measured["gzip_rate"]),
            measured["line"], 1 / measured["kept"], measured["wire"], measured["triples"],
            measured["triple_bytes"], measured["split_bytes"], measured["pair"] * 1e6),
        "",
        "| | |",
        "|---|---|",
        "| reading, were nothing in the way | %.0f s plain, %.0f s gzip |"
        % (found["read"], found["read_packed"]),
        "| that storage would have to give | %s/s plain, %s/s gzip |"
        % (size(found["storage"]), size(found["storage_packed"])),
        "| exchange | %.3g course events, %s between ranks, %s/s a rank |" % (
            found["events"], size(found["exchange"]),
            size(found["exchange"] / options.ranks / found["read"])),
        "| rounds | %.0f of %.1f ms of reading each, %s a message; messages add %.1f ms |" % (
            found["rounds"], found["round_seconds"] * 1e3, size(found["message_bytes"]),
            found["round_cost"] * 1e3),
        "| state | %.3g triples, %s, %s a rank, %s on the fullest |" % (
            found["triples"], size(found["state"]), size(each), size(each * found["uneven"])),
        "| a checkpoint | %s; to write it in %.0f s storage must take %s/s |" % (
            size(found["state"]), options.checkpoint_seconds,
            size(found["checkpoint_bandwidth"])),
        "| its manifest | %s of names of %.0f files (%d bytes each assumed) |"
        % (size(found["manifest"]), found["files"], options.input_bytes),
        "| list of splits | %.3g splits, %s on every rank, %s a node |" % (
            found["splits"], size(found["list_bytes"]),
            size(found["list_bytes"] * options.node_ranks)),
        "| rank 0, list | %.0f files, %.0f s to open (%g ms each assumed) |"
        % (found["files"], found["open"], options.open_ms),
        "| reduction | %.3g records, %s; %.2f s up %d levels (%s/s assumed) |" % (
            found["rows"], size(found["rows"] * TALLY_BYTES), found["reduce"],
            math.ceil(math.log2(options.ranks)), size(options.link)),
        "| rank 0, publishing | %.1f s |" % found["publish"],
        *night_rows(measured, options),
        "",
        "| what breaks | at |",
        "|---|---|",
    ]
    lines += ["| %s | %s |" % limit for limit in limits(measured, options)]
    return "\n".join(lines) + "\n"


def parse(arguments):
    parser = argparse.ArgumentParser(
        description="What a very large rebuild would take, reckoned from a run of the benchmark.")
    add = parser.add_argument
    add("results", help="JSON file of run.sh with the parts files, growth and scale")
    add("--share", type=int, default=30, help="per cent of course events: a case of the run (30)")
    add("--ranks", type=int, default=1000, help="(1000)")
    add("--text", type=float, default=100e12, help="bytes of text, inflated (100e12)")
    add("--node-ranks", type=int, default=64, help="ranks on a node (64)")
    add("--node-memory", type=float, default=256e9, help="bytes of memory of a node (256e9)")
    add("--file-text", type=float, default=170e6,
        help="bytes of text in a file (170e6: 100,000 lines)")
    add("--range-bytes", type=float, default=16 << 20, help="as rebuild's (16777216)")
    add("--courses", type=int, default=1000, help="(1000)")
    add("--weeks", type=int, default=260, help="cohorts of each course (260)")
    add("--lessons", type=int, default=20, help="of each course (20)")
    add("--storage", type=float, default=100e9, help="bytes/s of the file system (100e9)")
    add("--link", type=float, default=1e9, help="bytes/s between two ranks (1e9)")
    add("--open-ms", type=float, default=0.5, help="to look at and open a file (0.5)")
    add("--input-bytes", type=int, default=90, help="bytes of a manifest for a file (90)")
    add("--checkpoint-seconds", type=float, default=60, help="that a checkpoint may take (60)")
    add("--nights", type=int, default=365, help="nights that make the history (365)")
    add("--load-rate", type=float, default=1e9, help="bytes/s of state a rank loads (1e9)")
    add("--save-rate", type=float, default=8e8, help="bytes/s of state a rank saves (8e8)")
    add("--stat-ms", type=float, default=0.5, help="to look a file up by name (0.5)")
    add("--name-us", type=float, default=6, help="of rank 0 for the name of an old file (6)")
    return parser.parse_args(arguments)


def main(arguments):
    options = parse(arguments)
    print(report(read_figures(options.results, options.share), options), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
