#!/bin/bash
# Memory does not grow with the table: a table of the same users, five times as long, is read with as
# much as the short one, by ranges of pages and in one piece. The short one is long enough to fill
# all buffers.
. "$(dirname "$0")/../support/lib.sh"

usage=$BUILD/tests/bench/bench_usage
[ -x "$usage" ] || skip "$usage is not built"
start_postgres
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
create schema raw;
create table raw.short (event_type text, user_id text, event_time timestamptz,
    event_properties jsonb, uuid uuid);
create table raw.long (like raw.short);
insert into raw.short select 'course_lesson_started', 'user' || i % 500,
    '2025-07-01'::timestamptz + i % 5000 * interval '1 s', jsonb_build_object('course_id', i % 3,
    'lesson_id', i % 7, 'ballast', repeat(md5(i::text), 8)), md5(i::text)::uuid
    from generate_series(1, 100000) as i;
insert into raw.long select s.* from raw.short s, generate_series(1, 5);
create view raw.short_view as select * from raw.short;
create view raw.long_view as select * from raw.long;
SQL

# peak TABLE: the KiB that two ranks took at most, added up; the marts are in $WORK/TABLE.
peak() {
    rm -f "$WORK/usage"
    timeout -k 10 120 mpirun --oversubscribe -n 2 "$usage" "$WORK/usage" "$PROGRAM" rebuild \
        --from "$CONNINFO" --events-table "raw.$1" --range-bytes 1M --to "$WORK/$1" \
        --rejects "$WORK/rejects" </dev/null >"$WORK/stdout" 2>"$WORK/stderr" ||
        fail "$1 could not be read"
    python3 -c 'import json, sys
print(sum(json.loads(line)["peak_bytes"] for line in open(sys.argv[1])) // 1024)' "$WORK/usage"
}
for road in '' _view; do
    short=$(peak "short$road")
    long=$(peak "long$road")
    size=$(psql -XAtqc "select (pg_total_relation_size('raw.long')
        - pg_total_relation_size('raw.short')) / 1024")
    echo "${road:-pages}: $short KiB, and $long KiB for a table that is $size KiB larger"
    check "the table has grown by 100 MB at least" test "$size" -gt 100000
    check "memory has not: $short and $long KiB" test "$long" -lt $((short + 16384))
    same_marts "$WORK/short$road" "$WORK/long$road"
done
passed
