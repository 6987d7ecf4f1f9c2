#!/bin/bash
# Several jobs read one table and publish to one place: what was read earlier never takes the place
# of what was read later, whichever job is done first, whether or not it was resumed.
. "$(dirname "$0")/../support/checkpoint.sh"
. "$(dirname "$0")/../support/table_gate.sh"
unset COURSE_FUNNEL_FAULT_NUMBERS

start_postgres
load_sample --users 100 --courses 3 --lessons 8 --events 3000 --course-share 0.5 --weeks 5 \
    --seed "$seed"
course=1000
add_course() { # one more course, by which the marts tell when the table was read
    course=$((course + 1))
    psql -XAtqc "insert into raw_amplitude.events values ('course_completed', 'last',
        '2025-07-01 10:00:00', '{\"course_id\":$course}', 'u$course')"
}
from=(rebuild --from "$CONNINFO")
latest_of() { # latest_of TARGET: the highest course that is published there
    if [ "$1" = "$CONNINFO" ]; then
        psql -XAtqc 'select max(course_id) from mart_course_funnel_cohorts'
    else
        cut -d , -f 1 "$1/mart_course_funnel_cohorts.csv" | sort -n | tail -n 1
    fi
}

for target in "$CONNINFO" "$WORK/marts"; do
    # A job that began before another, and is done after it.
    add_course
    start_job --to "$target"
    add_course
    leaves 0 funnel 2 "${from[@]}" --to "$target" --rejects "$WORK/rejects"
    open_gate
    job_leaves 7
    says 'A later attempt has published'
    check "the later rows stay" test "$(latest_of "$target")" = "$course"

    # A job that reads nothing any more when it is resumed.
    rm -rf "$WORK/folder"
    fault rebuild.publish:1:0:kill leaves 137 funnel 2 "${from[@]}" --to "$target" --rejects "$WORK/rejects" \
        --checkpoint "$WORK/folder"
    add_course
    leaves 0 funnel 2 "${from[@]}" --to "$target" --rejects "$WORK/rejects"
    leaves 7 funnel 2 "${from[@]}" --to "$target" --rejects "$WORK/rejects" --checkpoint "$WORK/folder"
    says 'run again (with --checkpoint, but without --extend: with --restart)'
    check "they stay again" test "$(latest_of "$target")" = "$course"
    add_course
    leaves 0 funnel 2 "${from[@]}" --to "$target" --rejects "$WORK/rejects" --checkpoint "$WORK/folder" --restart
    check "and give way to later ones" test "$(latest_of "$target")" = "$course"

    # Nobody else has published: a resumed job does, and finds itself published after that.
    add_course
    fault rebuild.publish:1:0:kill leaves 137 funnel 2 "${from[@]}" --to "$target" --rejects "$WORK/rejects" \
        --checkpoint "$WORK/folder" --restart
    for round in first second; do
        leaves 0 funnel 1 "${from[@]}" --to "$target" --rejects "$WORK/rejects" --checkpoint "$WORK/folder"
        check "the $round time" test "$(latest_of "$target")" = "$course"
    done
done

# Jobs side by side, while rows come in: each publishes or says that it is stale, and what stands
# there in the end is what the job that was published last has read, both marts of it.
run_one() { # run_one NUMBER: its exit code in $WORK/code.NUMBER
    local code=0
    timeout -k 10 120 "$PROGRAM" "${from[@]}" --to "$CONNINFO" --schema crowd \
        --rejects "$WORK/rejects.$1" >/dev/null 2>"$WORK/stderr.$1" || code=$?
    echo "$code" >"$WORK/code.$1"
}
for ((job = 1; job <= 6; job++)); do
    run_one "$job" &
    pids[job]=$!
    add_course
done
wait "${pids[@]}"
check "each is published, or stale" test -z "$(cat "$WORK"/code.* | grep -v -e '^0$' -e '^7$')"
check "one is published at least" grep -q '^0$' "$WORK"/code.*
check "none fails but for the others" test -z "$(grep -h 'error:' "$WORK"/stderr.* |
    grep -v 'A later attempt has published already')"
leaves 0 alone report --from "$CONNINFO" --schema crowd
check "the marts are those of the last run" test -z "$(grep 'not those' "$WORK/stderr")"
check "later runs have read no less" test "$(psql -XAtqc 'select count(*) from (select lines_read
    < lag(lines_read) over (order by attempt_at) as less from crowd.course_funnel_runs) r
    where less')" = 0
passed
