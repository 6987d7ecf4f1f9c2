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
    # A day among those of the sample, whose cohorts are young then, or mature.
    ORACLE_DAY=$(date -u -d "2025-01-06 + $((seed % 37 * 7 + seed % 7)) days" +%F)
    export ORACLE_DAY
    leaves 0 funnel $((seed % 8 + 1)) rebuild --as-of "$ORACLE_DAY" --from "$WORK/sample" --to "$WORK/marts" \
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
leaves 0 funnel 2 rebuild --as-of "$ORACLE_DAY" --from "$WORK/sample" --to "$CONNINFO" --schema two_roads \
    --rejects "$WORK/rejects" --max-reject-share 1 --allow-empty
read_back() { # read_back NAME KEYS COLUMNS
    psql -XAtqc "\\copy (select $3 from two_roads.$1 order by $2) to '$WORK/$1.csv' csv header"
    same "$WORK/$1.csv" "$WORK/oracle/$1.csv"
}
read_back mart_course_funnel_cohorts '1, 2' '*'
read_back mart_course_funnel_lessons '1, 2, 3' '*'
read_back mart_course_funnel_steps '1, 2, 3' '*'
read_back mart_course_funnel_completion '1, 2' '*'
read_back mart_course_funnel_entry_points '1, 2, 3' '*'
read_back mart_course_funnel_dropoff '1, 2, 3' \
    "course_id, cohort_week_start, lesson_id, previous_lesson_id, previous_users_started, $(:
    )users_started, users_dropped, drop_off_rate"

# The run's record there says what the one of the files says, but for what is each run's own.
psql -XAtqc "set time zone 'UTC'" -c 'select row_to_json(runs) from two_roads.course_funnel_runs as runs' \
    >"$WORK/in_table.json"
check "the record in the database" python3 - "$WORK" "$(date +%s)" <<'PYTHON'
import datetime
import json
import sys

with open(sys.argv[1] + "/in_table.json", encoding="utf-8") as file:
    table = json.load(file)
with open(sys.argv[1] + "/marts/course_funnel_run.json", encoding="utf-8") as file:
    beside = json.load(file)
assert list(table) == list(beside), (list(table), list(beside))


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None


own = ("run_id", "attempt_at", "started_at", "finished_at", "ranks")
for name, value in table.items():
    if name in own:
        continue
    same = moment(value) == moment(beside[name]) if name.endswith("_event_time") or name == "as_of" else value == beside[name]
    assert same, (name, value, beside[name])
assert table["run_id"] != beside["run_id"] and table["ranks"] == 2
now = datetime.datetime.fromtimestamp(int(sys.argv[2]), datetime.timezone.utc)
started, finished = moment(table["started_at"]), moment(table["finished_at"])
assert moment(beside["finished_at"]) <= started <= finished, (started, finished)
assert now - datetime.timedelta(seconds=60) < finished < now + datetime.timedelta(seconds=2), finished
PYTHON
passed
