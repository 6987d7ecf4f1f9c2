#!/bin/bash
# Rows that a loader marked as deleted count as all others do, and a warning tells how many were read:
# for each kind of mark, on any number of ranks, and when a run goes on from its checkpoint.
. "$(dirname "$0")/../support/lib.sh"

start_postgres
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
create schema v;
create table v.plain as select case when i % 2 = 0 then 'course_lesson_started' else 'other' end
    as event_type, 'u' || i as user_id, timestamptz '2025-07-01' as event_time,
    '{"course_id": 1, "lesson_id": 2}'::jsonb as event_properties, 'id' || i as uuid
    from generate_series(1, 2000) as i;
create table v.fivetran as select *, right(uuid, 2) = '10' as _fivetran_deleted from v.plain;
create table v.sdc as select *, case when right(uuid, 2) = '10' then now() end as "_SDC_DELETED_AT"
    from v.plain;
create table v.debezium as select *, case right(uuid, 2) when '10' then 'true' when '20' then ''
    when '30' then null when '40' then 'False' when '50' then 'f' else 'false' end as __deleted
    from v.plain;
create table v.peerdb as select *, (right(uuid, 2) = '10')::int::int2 as _peerdb_is_deleted
    from v.plain;
create table v.records as select to_jsonb(plain) as record,
    case when right(uuid, 2) = '10' then '2025-07-02T00:00:00Z' end as _ab_cdc_deleted_at from v.plain;
create table v.kept as select *, false as _fivetran_deleted from v.plain;
create view v.without as select * from v.fivetran where not _fivetran_deleted;
create table v.two as select * from v.fivetran;
insert into v.two select 'course_completed', 'u', now(), '[]', 'x', true;
SQL

read_table() { # read_table RANKS TABLE ARGS...
    local ranks=$1 table=$2
    shift 2
    funnel "$ranks" rebuild --from "$CONNINFO" --events-table "v.$table" --to "$WORK/marts" \
        --rejects "$WORK/rejects" --range-bytes 8K "$@"
}
warned() { # warned COUNT OF BY
    says "warning: $1 of $2 lines read are rows that are marked as deleted where they came from (by $3)"
}
silent() {
    check "$1: no warning" test "$(grep -c 'marked as deleted' "$WORK/stderr")" = 0
}

leaves 0 read_table 2 plain
silent plain
cp -r "$WORK/marts" "$WORK/plain"
for kind in fivetran:_fivetran_deleted sdc:_SDC_DELETED_AT debezium:__deleted \
    peerdb:_peerdb_is_deleted records:_ab_cdc_deleted_at; do
    table=${kind%:*}
    options=()
    [ "$table" != records ] || options=(--column record=record)
    for ranks in 1 3; do
        leaves 0 read_table "$ranks" "$table" "${options[@]}"
        warned 20 1000 "${kind#*:} of v.$table"
        same_marts "$WORK/marts" "$WORK/plain"
    done
done
leaves 0 read_table 2 kept
silent "no row is marked"
leaves 0 read_table 2 without
silent "a view without them"
counts "$WORK/marts/course_funnel_run.json" >"$WORK/counts"
check "a view leaves them out" grep -qx 'lines_read,980' "$WORK/counts"

# Two tables, and a run that goes on from the sums of the one before.
two=(--events-table v.sdc --max-reject-share)
leaves 7 read_table 3 two "${two[@]}" 0 --checkpoint "$WORK/points"
warned 41 2001 "_fivetran_deleted of v.two, _SDC_DELETED_AT of v.sdc"
leaves 0 read_table 2 two "${two[@]}" 1 --checkpoint "$WORK/points"
warned 41 2001 "_fivetran_deleted of v.two, _SDC_DELETED_AT of v.sdc"
check "it was a resumed run" grep -q 'resumed from a checkpoint' "$WORK/stdout"
passed
