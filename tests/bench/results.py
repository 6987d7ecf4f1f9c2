"""Samples -> ratios, fits and tables."""
from statistics import median


def middle(samples, name="seconds"):
    return median(sample[name] for sample in samples)


def ratio(theirs, ours, name="seconds"):
    """The ratio of medians, and the least and the most of the pairs."""
    each = [their[name] / our[name] for their, our in zip(theirs, ours)]
    return middle(theirs, name) / middle(ours, name), min(each), max(each)


def spread(values):
    return "%.2f× (%.2f to %.2f)" % values


def without_start(case, ranks):
    """Seconds of ours, the start and end of MPI left out."""
    return middle(case["ours"][ranks]) - median(case["start"][ranks])


def fit(points):
    """The line through (x, y) by least squares: what stands at 0, the slope, the worst miss."""
    count = len(points)
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    slope = (sum((x - mean_x) * (y - mean_y) for x, y in points)
             / sum((x - mean_x) ** 2 for x, _ in points))
    base = mean_y - slope * mean_x
    return base, slope, max(abs(y - base - slope * x) / y for x, y in points)


def case_name(case):
    return "%s, %d %% course events" % (case["format"], case["share"])


def case_line(case):
    text = "  ours %.3f s on 2 ranks, %.3f s on 1, start %.3f s, floor %.3f s" % (
        middle(case["ours"][2]), middle(case["ours"][1]), median(case["start"][2]),
        median(case["floor"]))
    if "duckdb" in case:
        text += ", DuckDB %.3f s: %s" % (middle(case["duckdb"]),
                                         spread(ratio(case["duckdb"], case["ours"][2])))
    return text


def postgres_line(case):
    return "  PostgreSQL, %d rows: ours %.3f s, SQL %.3f s: %s" % (
        case["table"]["rows"], middle(case["ours"][2]), middle(case["sql"]),
        spread(ratio(case["sql"], case["ours"][2])))


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def megabytes(count):
    return "%.0f" % (count / 1e6)


def against_duckdb(cases):
    rows = []
    for case in cases:
        ours, theirs = case["ours"][2], case["duckdb"]
        rows.append([
            case_name(case), "%.2f" % middle(ours), "%.2f" % middle(theirs),
            spread(ratio(theirs, ours)), "%.2f×" % (middle(theirs) / without_start(case, 2)),
            "%.2f / %.2f" % (middle(ours, "cpu"), middle(theirs, "cpu")),
            "%s / %s" % (megabytes(middle(ours, "peak_bytes")),
                         megabytes(middle(theirs, "peak_bytes"))),
            "%.2f×" % (1 / ratio(theirs, ours, "peak_bytes")[0]), case["duckdb_form"]])
    return table(["work", "ours, s", "DuckDB, s", "DuckDB / ours", "MPI's start left out",
                  "processor s, ours / DuckDB", "peak MB, ours / DuckDB", "memory, ours / DuckDB",
                  "fastest SQL"], rows)


def against_floor(cases):
    rows = []
    for case in cases:
        least, bytes_read = median(case["floor"]), case["record"]["bytes_read"]
        rows.append([
            case_name(case), "%.3f" % least, "%.3f" % middle(case["ours"][2]),
            "%.3f" % without_start(case, 2), "%.2f×" % (without_start(case, 2) / least),
            "%.2f×" % (middle(case["ours"][2]) / least),
            "%.2f" % (bytes_read / 1e9 / without_start(case, 2)),
            "%.2f" % (bytes_read / 1e9 / least)])
    return table(["work", "floor, s", "ours, s", "MPI's start left out, s",
                  "so left out / floor", "ours / floor", "GB/s of text, ours", "GB/s, floor"], rows)


def by_ranks(cases):
    rows = []
    for case in cases:
        rows.append([
            case_name(case), "%.3f" % middle(case["ours"][1]), "%.3f" % middle(case["ours"][2]),
            spread(ratio(case["ours"][1], case["ours"][2])),
            "%.2f×" % (without_start(case, 1) / without_start(case, 2)),
            "%.2f×" % (median(case["floor_alone"]) / median(case["floor"])),
            "%.0f / %.0f" % (middle(case["ours"][1], "peak_bytes") / 1e6,
                             middle(case["ours"][2], "peak_bytes") / 1e6),
            "%.3f / %.3f" % (median(case["start"][1]), median(case["start"][2]))])
    return table(["work", "1 rank, s", "2 ranks, s", "1 / 2", "MPI's start left out",
                  "floor, 1 / 2 processes", "peak MB, 1 / 2 ranks", "MPI's start, s, 1 / 2 ranks"], rows)


def against_sql(case):
    ours, theirs = case["ours"][2], case["sql"]
    return table(
        ["work", "ours, s", "SQL, s", "SQL / ours", "1 → 2 ranks", "processor s, ours / SQL",
         "fastest SQL"],
        [["%d rows, %s MB" % (case["table"]["rows"], megabytes(case["table"]["bytes"])),
          "%.2f" % middle(ours), "%.2f" % middle(theirs), spread(ratio(theirs, ours)),
          spread(ratio(case["ours"][1], ours)),
          "%.2f / %.2f" % (middle(ours, "cpu"), middle(theirs, "cpu")), case["sql_form"]]])


