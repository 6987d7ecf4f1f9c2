#!/bin/bash
# Nights that go on from a finished run give what one run over all files gives: marts, rejects and
# counts byte for byte, however the history is cut, on other ranks each night, and killed or out of
# disk at each named point of a night. COURSE_FUNNEL_NIGHTS says how many nights the long history has
# (default: 6).
. "$(dirname "$0")/../support/checkpoint.sh"

nights_wanted=${COURSE_FUNNEL_NIGHTS:-6}
nights() { python3 "$SOURCE/tests/support/nights.py" "$@"; }
fast_folder
folder=$FAST/folder

# night NAME RANKS ARGS...: one night's command
night() {
    local name=$1 ranks=$2
    shift 2
    rebuild "$name" "$ranks" --checkpoint "$folder" --extend --as-of "$day" "$@"
}

# oracle: one run over all files that are there, without a checkpoint
oracle() {
    rm -rf "$WORK/straight" "$WORK/straight.rejects"
    COURSE_FUNNEL_FAULT_NUMBERS='' leaves 0 rebuild straight 1 --as-of "$day"
    nights books "$WORK/straight/course_funnel_run.json" >"$WORK/straight.books"
}

# as_oracle NAME: a night's marts, rejects and books are those of the one run
as_oracle() {
    same_marts "$WORK/$1" "$WORK/straight"
    same "$WORK/$1.rejects" "$WORK/straight.rejects"
    nights books "$WORK/$1/course_funnel_run.json" >"$WORK/books"
    same "$WORK/books" "$WORK/straight.books"
}

# bring COUNT: so many of the pieces that are left come to the input, in an order of their own
bring() {
    local piece name
    for ((i = 0; i < $1 && ${#left[@]} > 0; i++)); do
        read -r piece name <<<"${left[0]}"
        left=("${left[@]:1}")
        mv "$WORK/pieces/$piece" "$WORK/in/$name"
    done
}

# The sample's six weeks begin at 2025-01-06. The first day is in their midst, so that some events
# are in the future of one night and not of the next.
history() { # history PIECES: a new one, of which nothing has come yet
    rm -rf "$WORK/in" "$WORK/pieces" "$WORK/out" "$WORK/out.rejects" "$folder"
    mkdir "$WORK/in"
    mapfile -t left < <(nights pieces "$WORK/all" "$WORK/pieces" "$1" "$RANDOM" |
        shuf --random-source=<(yes "$RANDOM"))
    days=0
    day=2025-01-25
}
next_day() {
    days=$((days + RANDOM % 6))
    day=$(date -u -d "2025-01-25 + $days days" +%F)
}

sample "$WORK/all" --events 6000 --users 300 --format plain --hostile 0.01

# A long history: whatever comes in a night, it is read on top.
history $((nights_wanted + nights_wanted / 2))
for ((number = 1; number <= nights_wanted; number++)); do
    bring $((number == nights_wanted ? 1000 : RANDOM % 3))
    [ "$number" -gt 1 ] || bring 1
    next_day
    leaves 0 night out $((RANDOM % 4 + 1))
    oracle
    as_oracle out
    clean_folder "$folder"
done
check "all has come" test ${#left[@]} = 0
check "the nights had rejects" test -s "$WORK/straight.rejects"
check "the nights had duplicates" grep -q '^duplicates,[1-9]' "$WORK/straight.books"

# A night of its own, which is killed at each point that it passes. It finds another that was begun
# the day before, and throws that away.
history 5
bring 2
leaves 0 night out 2
next_day
bring 1
leaves 0 night out 1
bring 1
fault ingest.round:1:0:stop leaves 75 night out 1
bring 1
days=$((days + 1))
next_day
oracle
cp -r "$folder" "$FAST/before"
cp -r "$WORK/out" "$FAST/out"
again() { # the folder and the target as they were before the night
    rm -rf "$folder" "$WORK/out" "$WORK/out.rejects"
    cp -r "$FAST/before" "$folder"
    cp -r "$FAST/out" "$WORK/out"
}
trace "$WORK/points" night out 1 --checkpoint-interval 0.001
as_oracle out
touch "$WORK/died"
while read -r count _ point; do
    while read -r time; do
        again
        ! dies "$point:$time:0" night out 1 --checkpoint-interval 0.001 || leaves 0 night out 1
        as_oracle out
        clean_folder "$folder"
    done < <(times "$count" | shuf -n 1 --random-source=<(yes "$RANDOM"))
done <"$WORK/points"
points=$(sort -u "$WORK/died" | wc -l)
echo "died at $points points, $(wc -l <"$WORK/died") times"
grep -rohE --include='*.c' 'FAULT\("(night\.[a-z]+|rejects\.join_part|store\.(after_)?mark)"' "$SOURCE/src" |
    cut -d'"' -f2 | sort -u >"$WORK/due"
check "there are points of nights" test "$(wc -l <"$WORK/due")" -ge 7
check "the night died at each of them: $(sort -u "$WORK/died" | comm -13 - "$WORK/due")" \
    test -z "$(sort -u "$WORK/died" | comm -13 - "$WORK/due")"

# A disk that is full from some write on, then has room again.
writes=$(awk '$3 == "durable.write" { print $1 }' "$WORK/points")
for time in $(times "$writes" | sed -n '1p;$p'); do
    again
    code=0
    fault "durable.write:$time+:0:ENOSPC" night out 1 || code=$?
    case $code in
    0 | 5 | 6) ;;
    *) fail "a night without room left with $code" ;;
    esac
    leaves 0 night out 2
    as_oracle out
done

# A bit turned over anywhere in the kept state is found: the night ends well from the base before, or
# says so; never with other marts.
for ((i = 0; i < 8; i++)); do
    again
    mapfile -t files < <(find "$folder" -type f -size +0 ! -name lock | sort)
    file=${files[RANDOM % ${#files[@]}]}
    at=$(((RANDOM * 32768 + RANDOM) % $(stat -c %s "$file")))
    python3 -c 'import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(int(sys.argv[2]))
    byte = file.read(1)[0] ^ 1 << int(sys.argv[3])
    file.seek(-1, 1)
    file.write(bytes([byte]))' "$file" "$at" $((RANDOM % 8))
    code=0
    night out 1 || code=$?
    echo "a bit of byte $at of ${file#"$folder"/}: $code"
    if [ "$code" = 0 ]; then
        as_oracle out
    else
        check "code $code says what is wrong with the folder" test "$code" = 3 -o "$code" = 6
        check "and leaves the marts as they were" \
            cmp -s "$WORK/out/mart_course_funnel_cohorts.csv" "$FAST/out/mart_course_funnel_cohorts.csv"
    fi
done
passed
