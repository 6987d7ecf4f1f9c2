#!/bin/bash
# A rank dies at every named point, at its first, middle and last time, and a rank dies in the
# recovery from that. Then the run goes on, and nothing shows. Publishing to a database and reading
# sessions from it have points of their own, which publish_kills.sh and table_sessions_resume.sh try,
# entering a compressed file again, which checkpoint_stop.sh does, and nights, which nights.sh does.
. "$(dirname "$0")/../support/checkpoint.sh"

sample "$WORK/in" --events 4000 --format plain
straight
fast_folder
folder=$FAST/folder
often=(--checkpoint "$folder" --checkpoint-interval 0.000001)

begin_with() { # begin_with KEPT: the folder as a copy of that one, or none
    rm -rf "$folder" "$WORK/out" "$WORK/out.rejects"
    [ -z "$1" ] || cp -a "$1" "$folder"
}

# What may be found: nothing; one generation; two of which the newer is damaged, and rejects that
# belong to none of them.
begin_with ""
trace "$WORK/points.run" leaves 0 rebuild out 2 "${often[@]}"
as_straight out
begin_with ""
fault ingest.round:4:0:stop leaves 75 rebuild out 2 "${often[@]}"
cp -a "$folder" "$FAST/kept"
trace "$WORK/points.kept" leaves 0 rebuild out 2 "${often[@]}"
begin_with "$FAST/kept"
fault ingest.round:2:0:stop leaves 75 rebuild out 2 --checkpoint "$folder"
for manifest in "$folder"/generation-0002-*/manifest.json; do
    truncate -s -1 "$manifest"
done
echo x >"$folder/rejects/part-0007-0"
cp -a "$folder" "$FAST/damaged"
trace "$WORK/points.damaged" leaves 0 rebuild out 2 "${often[@]}"

# Where a rank dies in the recovery, in turn.
recovery=()
while read -r count rank point; do
    for time in $(times "$count"); do
        recovery+=("$point:$time:$rank")
    done
done <"$WORK/points.kept"

# Not every recovery passes each of them so often: the next is tried from where this one began.
hits=0
next=0
recover() {
    local tries before=
    rm -rf "$FAST/before"
    if [ -d "$folder" ]; then
        before=$FAST/before
        cp -a "$folder" "$before"
    fi
    for ((tries = 0; tries < 20; tries++)); do
        if dies "${recovery[next++ % ${#recovery[@]}]}" rebuild out $((hits % 2 + 2)) "${often[@]}"
        then
            leaves 0 rebuild out $((hits % 3 + 1)) "${often[@]}"
            return
        fi
        as_straight out
        begin_with "$before"
    done
    fail "no rank died in the recovery"
}

# Death at each point. How often it is passed differs a little from run to run: where it was not hit
# the time before is tried.
kill_at() { # kill_at KEPT COUNT RANK POINT
    local time
    for time in $(times "$2"); do
        begin_with "$1"
        until dies "$4:$time:$3" rebuild out 2 "${often[@]}"; do
            as_straight out
            time=$((time - 1))
            check "$4 on rank $3 was not passed" test "$time" -gt 0
            begin_with "$1"
        done
        hits=$((hits + 1))
        recover
        as_straight out
        clean_folder "$folder"
    done
}
while read -r count rank point; do
    kill_at "" "$count" "$rank" "$point"
done <"$WORK/points.run"
while read -r count rank point; do
    case $point in
    checkpoint.load | durable.read | durable.open_to_read | durable.open_folder | durable.list | \
        generation.verified | store.begin)
        kill_at "$FAST/kept" "$count" "$rank" "$point"
        ;;
    esac
done <"$WORK/points.kept"
while read -r count rank point; do
    case $point in
    store.set_aside | store.unlink_part | checkpoint.load)
        kill_at "$FAST/damaged" "$count" "$rank" "$point"
        ;;
    esac
done <"$WORK/points.damaged"

echo "deaths: $hits, each with one more in the recovery, $next of which were tried"
check "deaths" test "$hits" -ge 100
check "each point of a recovery was tried" test "$next" -ge "${#recovery[@]}"
grep -rohE --include='*.c' 'FAULT\("[a-z_.]+"' "$SOURCE/src" | cut -d'"' -f2 | sort -u |
    grep -vE '^(publish\.(look_up|copy|replace|before_commit|after_commit)|match\.lose|source\.drop|learners\.file|night\.[a-z]+|rejects\.join_part|store\.(after_)?mark)$' \
        >"$WORK/due"
sort -u "$WORK/died" >"$WORK/found"
same "$WORK/found" "$WORK/due"
passed
