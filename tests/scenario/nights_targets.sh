#!/bin/bash
# Nights and the target that they publish to: what was published is found where the mark cannot tell,
# by the records of PostgreSQL; a night that another run has overtaken there ends with 7, touches
# nothing, and its files are read with the next; and inspect says which state is the base meanwhile. And
# learners, beneath whom nights move on, list those of one state.
. "$(dirname "$0")/../support/checkpoint.sh"

fast_folder
start_postgres
sample "$WORK/all" --events 3000 --users 150 --format plain
mapfile -t left < <(python3 "$SOURCE/tests/support/nights.py" pieces "$WORK/all" "$WORK/pieces" 16 "$seed")
top=$WORK
more_folders+=("$top") # also where WORK is another for a while
mkdir "$WORK/in"
export COURSE_FUNNEL_FAULT_HOLD=$WORK/held
let_go() { # who is held when the test fails
    rm -f "$top/held"
    wait
}
before_cleaning=let_go
# One that is rejected, so that any gate can be made to refuse.
python3 -c 'from events import *
print(line(event(STARTED, "u", 1, 1, event_time="soon")).decode())' >"$WORK/in/reject.json"

run() { # run NAME RANKS ARGS...: what has come, to the directory or the schema NAME
    local name=$1 ranks=$2 target=(--to "$top/$1")
    shift 2
    [ "$kind" = directory ] || target=(--to "$CONNINFO" --schema "$name")
    funnel "$ranks" rebuild --from "$top/in" "${target[@]}" --rejects "$top/$name.rejects" \
        --max-reject-share "${share:-0.2}" --as-of 2025-02-01 "$@"
}
night() { run nights $((RANDOM % 3 + 1)) --checkpoint "$folder" --extend "$@"; }
bring() { # a file more
    mv "$WORK/pieces/${left[0]% *}" "$WORK/in/${left[0]#* }"
    left=("${left[@]:1}")
}
# of_run NAME: what the newest record says, but for what speaks of the run itself; and the marts as files
of_run() {
    if [ "$kind" = directory ]; then
        python3 "$SOURCE/tests/support/nights.py" books "$top/$1/course_funnel_run.json"
    else
        psql -XAtqc "select key, value from jsonb_each((select to_jsonb(r) from $1.course_funnel_runs r
            order by attempt_at desc limit 1)) where key <> all ('{run_id,attempt_at,started_at,finished_at,
            ranks,cells_added,cells_removed,cells_changed}') order by key"
        read_marts "$1" "$top/$1"
    fi
}
as_one() { # what is published is what one run over all that has come publishes
    rm -rf "$WORK/one"
    leaves 0 run one 1
    of_run nights >"$WORK/nights.books"
    of_run one >"$WORK/one.books"
    check "lines are counted" grep -q '^lines_read[|,][1-9]' "$WORK/one.books"
    same "$WORK/nights.books" "$WORK/one.books"
    same_marts "$WORK/nights" "$WORK/one"
    same "$WORK/nights.rejects" "$WORK/one.rejects"
}
stands_on() { # stands_on GENERATION COUNT: the last night did, and read so many files
    says "going on from checkpoint $1, "
    check "$2 files were new" grep -qE ": $2 (is|are) new$" "$WORK/stderr"
}
newest_state() {
    "$PROGRAM" inspect "$folder" --json | python3 -c 'import json, sys
print(next(each["name"] for each in json.load(sys.stdin)["generations"] if each["kind"] == "state"))'
}
# inspects BASE NIGHT RESUMES: which state is the base, - where none is known; which one is if the target
# has its record, - for none; and what a run goes on from
inspects() {
    leaves 0 alone inspect "$folder" --json
    check "inspect says $* as JSON" python3 -c 'import json, sys
found = json.load(open(sys.argv[1]))
found = [found.get(key, "-") for key in ("base", "base_if_recorded", "resumes_from")]
sys.exit(str(found) if found != sys.argv[2:] else 0)' "$WORK/stdout" "$@"
    leaves 0 alone inspect "$folder"
    grep -q "^  the base, which was published and --extend goes on from: $1\$" "$WORK/stdout" ||
        check "inspect says which is the base" test "$1" = - -a "$(grep -c 'the base, ' "$WORK/stdout")" = 0
    grep -q "has a record of run [-0-9a-f]*: $2\$" "$WORK/stdout" ||
        check "inspect says which may be" test "$2" = - -a "$(grep -c 'has a record' "$WORK/stdout")" = 0
    check "inspect says what is gone on from" grep -q "^A run on this folder goes on from $3:" "$WORK/stdout"
}

