#!/bin/bash
# Two roads to the same marts: the program, and the rules in plain SQL (tests/oracle). Samples of
# many seeds, clean and dirty; the rejects are compared one by one.
# COURSE_FUNNEL_SEED is the first seed, COURSE_FUNNEL_ROUNDS how many samples are tried.
. "$(dirname "$0")/../support/lib.sh"

seed=${COURSE_FUNNEL_SEED:-$(date +%s)}
rounds=${COURSE_FUNNEL_ROUNDS:-8}
duplicates_seen=0
start_postgres

for ((round = 0; round < rounds; round++)); do
    echo "COURSE_FUNNEL_SEED=$seed COURSE_FUNNEL_ROUNDS=1"
    rm -rf "$WORK/sample" "$WORK/marts" "$WORK/oracle"
    # Every third sample is clean; the numbers vary with the seed.
    dirt=0 duplicates=0 late=0
    if ((seed % 3 != 0)); then
        dirt=0.$((seed % 29 + 1)) duplicates=0.1 late=0.1
    fi
    funnel 1 generate --out "$WORK/sample" --users $((seed % 400 + 1)) --courses $((seed % 5 + 1)) \
        --lessons $((seed % 13 + 1)) --events 4000 --course-share 0.6 --weeks $((seed % 20 + 1)) \
        --dirt "$dirt" --duplicates "$duplicates" --late "$late" --seed "$seed" --format plain ||
        fail "no sample"
    leaves 0 funnel $((seed % 4 + 1)) rebuild --from "$WORK/sample" --to "$WORK/marts" \
        --rejects "$WORK/rejects" --max-reject-share 1 --allow-empty
    find "$WORK/sample" -type f -print0 | sort -z |
        xargs -0 "$SOURCE/tests/oracle/oracle.sh" "$WORK/oracle"
    sed 1d "$WORK/oracle/rejects.csv" | LC_ALL=C sort >"$WORK/rejects.oracle"
    reject_list "$WORK/rejects" | LC_ALL=C sort >"$WORK/rejects.program"
    same "$WORK/rejects.program" "$WORK/rejects.oracle"
    counts "$WORK/marts/course_funnel_run.json" >"$WORK/counts"
    sed 1d "$WORK/oracle/ledger.csv" | LC_ALL=C sort >"$WORK/ledger"
    same "$WORK/counts" "$WORK/ledger"
    same_marts "$WORK/marts" "$WORK/oracle"
    if [ "$dirt" != 0 ]; then
        check "a dirty sample has rejects" test -s "$WORK/rejects.oracle"
        duplicates_seen=$((duplicates_seen + $(sed -n 's/^duplicates,//p' "$WORK/ledger")))
    fi
    seed=$((seed + 1))
done

check "dirty samples have duplicates" test "$rounds" -lt 4 -o "$duplicates_seen" -gt 0

# The last sample into the database too: what a reader finds in the tables and the view.
leaves 0 funnel 2 rebuild --from "$WORK/sample" --to "$CONNINFO" --schema two_roads \
    --rejects "$WORK/rejects" --max-reject-share 1 --allow-empty
read_back() { # read_back NAME KEYS COLUMNS
    psql -XAtqc "\\copy (select $3 from two_roads.$1 order by $2) to '$WORK/$1.csv' csv header"
    same "$WORK/$1.csv" "$WORK/oracle/$1.csv"
}
read_back mart_course_funnel_cohorts '1, 2' '*'
read_back mart_course_funnel_lessons '1, 2, 3' '*'
read_back mart_course_funnel_dropoff '1, 2, 3' \
    "course_id, cohort_week_start, lesson_id, previous_lesson_id, previous_users_started, $(:
    )users_started, users_dropped, drop_off_rate"
passed
