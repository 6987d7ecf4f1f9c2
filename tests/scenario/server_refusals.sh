#!/bin/bash
# What a server will refuse is known before anything is read, and said with its hints: an encoding
# without a character that is to be written, event triggers, roles and servers that may only read. How
# a role is set up, and its standby, is no matter. Advice fits: a server that runs is not looked for.
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/table_gate.sh"

start_postgres
load_sample --users 200 --courses 2 --lessons 6 --events 4000 --seed 20

# refused MESSAGE... [-- ARGS...]: by a dry run and by a run, before it says that it reads.
refused() {
    local code=$1 messages=() message mode
    shift
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        messages+=("$1")
        shift
    done
    shift
    for mode in --dry-run ''; do
        leaves "$code" alone rebuild --rejects "$WORK/rejects" "$@" ${mode:+"$mode"}
        for message in "${messages[@]}"; do
            says "$message"
        done
        check "it is known before anything is read" test \
            "$(grep -c 'course-funnel: reading' "$WORK/stderr")" = 0
    done
}
nothing_left() {
    local tries
    for ((tries = 0; tries < 50; tries++)); do
        [ "$(psql -XAtq "$@" -c "select (select count(*) from pg_locks where locktype = 'advisory') +
            (select count(*) from pg_class where relpersistence = 't') + (select count(*) from
            pg_stat_activity where application_name like 'course-funnel%')")" != 0 ] || return 0
        sleep 0.1
    done
    return 1
}

# A database in LATIN1 and a name with an en dash; one with an umlaut fits.
psql -XAtqc "create database latin encoding 'LATIN1' locale 'C' template template0"
mkdir "$WORK/2024–2025" "$WORK/für"
cp -r "$WORK/plain"/* "$WORK/2024–2025"
cp -r "$WORK/plain"/* "$WORK/für"
refused 5 "2024–2025" 'has no equivalent in encoding "LATIN1"' "a database in UTF8" -- \
    --tables marts --from "$WORK/2024–2025" --to "$CONNINFO dbname=latin"
check "nothing was made" test "$(psql -XAtq latin -c "select count(*) from pg_class
    where relname like '%course_funnel%'")" = 0
leaves 0 alone rebuild --tables marts --from "$WORK/für" --to "$CONNINFO dbname=latin" --rejects "$WORK/rejects"
check "the name is there" test "$(PGCLIENTENCODING=UTF8 psql -XAtq latin -c 'select source from course_funnel_runs')" = \
    "$WORK/für"
check "nothing is left at the server" nothing_left latin

# An audit of what is made, whose table the role may not write; and one that forbids it.
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
create role loader login;
create database audited;
grant create, temporary on database audited to loader;
\c audited
create table audit (tag text);
create function audit_tables() returns event_trigger language plpgsql as $$
begin
    insert into public.audit values (tg_tag);
end $$;
create event trigger audit_made on ddl_command_end when tag in ('CREATE TABLE')
    execute function audit_tables();
create function forbid() returns event_trigger language plpgsql as $$
begin
    raise exception 'no tables today' using hint = 'Ask Ada.';
end $$;
create event trigger forbid_all on ddl_command_start execute function forbid();
alter event trigger forbid_all disable;
SQL
loader="host=$PGHOST user=loader dbname=audited"
refused 5 "permission denied for table audit" "audit_made" -- \
    --from "$WORK/plain" --to "$loader" --schema s
psql -XAtq audited -c 'alter event trigger forbid_all enable'
refused 5 "no tables today" "Ask Ada" "forbid_all" -- --from "$WORK/plain" --to "$loader" --schema s
psql -XAtq audited -c 'alter event trigger forbid_all disable' -c 'grant insert on audit to public'
leaves 0 alone rebuild --from "$WORK/plain" --to "$loader" --schema s --rejects "$WORK/rejects"
# Nor is a target with all its tables there taken for one that needs none.
audited=$(psql -XAtq audited -c 'select count(*) from audit')
psql -XAtq audited -c 'revoke insert on audit from public'
refused 5 "permission denied for table audit" -- --from "$WORK/plain" --to "$loader" --schema s
check "what was tried was taken back" test \
    "$(psql -XAtq audited -c 'select count(*) from audit')" = "$audited"
check "nothing is left at the server" nothing_left audited

# How a role is set up.
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
create database mine;
create role quoting login superuser;
alter role quoting set quote_all_identifiers = on;
alter role quoting set default_transaction_isolation = serializable;
create role reading login superuser;
alter role reading set default_transaction_read_only = on;
SQL
for run in 1 2; do
    leaves 0 alone rebuild --from "host=$PGHOST user=quoting dbname=$PGDATABASE" \
        --to "host=$PGHOST user=quoting dbname=mine" --rejects "$WORK/rejects"
done
check "both runs are there" test "$(psql -XAtq mine -c 'select count(*) from course_funnel_runs')" = 2
refused 5 "session is read-only" "default_transaction_read_only" -- \
    --from "$WORK/plain" --to "host=$PGHOST user=reading dbname=mine"
check "the server is not looked for" test "$(grep -c 'server runs' "$WORK/stderr")" = 0

# A hot standby: read whatever its default is, and not published to.
start_standby -c listen_addresses=127.0.19.7
wait_until t followed
check "a plain statement fails there" test "$(psql -XAtq -h "$standby" -U quoting -c 'select 1' 2>&1 |
    grep -c 'cannot use serializable mode')" = 1
leaves 0 funnel 2 rebuild --from "host=$standby user=quoting dbname=$PGDATABASE" \
    --to "$WORK/marts" --rejects "$WORK/rejects"
same_marts "$WORK/marts" "$WORK/files"
leaves 0 alone report --from "host=$standby user=quoting dbname=mine"
refused 5 "read-only" "A standby is read-only" -- --from "$WORK/plain" \
    --to "host=$standby user=$PGUSER dbname=mine"
check "the server is not looked for" test "$(grep -c 'server runs' "$WORK/stderr")" = 0
export PGTARGETSESSIONATTRS=any
refused 5 "during recovery" "A standby is read-only" -- --from "$WORK/plain" \
    --to "host=$standby user=$PGUSER dbname=mine"
unset PGTARGETSESSIONATTRS
check "nothing is left at the standby" nothing_left -h "$standby"

# Advice fits what was refused.
tcp="host=127.0.19.7 user=$PGUSER dbname=mine"
refused 5 "server does not support SSL" "sslmode" -- --from "$WORK/plain" --to "$tcp sslmode=require"
check "the server is not looked for" test "$(grep -c 'server runs' "$WORK/stderr")" = 0
hba=$(psql -XAtq -h "$standby" -c 'show hba_file')
sed -i 's/trust/scram-sha-256/' "$hba"
psql -XAtq -h "$standby" -c 'select pg_reload_conf()' >/dev/null
refused 4 "no password supplied" "PGPASSFILE" -- --from "$tcp" --to "$WORK/marts"
check "the server is not looked for" test "$(grep -c 'server runs' "$WORK/stderr")" = 0
refused 5 "Is the server running" "Check that the server runs and can be reached." -- \
    --from "$WORK/plain" --to "host=127.0.19.8 user=$PGUSER dbname=mine"
if [ "$(id -u)" = 0 ]; then
    leaves 5 env -u PGUSER setpriv --reuid 54321 --regid 54321 --clear-groups "$BUILD/tests/publish_probe" \
        check "host=127.0.19.7 dbname=mine" >"$WORK/stdout" 2>"$WORK/stderr"
    says "local user with ID 54321 does not exist"
    check "the server is not looked for" test "$(grep -c 'server runs' "$WORK/stderr")" = 0
fi
passed