def growth(points):
    rows = []
    for point in points:
        rows.append([
            "%.3f" % (point["record"]["bytes_read"] / 1e9), "%d" % point["triples"],
            "%d" % point["completions"], "%.3f" % middle(point["ours"][2]),
            megabytes(middle(point["ours"][1], "peak_bytes")),
            megabytes(middle(point["ours"][2], "peak_bytes"))])
    text = table(["GB of text", "triples", "completions of lessons", "2 ranks, s", "1 rank, MB",
                  "2 ranks, MB"], rows)
    base, slope, miss = fit([(point["record"]["bytes_read"], middle(point["ours"][2]))
                             for point in points])
    text += "\nTime on 2 ranks: %.3f s + %.3f s a GB of text, at most %.1f %% off.\n" % (
        base, slope * 1e9, 100 * miss)
    for ranks in (1, 2):
        base, slope, miss = fit([(point["triples"], middle(point["ours"][ranks], "peak_bytes"))
                                 for point in points])
        text += "Memory on %d rank%s: %.1f MB + %.0f bytes a triple, at most %.1f %% off.\n" % (
            ranks, "s" * (ranks > 1), base / 1e6, slope, 100 * miss)
    return text


def night_without_start(case, ranks):
    """Processor seconds of nights and of reading all, MPI's start and a `stat` a file left out."""
    start = middle(case["start"][ranks], "cpu")
    return ([sample["cpu"] - start - median(case["stat"]) for sample in case["night"][ranks]],
            [sample["cpu"] - start for sample in case["all"][ranks]])


def nights_line(case):
    night, every = night_without_start(case, 1)
    return "  a night of %d files beside %d: %.3f s of a processor, all %.3f s, start left out" % (
        case["new_files"], case["files"], median(night), median(every))


def nights(cases):
    rows = []
    for case in cases:
        for ranks in (1, 2):
            every, night = middle(case["all"][ranks], "cpu"), middle(case["night"][ranks], "cpu")
            own = [whole / part for part, whole in zip(*night_without_start(case, ranks))]
            duckdb = middle(case["duckdb"], "cpu") if case["duckdb"] else 0
            rows.append([
                "%s, %.0f MB, %d files" % (case_name(case), case["disk_bytes"] / 1e6,
                                           case["files"] + case["new_files"]),
                "%d" % ranks, "%.2f / %.2f / %.2f" % (duckdb, every, night),
                "%.2f + %.3f" % (middle(case["start"][ranks], "cpu"), median(case["stat"])),
                "%.1f× (%.1f to %.1f)" % (median(own), min(own), max(own)),
                "%.1f×" % (every / night), "%.0f×" % (duckdb / night) if duckdb else "",
                "%.1f" % (case["state_bytes"] / 1e6),
                " / ".join(megabytes(middle(case[name][ranks], "peak_bytes"))
                           for name in ("night", "all", "start")),
                "%s / %s" % (case.get("opened_old", "?"), case.get("opened_new", "?"))])
    return table(["history", "ranks", "processor s, DuckDB all / all / night",
                  "MPI's start + a `stat` a file", "all / night, these left out",
                  "all / night", "DuckDB / night", "state, MB",
                  "peak MB, night / all / start", "old / new files opened"], rows)


def scale(found):
    """The slopes that model/model.py reckons with."""
    splits = found["splits"]
    _, memory, _ = fit([(point["splits"], point["peak_bytes"]) for point in splits])
    _, plan, _ = fit([(point["splits"], point["plan"]) for point in splits])
    rows = found["rows"]["cohort_rows"] + found["rows"]["lesson_rows"]
    text = "A split: %.0f bytes on every rank, %.2f µs of the plan.\n" % (memory, plan * 1e6)
    text += "%d rows of marts: reduced in %.3f s, published as CSV in %.3f s.\n" % (
        rows, found["rows"]["reduce"], found["rows"]["publish"])
    for point in found["rounds"]:
        text += "A round of %d ranks on this machine, little to send: %.0f µs.\n" % (
            point["ranks"], 1e6 * point["seconds"] / point["rounds"])
    return text


def markdown(found):
    """All that was found, as Markdown."""
    machine = found["machine"]
    parts = ["# What course-funnel takes, beside others\n",
             "%s, %d cores, %.0f GB, Linux %s; load %.1f at the beginning. %d events, %d pairs in "
             "turn. 2 cores for each engine, input in memory.\n" % (
                 machine["processor"], machine["cores"], machine["memory_bytes"] / 1e9,
                 machine["kernel"], machine["load"], found["events"], found["pairs"])]
    cases = found["cases"]
    compared = [case for case in cases if "duckdb" in case]
    if compared:
        parts += ["## Against DuckDB, on 2 ranks\n", against_duckdb(compared)]
    if "postgres" in found:
        parts += ["## Against SQL in the same PostgreSQL, on 2 ranks\n",
                  against_sql(found["postgres"])]
    if cases:
        parts += ["## Against the floor, on 2 ranks\n", against_floor(cases),
                  "## By ranks\n", by_ranks(cases)]
    if "growth" in found:
        parts += ["## As the work grows\n", growth(found["growth"])]
    if found.get("nights"):
        parts += ["## A night of 1/365\n", nights(found["nights"])]
    if "scale" in found:
        parts += ["## At scale\n", scale(found["scale"])]
    if found["left_out"]:
        parts += ["## Left out\n", "".join("- %s\n" % what for what in found["left_out"])]
    parts.append(
        "Times and ratios are medians, in brackets the least and most of a pair. Ours is the whole "
        "of `mpirun`; DuckDB's time leaves out the start of its process. MPI's start is that of "
        "`rebuild --dry-run` of one line. Peak memory is the largest resident set, of ranks the "
        "sum (getrusage).\n")
    return "\n".join(parts)
