#!/bin/bash
# The same events as files and as PostgreSQL tables in every shape that loaders leave give the same
# marts, byte for byte, whatever the settings of the session, on any number of ranks.
. "$(dirname "$0")/../support/lib.sh"

seed=${COURSE_FUNNEL_SEED:-$(date +%s)}
echo "COURSE_FUNNEL_SEED=$seed"
start_postgres
funnel 2 generate --out "$WORK/plain" --users 300 --courses 5 --lessons 12 --events 8000 \
    --course-share 0.5 --weeks 9 --duplicates 0.05 --late 0.05 --seed "$seed" --format plain ||
    fail "no sample"
leaves 0 funnel 2 rebuild --from "$WORK/plain" --to "$WORK/files" --rejects "$WORK/rejects"
counts "$WORK/files/course_funnel_run.json" | grep -E '^(kept|duplicates|time_unusable)' \
    >"$WORK/files.counts"
check "the sample has duplicates" grep -q '^duplicates,[1-9]' "$WORK/files.counts"

psql -XAtqc 'create schema loads; create table loads.staged (event_type text, user_id text,
    event_time text, event_properties text, uuid text, insert_id text, record text)'
find "$WORK/plain" -type f -print0 | sort -z |
    xargs -0 "$SOURCE/tests/support/export_rows.py" |
    psql -XAtqc 'copy loads.staged from stdin'

# table NAME SQL: a table that SQL makes out of the staged rows gives the marts of the files.
round=0
table() {
    local name=$1 sql=$2
    shift 2
    round=$((round + 1))
    psql -XAtq -v ON_ERROR_STOP=1 -c "set search_path = loads; set timezone = 'UTC'; $sql"
    same_as_files "$name" --events-table "loads.$name" "$@"
}
same_as_files() {
    local name=$1
    shift
    leaves 0 funnel $((round % 4 + 1)) rebuild --from "$CONNINFO" --to "$WORK/$name" \
        --rejects "$WORK/rejects" --range-bytes 128K "$@"
    same_marts "$WORK/$name" "$WORK/files"
    counts "$WORK/$name/course_funnel_run.json" |
        grep -E '^(kept|duplicates|time_unusable)' >"$WORK/counts"
    same "$WORK/counts" "$WORK/files.counts"
    check "$name: no reject" test ! -s "$WORK/rejects"
}

table as_staged 'create table as_staged as select event_type, user_id, event_time,
    event_properties, uuid, insert_id from staged'
table fivetran 'create table fivetran as select insert_id as _insert_id, event_properties::json,
    event_time::timestamptz, event_type, user_id, uuid, 1 as id from staged'
table airbyte 'create table airbyte as select uuid::varchar(64), event_properties::jsonb,
    event_time::timestamptz, event_type::varchar, user_id::varchar, insert_id as _insert_id
    from staged'
table stitch 'create table stitch as select uuid as "UUID", event_properties as "EVENT_PROPERTIES",
    event_time::timestamp as "EVENT_TIME", event_type as "EVENT_TYPE", user_id as "USER_ID",
    insert_id as "$INSERT_ID" from staged'
table twice_json 'create table twice_json as select event_type, user_id, event_time,
    to_json(event_properties) as event_properties, uuid::uuid, insert_id from staged'
table twice_jsonb 'create table twice_jsonb as select event_type, user_id, event_time,
    to_jsonb(event_properties) as event_properties, uuid::uuid, insert_id as "$insert_id"
    from staged'
table twice_text 'create table twice_text as select event_type::char(40), user_id::varchar(80),
    event_time || $$Z$$ as event_time, to_json(event_properties)::text as event_properties,
    uuid::uuid, insert_id as _insert_id from staged'
table enum "create type kind as enum ('none');
    create domain person as varchar(100); create domain someone as person;
    create table enum as select event_type, user_id::someone, event_time, event_properties, uuid,
    insert_id::varchar(99) from staged"
# Domains come as the types that they stand on: these two are read as the server keeps them.
table domains "create domain moment as timestamptz; create domain properties as jsonb;
    create domain course_properties as properties;
    create table domains as select event_type, user_id, event_time::moment,
    event_properties::course_properties, uuid, insert_id from staged"
table record_jsonb 'create table record_jsonb as select $$x$$ as _airbyte_raw_id,
    record::jsonb as _airbyte_data, now() as _airbyte_extracted_at from staged'
table record_json 'create table record_json as select record::json as _airbyte_data from staged'
table record_text 'create table record_text as select record as "The ""Record""" from staged' \
    --column 'record=The "Record"'
table renamed 'create table renamed as select event_type as a, user_id as "B ""c""",
    event_time as user_id, event_properties as d, uuid as e, insert_id as f from staged' \
    --column event_type=a --column insert_id=f \
    --column 'user_id=B "c"' --column event_time=user_id --column event_properties=d \
    --column uuid=e
table '"Quoted ""name"""' 'create table "Quoted ""name""" as select * from staged'

# Rows at other places: dead ones in between, dropped columns, many pages, wide values.
table worn 'create table worn as select 1 as gone, s.*, repeat($$x$$, 3000) as ballast
    from staged s; alter table worn drop column gone; update worn set ballast = $$y$$
    where random() < 0.5; delete from worn where ballast <> $$y$$; insert into worn
    select s.*, $$z$$ from staged s where (select count(*) from worn w) >= 0;
    delete from worn where ballast = $$y$$'
table toasted 'create table toasted (like staged);
    alter table toasted alter column event_properties set storage external;
    insert into toasted select event_type, user_id, event_time, (event_properties::jsonb
    || jsonb_build_object($$ballast$$, repeat(md5(user_id), 300)))::text, uuid, insert_id
    from staged where event_type like $$course%$$'
