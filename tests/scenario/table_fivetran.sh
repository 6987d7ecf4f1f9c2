#!/bin/bash
# Fivetran's own rows, from a file beside the checkout: none of a course, and one that is put among
# them.
. "$(dirname "$0")/../support/lib.sh"

fivetran=$DATA/amplitude-samples/fivetran_amplitude_event_data.csv
[ -f "$fivetran" ] || skip "$fivetran is not there"
start_postgres
columns=$(head -n 1 "$fivetran" | tr -d '\r' | sed 's/,/ text, /g')
psql -XAtq -v ON_ERROR_STOP=1 -c 'create schema v' -c "create table v.event ($columns text)" \
    -c "\\copy v.event from '$fivetran' csv header" \
    -c 'alter table v.event alter event_time type timestamptz using event_time::timestamptz,
        alter event_properties type jsonb using event_properties::jsonb'
check "there are rows" test "$(psql -XAtqc 'select count(*) from v.event')" -gt 5
leaves 7 funnel 2 rebuild --from "$CONNINFO" --events-table v.event --to "$WORK/marts" \
    --rejects "$WORK/rejects"
psql -XAtqc "update v.event set event_type = 'course_completed', event_properties =
    '{\"course_id\": 3}' where id = (select min(id) from v.event)"
leaves 0 funnel 2 rebuild --from "$CONNINFO" --events-table v.event --to "$WORK/marts" \
    --rejects "$WORK/rejects"
counts "$WORK/marts/course_funnel_run.json" >"$WORK/counts"
check "the row is read" grep -qx 'lines_read,1' "$WORK/counts"
check "and kept" grep -qx 'kept,1' "$WORK/counts"
passed
