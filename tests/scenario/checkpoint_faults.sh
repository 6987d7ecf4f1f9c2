#!/bin/bash
# A rank dies at every named point, at its first, middle and last time; and each call on a file fails
# with each error, once and for ever. After it the run goes on, and nothing shows.
. "$(dirname "$0")/../support/checkpoint.sh"

sample "$WORK/in" --events 4000 --format plain
straight
fast_folder
folder=$FAST/folder
often=(--checkpoint "$folder" --checkpoint-interval 0.000001)

forget() {
    rm -rf "$folder" "$WORK/out" "$WORK/out.rejects" "$WORK/trace"
}

# trace COMMAND...: which points the ranks pass; "COUNT RANK POINT" in $WORK/points
trace() {
    rm -f "$WORK/trace"
    COURSE_FUNNEL_FAULT_TRACE=$WORK/trace "$@"
    sort "$WORK/trace" | uniq -c >"$WORK/points"
}

# at_least N FILE PATTERN: a count that shows that the test tests something
at_least() {
    local count
    count=$(grep -c -- "$3" "$2" || true)
    checks=$((checks + 1))
    [ "$count" -ge "$1" ] || fail "$count lines of \"$3\" where $1 were due"
}

# The undisturbed run with checkpoints, and one that resumes, pass these points.
trace leaves 0 rebuild out 2 "${often[@]}"
as_straight out
cp "$WORK/points" "$WORK/points.run"
forget
fault ingest.round:4:0:stop leaves 75 rebuild out 2 "${often[@]}"
cp -a "$folder" "$FAST/kept"
trace leaves 0 rebuild out 2 "${often[@]}"
cp "$WORK/points" "$WORK/points.resume"
forget
at_least 20 "$WORK/points.run" " 0 "
at_least 8 "$WORK/points.run" " 1 "
at_least 2 "$WORK/points.resume" "checkpoint.load"

# times COUNT: the first, the middle and the last
times() {
    printf '%s\n' 1 $((($1 + 1) / 2)) "$1" | sort -nu
}

# Death at each point. A run in which it was not hit (it may be over a round earlier) counts as none.
hit=0
kill_at() { # kill_at KEPT COUNT RANK POINT
    local kept=$1 count=$2 rank=$3 point=$4 code time
    for time in $(times "$count"); do
        forget
        [ -z "$kept" ] || cp -a "$kept" "$folder"
        code=0
        COURSE_FUNNEL_FAULT=$point:$time:$rank:kill rebuild out 2 "${often[@]}" || code=$?
        if [ "$code" = 137 ]; then
            hit=$((hit + 1))
            leaves 0 rebuild out $((hit % 3 + 1)) "${often[@]}"
        fi
        checks=$((checks + 1))
        [ "$code" = 137 ] || [ "$code" = 0 ] || fail "$point, time $time, rank $rank: left $code"
        as_straight out
        clean_folder "$folder"
    done
}
while read -r count rank point; do
    kill_at "" "$count" "$rank" "$point"
done <"$WORK/points.run"
while read -r count rank point; do
    case $point in
    checkpoint.load | durable.read | durable.open_to_read | generation.verified | store.begin)
        kill_at "$FAST/kept" "$count" "$rank" "$point"
        ;;
    esac
done <"$WORK/points.resume"
echo "deaths: $hit"
checks=$((checks + 1))
[ "$hit" -ge 100 ] || fail "only $hit deaths"
passed
