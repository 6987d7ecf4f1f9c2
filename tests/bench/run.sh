#!/usr/bin/env bash
# The benchmark: course-funnel beside DuckDB, PostgreSQL and the least that could do.
set -euo pipefail

DUCKDB_VERSION=1.5.6-r.1

usage() {
    cat <<'TEXT'
usage: tests/bench/run.sh [OPTIONS]

Builds course-funnel, makes sample exports, and runs it and others on the same files, in turn, on 2
cores each. Checks that all compute the same marts, byte for byte, and prints a table.
  --size SIZE      full: 8 M events or as many as memory holds (default); small: some thousand,
                   once, only to see that all of it runs and agrees
  --events N       so many events
  --shares LIST    per cent of course events (30,5,100)
  --formats LIST   of the files (plain,gzip)
  --pairs N        runs of each, in turn (5)
  --parts LIST     of: files (DuckDB, the floor, ranks), postgres, growth, scale, nights (all)
  --data DIR       where the exports live while they are measured (/dev/shm)
  --out FILE       the table, as Markdown (tests/bench/RESULTS.md for full, else none)
  --json FILE      every measured figure; model/model.py reads it (BUILD/bench/results.json)
  --build DIR      a build of course-funnel to take; without it build/release is made
  --no-install     install no Debian packages
The npm package @duckdb/node-api goes to BUILD/bench/duckdb.
TEXT
}

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
build=
install=yes
size=full
out=
json=
rest=()
while [ $# -gt 0 ]; do
    case $1 in
    --help) usage; exit 0 ;;
    --no-install) install=; shift; continue ;;
    --build | --data | --events | --formats | --json | --out | --pairs | --parts) ;;
    --shares | --size) ;;
    *) usage >&2; exit 2 ;;
    esac
    [ $# -ge 2 ] || { usage >&2; exit 2; }
    case $1 in
    --build) build=$(cd "$2" && pwd) ;;
    --out) out=$2 ;;
    --json) json=$2 ;;
    --size) size=$2; rest+=("$1" "$2") ;;
    *) rest+=("$1" "$2") ;;
    esac
    shift 2
done

export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

if [ -n "$install" ]; then
    "$top/jobs/install-deps.sh" --bench
fi
if [ -z "$build" ]; then
    build=$top/build/release
    (cd "$top" && cmake --preset release &&
        cmake --build --preset release --target course-funnel bench_usage bench_floor \
            bench_rounds) >&2
fi
mkdir -p "$build/bench"

# The exact version, once; a folder that was left half filled is filled anew.
duckdb=$build/bench/duckdb
without=
if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
    without="npm is not installed (jobs/install-deps.sh --bench)"
elif [ "$(cat "$duckdb/version" 2>/dev/null)" != "$DUCKDB_VERSION" ]; then
    rm -rf "$duckdb"
    mkdir -p "$duckdb"
    if npm install --no-audit --no-fund --no-save --prefix "$duckdb" \
        "@duckdb/node-api@$DUCKDB_VERSION" >"$build/bench/npm.log" 2>&1; then
        echo "$DUCKDB_VERSION" >"$duckdb/version"
    else
        without="npm could not install it, see $build/bench/npm.log"
    fi
fi
if [ -n "$without" ]; then
    if [ "$size" = small ]; then
        echo "skipped: no DuckDB to compare with: $without"
        exit 77
    fi
    rest+=(--without-duckdb "$without")
else
    rest+=(--duckdb "$duckdb")
fi

if [ "$size" = full ]; then
    rest+=(--out "${out:-$here/RESULTS.md}")
elif [ -n "$out" ]; then
    rest+=(--out "$out")
fi
exec python3 "$here/bench.py" --build "$build" --json "${json:-$build/bench/results.json}" \
    "${rest[@]}"
