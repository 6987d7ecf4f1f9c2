#!/bin/bash
# The small history made of corners again: out of a table, stopped and resumed on other ranks, and
# killed at named points. All marts are those that two other programs computed, byte for byte.
. "$(dirname "$0")/../support/checkpoint.sh"

data=$DATA/answers
[ -d "$data" ] || skip "the sample of corners is not at $data"
COURSE_FUNNEL_FAULT_NUMBERS=ingest.round_bytes=4096
start_postgres
psql -XAtqc 'alter system set autovacuum = off' -c 'select pg_reload_conf()' >/dev/null
day=$(cat "$data/as_of")
again() { # again NAME RANKS ARGS...: its marts go to $WORK/NAME
    funnel "$2" rebuild --as-of "$day" --to "$WORK/$1" --rejects "$WORK/$1.rejects" "${@:3}"
}
files=(--from "$data/events" --checkpoint "$WORK/folder" --checkpoint-interval 0.01)

# Stopped again and again.
for ranks in 2 3; do
    fault ingest.round:3:0:stop leaves 75 again stopped "$ranks" "${files[@]}"
done
leaves 0 again stopped 4 "${files[@]}"
says 'resumed from checkpoint generation-'
same_marts "$WORK/stopped" "$data/expected"

# A rank dies: with a generation half written, in the midst of reading, before its sums are published.
rm -r "$WORK/folder"
for point in store.before_commit:1:0 ingest.round:4:1 rebuild.publish:1:0; do
    dies "$point" again killed 3 "${files[@]}" || fail "$point was not hit"
done
leaves 0 again killed 2 "${files[@]}"
same_marts "$WORK/killed" "$data/expected"

# Each event as a row of a table; then every other file so, beside the others, stopped and resumed.
python3 - "$data"/events/* >"$WORK/rows.csv" <<'PYTHON'
import csv, json, sys
rows = csv.writer(sys.stdout, lineterminator="\n")
events = json.JSONDecoder()
for number, path in enumerate(sys.argv[1:]):
    with open(path, encoding="utf-8", errors="strict", newline="\n") as file:
        for text in file:
            text = text.strip("\x1e \t\r\n")
            while text:
                try:
                    _, end = events.raw_decode(text)
                except ValueError: # a reject, which no mart knows
                    break
                rows.writerow([number % 2, text[:end]])
                text = text[end:].strip("\x1e \t\r\n")
PYTHON
psql -XAtqc 'create table events (is_odd int, record text)' -c "\\copy events from '$WORK/rows.csv' csv"
rows=(--from "$CONNINFO" --events-table public.events --column record=record --range-bytes 64K)
leaves 0 again rows 3 "${rows[@]}"
same_marts "$WORK/rows" "$data/expected"
psql -XAtqc 'delete from events where is_odd = 0' -c vacuum -c 'select pg_switch_wal()' >/dev/null
rm -r "$WORK/folder"
number=0
for file in "$data"/events/*; do
    ((number++ % 2)) || rows+=(--from "$file")
done
rows+=(--checkpoint "$WORK/folder" --checkpoint-interval 0.01)
fault ingest.round:2:0:stop leaves 75 again both 2 "${rows[@]}"
leaves 0 again both 3 "${rows[@]}"
says 'resumed from checkpoint generation-'
same_marts "$WORK/both" "$data/expected"
passed
