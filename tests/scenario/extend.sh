#!/bin/bash
# Nights: rebuild --extend goes on from what was published, reads only what is new, and publishes what
# one run over all files does, byte for byte; what it refuses, and what it does after kills and damage.
. "$(dirname "$0")/../support/lib.sh"
export COURSE_FUNNEL_SEED=${COURSE_FUNNEL_SEED:-$RANDOM}
RANDOM=$((COURSE_FUNNEL_SEED % 32768))
echo "COURSE_FUNNEL_SEED=$COURSE_FUNNEL_SEED"
export OMPI_MCA_btl=self,vader OMPI_MCA_pml=ob1 # MPI starts a third faster
folder=$WORK/folder
mkdir "$WORK/in" "$WORK/later"

# rebuild NAME ARGS...: what comes to $WORK/in, to $WORK/NAME and $WORK/NAME.rejects
rebuild() {
    local name=$1
    shift
    funnel "$((RANDOM % 4 + 1))" rebuild --from "$WORK/in" --to "$WORK/$name" \
        --rejects "$WORK/$name.rejects" --max-reject-share 0.2 "$@"
}
night() { # night ARGS...: the same command every night
    rebuild nights --checkpoint "$folder" --extend "$@"
}
# as_one NAME: what the nights have published is what one run publishes
as_one() {
    rm -rf "$WORK/one"
    leaves 0 rebuild one
    same_marts "$WORK/one" "$WORK/nights"
    same "$WORK/one.rejects" "$WORK/nights.rejects"
    counts "$WORK/one/course_funnel_run.json" >"$WORK/one.counts"
    counts "$WORK/nights/course_funnel_run.json" >"$WORK/nights.counts"
    same "$WORK/one.counts" "$WORK/nights.counts"
}
run_id() { # run_id [NAME]
    sed -n 's/.*"run_id":[^"]*"\([^"]*\)".*/\1/p' "$WORK/${1:-nights}/course_funnel_run.json"
}
generations() { find "$folder" -maxdepth 1 -name 'generation-*' | wc -l; }
says_all() { # says_all TEXT...: standard error has them all
    local text
    for text; do
        checks=$((checks + 1))
        grep -qF -- "$text" "$WORK/stderr" || fail "\"$text\" is not said"
    done
}

leaves 0 alone generate --out "$WORK/all" --format plain --users 150 --courses 3 --lessons 6 --weeks 1 \
    --course-share 0.6 --dirt 0.03 --duplicates 0.03 --late 0.1 --seed "$COURSE_FUNNEL_SEED" \
    --events 8000
mapfile -t files < <(find "$WORK/all" -type f | shuf --random-source=<(yes "$COURSE_FUNNEL_SEED"))
gzip -k "${files[0]}" "${files[9]}"
mv "${files[0]}.gz" "${files[9]}.gz" "$WORK/later"