psql -XAtqc 'create index on loads.as_staged (event_type); analyze loads.as_staged'
same_as_files indexed --events-table loads.as_staged

# Partitions, inheritance, views: some by another road.
table parts 'create table parts (like as_staged) partition by hash (user_id);
    create table parts_0 partition of parts for values with (modulus 3, remainder 0);
    create table parts_1 partition of parts for values with (modulus 3, remainder 1)
        partition by list (event_type);
    create table parts_1_rest partition of parts_1 default;
    create table parts_1_done (insert_id text, uuid text, event_properties text, event_time text,
        user_id text, event_type text);
    alter table parts_1 attach partition parts_1_done for values in ($$course_completed$$);
    create table parts_2 partition of parts for values with (modulus 3, remainder 2);
    insert into parts select * from as_staged'
table family 'create table family (like as_staged);
    create table child (more text) inherits (family);
    insert into family select * from as_staged where user_id < $$8$$;
    insert into child select * from as_staged where user_id >= $$8$$;
    insert into family select * from as_staged where user_id is null'
table seen 'create view seen as select * from as_staged'
says "loads.seen: cannot be read by ranges of pages"
table kept 'create materialized view kept as select * from as_staged'
psql -XAtqc "create extension file_fdw; create server files foreign data wrapper file_fdw"
psql -XAtqc "copy loads.staged to stdout" >"$WORK/staged.copy"
chmod 644 "$WORK/staged.copy"
table foreign_table "create foreign table foreign_table (event_type text, user_id text,
    event_time text, event_properties text, uuid text, insert_id text, record text)
    server files options (filename '$WORK/staged.copy')"
psql -XAtqc "copy (select * from loads.staged where event_type = 'course_completed') to stdout" \
    >"$WORK/completed.copy"
chmod 644 "$WORK/completed.copy"
table far "create table far (like staged) partition by list (event_type);
    create table far_rest partition of far default; insert into far select * from staged
    where event_type <> 'course_completed'; create foreign table far_done partition of far
    for values in ('course_completed') server files options (filename '$WORK/completed.copy')"
# A role that may read the parent only, and one whose settings are as unlike as they can be.
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
create role reader login;
grant usage on schema loads to reader;
grant select on loads.parts to reader;
grant select (event_type, user_id, event_time, event_properties, uuid, insert_id)
    on loads.as_staged to reader;
grant select on loads.airbyte, loads.fivetran to reader;
alter role reader set timezone = 'America/St_Johns';
alter role reader set datestyle = 'SQL, DMY';
alter role reader set default_transaction_isolation = 'read committed';
alter role reader set bytea_output = 'escape';
alter role reader set extra_float_digits = -5;
alter role reader set standard_conforming_strings = off;
alter role reader set search_path = loads;
alter role reader set client_encoding = 'LATIN1';
alter role reader set enable_tidscan = off;
SQL
owner=$CONNINFO
# The socket of the test's server is its owner's alone, which root may pass.
CONNINFO="host=$PGHOST user=reader dbname=postgres"
same_as_files parent_only --events-table loads.parts
same_as_files by_column --events-table loads.as_staged
same_as_files zone --events-table loads.airbyte
export PGTZ=Asia/Kathmandu PGDATESTYLE=German PGOPTIONS='-c intervalstyle=sql_standard'
same_as_files zone2 --events-table loads.fivetran
unset PGTZ PGDATESTYLE PGOPTIONS
CONNINFO=$owner

# Half in files and half in two tables is one history; so are fewer connections than ranks.
mkdir "$WORK/half"
find "$WORK/plain" -type f | sort | awk 'NR % 2' | while read -r file; do
    cp "$file" "$WORK/half"
done
psql -XAtqc 'create table loads.rest (like loads.staged)'
find "$WORK/plain" -type f | sort | awk 'NR % 2 == 0' | tr '\n' '\0' |
    xargs -0 "$SOURCE/tests/support/export_rows.py" | psql -XAtqc 'copy loads.rest from stdin'
psql -XAtqc "create table loads.rest_a as select * from loads.rest where user_id < '7';
    create table loads.rest_b as select * from loads.rest where user_id >= '7' or user_id is null"
for connections in 1 2 4; do
    round=3
    same_as_files "several$connections" --from "$WORK/half" --events-table loads.rest_a \
        --events-table loads.rest_b --connections "$connections"
done
# Tables whose columns have other names, each after its own.
psql -XAtqc "create table loads.rest_c as select event_type as what, user_id as who, event_time,
    event_properties, uuid, insert_id from loads.rest_a" -c "create table loads.rest_d as
    select event_type, who.user_id as who, 'nobody' as user_id, event_time, event_properties as what,
    uuid, insert_id from loads.rest_b who"
for columns in '--column user_id=who --events-table loads.rest_c --column event_type=what
        --events-table loads.rest_d --column event_properties=what' \
    '--events-table loads.rest_d --column event_properties=what --column user_id=who
        --events-table loads.rest_c --column user_id=who --column event_type=what'; do
    # shellcheck disable=SC2086
    same_as_files columns --from "$WORK/half" $columns
done
round=2
same_as_files two_servers --events-table loads.rest_a --from "$WORK/half" --from \
    "postgresql:///postgres?host=$PGHOST&user=$PGUSER" --events-table loads.rest_b
check "the record names sources and tables" grep -q "loads.rest_a .*loads.rest_b" \
    "$WORK/two_servers/course_funnel_run.json"
passed