# Another run publishes while a night is about to: that one ends with 7, and changes nothing there. No
# second night begins beside it.
overtaken() {
    local code=0 held
    fault rebuild.publish:1:0:hold night &
    held=$!
    until_there 30 "$WORK/held"
    bring
    mkdir "$WORK/beside"
    WORK=$WORK/beside leaves 6 night
    WORK=$WORK/beside says "$folder is in use by another job that lives: "
    WORK=$WORK/beside leaves 0 run nights 1
    of_run nights >"$WORK/theirs.books"
    cp -r "$WORK/nights" "$WORK/theirs"
    rm "$WORK/held"
    wait "$held" || code=$?
    check "who was overtaken leaves with 7, not $code" test "$code" = 7
    says "A later attempt has published"
    says "run again"
    of_run nights >"$WORK/nights.books"
    same "$WORK/nights.books" "$WORK/theirs.books"
    same_marts "$WORK/nights" "$WORK/theirs"
    rm -r "$WORK/theirs" "$WORK/beside"
}
# The base stays, nothing of the night slips past, and its files are read with the next.
night_overtaken() {
    local was
    was=$(newest_state)
    cp -a "$folder" "$FAST/before"
    overtaken
    same "$folder/mark" "$FAST/before/mark"
    check "the base is as it was" diff -r "$folder/$was" "$FAST/before/$was"
    rm -r "$FAST/before"
    inspects "$was" "$(newest_state)" "$was"
    leaves 0 night
    says "is thrown away, and its files are read again"
    stands_on "$was" 2
    as_one
}

# A directory has the record of its newest run alone. A first run that is overtaken is no night: what
# was read is published by the next, and the files that came meanwhile by the one after.
kind=directory folder=$FAST/directory
bring
overtaken
leaves 0 night
says "1 file waits for the next run"
night_overtaken

# A first run that a gate refused is published when the gate lets it.
kind=postgres folder=$FAST/postgres
share=0 leaves 7 night
inspects - generation-0001-000001 generation-0001-000002
leaves 0 night
says "all input was read before, its sums are published"
inspects generation-0001-000001 - generation-0001-000002
as_one

# A night that was begun.
find "$WORK/all" -type f | sort | sed -n 1,300p | xargs cat >"$WORK/in/more.json"
COURSE_FUNNEL_FAULT_NUMBERS=ingest.round_bytes=4096 fault ingest.round:1:0:stop leaves 75 night
inspects generation-0001-000001 - "$(newest_state)"
leaves 0 night
says "resumed from checkpoint"
as_one

# The night that was not published is thrown away, and what it read is read again.
drops_and_reads_again() {
    leaves 0 night
    says "is thrown away, and its files are read again"
    stands_on "$base" 1
    as_one
}

# A night that was stopped when all was read is not published, so it is read again.
base=$(newest_state)
bring
fault rebuild.reduce:1:0:stop leaves 75 night
says "all is read, but not published. The same command reads what was new again."
inspects "$base" "$(newest_state)" "$base"
drops_and_reads_again

# Refused by a gate, and the mark is lost, and another run is the target's newest.
base=$(newest_state)
bring
share=0 leaves 7 night
refused=$(newest_state)
inspects "$base" "$refused" "$base"
rm "$folder/mark"
inspects "$base" "$refused" "$base"
leaves 0 run nights 1
drops_and_reads_again

# Killed between COMMIT and mark: the record tells that it was published.
base=$(newest_state)
bring
fault publish.after_commit:1:0:kill leaves 137 night
published=$(newest_state)
inspects "$base" "$published" "$base"
bring
leaves 0 night
stands_on "$published" 1
as_one

# Only the mark is lost, and another run is the target's newest.
base=$published
published=$(newest_state)
rm "$folder/mark"
inspects "$base" "$published" "$base"
leaves 0 run nights 1
bring
leaves 0 night
stands_on "$published" 1
as_one
bring
night_overtaken

# Nights that move on beneath a reading of learners. The state that is read is there for one night more:
# then the list is of it. When it is gone, all is read again from the newer one; never of both.
COURSE_FUNNEL_FAULT_NUMBERS=$COURSE_FUNNEL_FAULT_NUMBERS,generation.file_bytes=4096
list() { # list NAME
    "$PROGRAM" learners --checkpoint "$folder" --course 1 --who started >"$WORK/$1.list" 2>"$WORK/$1.said"
}
moved_on() { # moved_on NIGHTS: while the first file was read
    local reader i
    fault learners.file:2:0:hold list read &
    reader=$!
    until_there 30 "$WORK/held"
    for ((i = 0; i < $1; i++)); do
        bring
        leaves 0 night
    done
    rm "$WORK/held"
    wait "$reader" || fail "learners left with $?"
}
bring
leaves 0 night
list before
moved_on 1
same "$WORK/read.list" "$WORK/before.list"
same "$WORK/read.said" "$WORK/before.said"
list before
moved_on 2
list after
same "$WORK/read.list" "$WORK/after.list"
same "$WORK/read.said" "$WORK/after.said"
check "the nights brought something" test "$(diff "$WORK/before.list" "$WORK/after.list" | wc -l)" -gt 2
check "and are other runs" test "$(cat "$WORK/before.said")" != "$(cat "$WORK/after.said")"
passed