# Seven nights on random cuts, in any order of files, each on another number of ranks. The fourth
# delivers files of the first again.
for ((night = 0; night < 7; night++)); do
    for ((i = night; i < ${#files[@]}; i += 7)); do
        mv "${files[$i]}" "$WORK/in"
    done
    [ "$night" != 3 ] || mv "$WORK/later"/*.gz "$WORK/in"
    leaves 0 night
    [ $((night % 3)) != 0 ] || as_one
    check "no more is kept than is needed" test "$(generations)" -le 3
done
check "the folder is for its owner" test "$(stat -c %a "$folder")" = 700
leaves 0 alone inspect "$folder"
known=$(find "$WORK/in" -type f | wc -l)
check "inspect says which state is the base" grep -q 'the base, .* generation-0007-000001$' "$WORK/stdout"
check "and what it holds" grep -q "^    of run $(run_id): $known files, [1-9]" "$WORK/stdout"

# Nothing new: the same run once more; a record of its own where another has published since.
id=$(run_id)
leaves 0 night --dry-run
check "a dry run says so" grep -q 'nothing is new' "$WORK/stdout"
rm "$WORK/nights/mart_course_funnel_steps.csv"
leaves 0 night
says "nothing is new: all $known files were read before"
check "it is the same run" test "$(run_id)" = "$id"
as_one
leaves 0 rebuild nights
check "another published" test "$(run_id)" != "$id"
leaves 0 night
check "it is a new run then" test "$(run_id)" != "$id"
id=$(run_id)
for _ in 1 2; do
    leaves 0 night
    check "which is published again as long as no other is" test "$(run_id)" = "$id"
done
as_one

# A first run that was only summed up again since, for a later day, is published again by the next
# night, and by a run without --extend, as it would have been before.
of_day() { # of_day DAY ARGS...
    rebuild days --checkpoint "$WORK/days.folder" --as-of "$@"
}
leaves 0 of_day 2025-01-09 --extend
leaves 0 of_day 2025-03-01 --extend
says "nothing is new: all $known files were read before"
id=$(run_id days)
leaves 0 of_day 2025-03-01 --extend
check "the later day is published again" test "$(run_id days)" = "$id"
leaves 0 of_day 2025-03-01
says "all input was read before, its sums are published"
leaves 0 rebuild one --as-of 2025-03-01
same_marts "$WORK/one" "$WORK/days"

# Refused by name; and nothing of it changes what is there.
old=$(find "$WORK/in" -name '*.json' | sort | sed -n 1p)
cp -a "$WORK/nights" "$WORK/before"
refused() { # refused TEXT... [-- ARGS...]
    local texts=()
    while [ $# -gt 0 ] && [ "$1" != -- ]; do texts+=("$1") && shift; done
    [ $# = 0 ] || shift
    leaves 3 night "$@"
    says_all "${texts[@]}" "--restart"
    check "nothing was published" diff -r "$WORK/before" "$WORK/nights"
}
mv "$old" "$WORK/old"
refused "$old: was read, and is not among the input now"
leaves 3 night --dry-run
says_all "$old: was read, and is not among the input now"
leaves 0 night --dry-run --restart
cp -p "$WORK/old" "$WORK/in/renamed.json"
refused "$old: was read, and is not among the input now"
rm "$WORK/in/renamed.json"
{ cat "$WORK/old" && echo; } >"$old"
refused "$old: had $(stat -c %s "$WORK/old") bytes, now has $(stat -c %s "$old")" "--settle"
head -c 100 "$WORK/old" >"$old"
refused "$old: had $(stat -c %s "$WORK/old") bytes, now has 100"
cp "$WORK/old" "$old"
refused "$old: was changed since"
mv "$WORK/old" "$old"
refused "--leave-out-foreign: was not given, now is given" -- --leave-out-foreign
refused "--as-of: was the day of the run, now is 2020-01-01, which is earlier" -- --as-of 2020-01-01
leaves 3 rebuild nights --checkpoint "$folder"
says_all "--extend: was given, now is not"

# A file that is still written waits; a broken one, and one that a gate refuses, cost their night.
cp "$old" "$WORK/in/new.json"
leaves 0 night --settle 60
says "1 file waits for the next run"
check "it is not in" test ! -s <(grep -c 'files are new' "$WORK/stderr" | grep -v '^0$')
gzip -c "$old" >"$WORK/whole.gz"
head -c 200 "$WORK/whole.gz" >"$WORK/in/broken.gz"
leaves 4 night
gzip -c "$old" >"$WORK/in/broken.gz"
leaves 0 night
as_one
python3 - "$WORK/in/rejects.json" <<'PYTHON'
import sys
from events import *
with open(sys.argv[1], "wb") as file:
    for i in range(1200):
        record = event(STARTED, "u%d" % i, 1, 1)
        if i % 2:
            record["event_time"] = "soon"
        file.write(line(record) + b"\n")
PYTHON
leaves 7 night
cp "$old" "$WORK/in/more.json"
leaves 7 night
rm "$WORK/in/rejects.json"
leaves 0 night
as_one

# Of old files none is opened: one may hold anything, as long as a look finds it unchanged. The base
# is damaged: the one before it is gone on from. The mark is lost: the record tells.
cp -p "$old" "$WORK/old"
python3 -c 'import os, sys
path, was = sys.argv[1], os.stat(sys.argv[1])
open(path, "r+b").write(b"x" * was.st_size)
os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))' "$old"
cp "$WORK/old" "$WORK/in/again.json"
base=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["mark"][0])' "$folder/mark")
printf x | dd of="$(find "$folder/$base" -name 'groups-*' | sed -n 1p)" bs=1 seek=3000 conv=notrunc 2>"$WORK/log"
leaves 0 night
says_all "checkpoint $base cannot be used and is kept as damaged-$base"
check "what was set aside goes with the publication" test ! -e "$folder/damaged-$base"
rm "$folder/mark"
cp "$WORK/old" "$WORK/in/once_more.json"
leaves 0 night
mv "$WORK/old" "$old"
as_one

# Killed at each step of the road: the next night publishes what one run does.
if grep -q COURSE_FUNNEL_FAULT_TRACE "$PROGRAM"; then
    for point in night.load store.before_commit store.mark store.after_mark; do
        cp "$old" "$WORK/in/$point.json"
        COURSE_FUNNEL_FAULT=$point:1:0:kill leaves 137 night
        cp "$old" "$WORK/in/$point.waits.json"
        leaves 0 night
    done
    leaves 0 night
    as_one
    # A night that was begun is finished with its own files, and so is a first run.
    for begun in "$folder" "$WORK/first"; do
        folder=$begun
        cat "$WORK/in"/*_*.json >"$WORK/in/begun.${begun##*/}.json"
        COURSE_FUNNEL_FAULT_NUMBERS=ingest.round_bytes=4096 COURSE_FUNNEL_FAULT=ingest.round:2:0:stop \
            leaves 75 night
        cp "$old" "$WORK/in/begun.${begun##*/}.waits.json"
        leaves 0 night
        says "1 file waits for the next run"
        leaves 0 night
        as_one
    done
    # A full disk at the finished state: published, and said; the next night reads its files again.
    cp "$old" "$WORK/in/full.json"
    COURSE_FUNNEL_FAULT=durable.make_folder:2:0:ENOSPC leaves 6 night
    says_all "The marts are published, but what is known of learners is not kept"
    as_one
    leaves 0 night
    as_one
    # Full at the sums of a night that was resumed: its old checkpoint goes all the same, and is not
    # missed by the next.
    cat "$WORK/in"/*_*.json >"$WORK/in/sums.json"
    COURSE_FUNNEL_FAULT_NUMBERS=ingest.round_bytes=4096 COURSE_FUNNEL_FAULT=ingest.round:2:0:stop \
        leaves 75 night
    COURSE_FUNNEL_FAULT=durable.make_folder:3:0:ENOSPC leaves 0 night
    says_all "could not be written and is given up"
    leaves 0 night
    check "what was removed is not missed" test -z "$(grep 'was written and is gone' "$WORK/stderr")"
    as_one
fi
passed
