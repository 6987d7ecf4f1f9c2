#!/bin/bash
# Through a pool of connections that others use at the same time (PgBouncer, transaction pooling) a
# run reads and publishes, and leaves nothing behind in them: no setting, no temporary table, no lock.
# What such a pool cannot give is refused before anything is read.
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/table_gate.sh"
PATH=$PATH:/usr/sbin
command -v pgbouncer >/dev/null || skip "there is no PgBouncer"

pool=$WORK/pool
pooler=
stop_pool() {
    touch "$WORK/enough"
    [ -z "$pooler" ] || kill "$pooler" || true
    pooler=
}
before_cleaning=stop_pool

# start_pool MODE SETTINGS...: a pool of six connections, reached by host=$pool port=6543.
start_pool() {
    local mode=$1 as=()
    shift
    stop_pool
    rm -rf "$pool"
    mkdir -m 711 "$pool"
    if [ "$(id -u)" = 0 ]; then
        chown postgres "$pool"
        as=(setpriv --reuid postgres --regid postgres --clear-groups)
    fi
    printf '%s\n' '[databases]' "* = host=$PGHOST port=$PGPORT user=$PGUSER" '[pgbouncer]' \
        'listen_port = 6543' "unix_socket_dir = $pool" 'auth_type = any' "pool_mode = $mode" \
        'default_pool_size = 6' 'log_connections = 0' 'log_disconnections = 0' "$@" \
        >"$WORK/pool.ini"
    "${as[@]}" pgbouncer "$WORK/pool.ini" >>"$WORK/log" 2>&1 &
    pooler=$!
    until psql -XAtq -h "$pool" -p 6543 -c 'select 1' >/dev/null 2>&1; do
        kill -0 "$pooler" || fail "the pool did not start"
        sleep 0.1
    done
    POOLED="host=$pool port=6543 user=$PGUSER dbname=$PGDATABASE"
}

start_postgres
load_sample --users 400 --courses 3 --lessons 9 --events 12000 --seed 19
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
create table neighbours (id integer);
insert into neighbours values (1);
-- Each role may be set up in its own way, and nobody who comes later may see another one.
alter role postgres set search_path = public;
alter role postgres set statement_timeout = '77s';
alter role postgres set synchronous_commit = off;
SQL
start_pool transaction
psql -XAtq -v ON_ERROR_STOP=1 -h "$pool" -p 6543 <<'SQL'
create table as_it_was as select name, setting from pg_settings where name <> 'application_name';
create function public.as_before() returns integer language plpgsql as $$
declare
    changed text;
begin
    select string_agg(format('%s is %s', name, s.setting), ', ') into changed
    from pg_catalog.pg_settings s join public.as_it_was w using (name)
    where s.setting is distinct from w.setting;
    select coalesce(changed || ', ', '') || format('%s is there', relname) into changed
    from pg_catalog.pg_class where relnamespace = pg_my_temp_schema() limit 1;
    if changed <> '' then
        raise exception 'not as it was: %', changed;
    end if;
    perform 1 from pg_catalog.pg_locks where pid = pg_backend_pid() and locktype = 'advisory';
    if found then
        raise exception 'there is a lock';
    end if;
    return 1;
end $$;
SQL

# Others, on more clients than there are connections. Each statement is a transaction of its own.
printf '%s\n' 'select public.as_before();' 'select id from neighbours;' >"$WORK/others.sql"
others() {
    rm -f "$WORK/enough"
    while [ ! -e "$WORK/enough" ]; do
        pgbench -n -h "$pool" -p 6543 -c 8 -T 1 -f "$WORK/others.sql" >>"$WORK/others" 2>&1 ||
            touch "$WORK/harmed"
    done
}
hammer() {
    others &
    hammering=$!
}
unharmed() {
    touch "$WORK/enough"
    wait "$hammering"
    check "others came often enough" test \
        "$(sed -n 's/^number of transactions actually processed: //p' "$WORK/others" |
            awk '{ n += $1 } END { print n + 0 }')" -gt 500
    if [ -e "$WORK/harmed" ]; then
        grep -m 5 ERROR "$WORK/others" >&2 || true
        fail "others got an error, while: $1"
    fi
}
nothing_left() { # of what a run has at the server, some seconds later
    local tries left
    for ((tries = 0; tries < 50; tries++)); do
        left=$(psql -XAtqc "select (select count(*) from pg_locks where locktype = 'advisory') +
            (select count(*) from pg_class where relpersistence = 't') +
            (select count(*) from pg_stat_activity where state like 'idle in transaction%')")
        [ "$left" != 0 ] || return 0
        sleep 0.1
    done
    return 1
}
published() {
    read_marts s "$WORK/published"
    same_marts "$WORK/published" "$WORK/files"
}

hammer
for ranks in 1 3; do
    leaves 0 funnel "$ranks" rebuild --from "$POOLED" --events-table raw_amplitude.events \
        --to "$POOLED" --schema s --rejects "$WORK/rejects"
    published
done
leaves 0 funnel 1 rebuild --from "$POOLED" --events-table raw_amplitude.events --to "$POOLED" \
    --schema s --rejects "$WORK/rejects" --dry-run
leaves 0 funnel 1 report --from "$POOLED" --schema s
# A run that fails in the midst of it.
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
create function s.fail() returns trigger language plpgsql as $$ begin raise exception 'not now'; end $$;
create trigger fail before insert on s.mart_course_funnel_lessons execute function s.fail();
SQL
leaves 5 funnel 1 rebuild --from "$WORK/plain" --to "$POOLED" --schema s --rejects "$WORK/rejects"
says "not now"
unharmed "a run read and published through their pool"
check "nothing is left at the server" nothing_left
published
psql -XAtqc 'drop trigger fail on s.mart_course_funnel_lessons'

# Where the pool has fewer connections than there are ranks, they do not get into one snapshot.
start_pool transaction 'query_wait_timeout = 2' 'default_pool_size = 2'
leaves 4 funnel 3 rebuild --from "$POOLED" --events-table raw_amplitude.events --to "$POOLED" \
    --schema s --rejects "$WORK/rejects"
says "transaction pooling"
says "--connections"
leaves 0 funnel 3 rebuild --from "$POOLED" --events-table raw_amplitude.events --to "$POOLED" \
    --schema s --rejects "$WORK/rejects" --connections 2
check "nothing is left at the server" nothing_left

# A pool that changes the connection with each statement keeps no transaction together.
start_pool statement
leaves 5 funnel 1 rebuild --from "$WORK/plain" --to "$POOLED" --schema s --rejects "$WORK/rejects" \
    --dry-run
says "transaction pooling"
leaves 4 funnel 1 rebuild --from "$POOLED" --events-table raw_amplitude.events \
    --to "$WORK/marts" --rejects "$WORK/rejects" --dry-run
says "transaction pooling"

# What a pool does not take at the start of a connection, and who set it.
start_pool transaction
leaves 5 env PGOPTIONS='-c work_mem=8MB' "$PROGRAM" rebuild --from "$WORK/plain" --to "$POOLED" \
    --schema s --rejects "$WORK/rejects" --dry-run 2>"$WORK/stderr" >"$WORK/stdout"
says "PGOPTIONS"
passed
