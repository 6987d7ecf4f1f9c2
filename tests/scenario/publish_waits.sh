#!/bin/bash
# A target that waits, for a standby that is not there or for a lock that another session holds: the
# run says for whom, a stop is heeded as far as it is safe, and no session is left at the server.
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/table_gate.sh"

start_postgres
export PGOPTIONS='-c synchronous_commit=local' # of psql, and PGAPPNAME of those that hold locks
leaves 0 funnel 1 generate --out "$WORK/in" --format plain --users 50 --courses 2 --lessons 6 \
    --events 2000 --weeks 4 --seed 1

job=
begin_job() { # begin_job SCHEMA ARGS...: a run in the background, as $job
    : >"$WORK/stderr" # What the run before said is not to be taken for its own.
    env -u PGOPTIONS timeout -k 5 100 "$PROGRAM" rebuild --from "$WORK/in" --to "$CONNINFO" \
        --schema "$1" --rejects "$WORK/rejects" "${@:2}" </dev/null >"$WORK/stdout" \
        2>"$WORK/stderr" &
    job=$!
}
said() { # said TEXT: waits until the run has said it, 20 s at most
    local tries=0
    until grep -qF -- "$1" "$WORK/stderr"; do
        tries=$((tries + 1))
        check "it says in time: $1" test "$tries" -lt 200
        sleep 0.1
    done
}
ended() { # ended CODE: the run ends so within 15 s, and leaves no session
    local begun=$SECONDS
    job_leaves "$1"
    check "it ends soon, not in $((SECONDS - begun)) s" test $((SECONDS - begun)) -le 15
    wait_until 0 ours
}
ours() {
    psql -XAtqc "select count(*) from pg_stat_activity where application_name = 'course-funnel'"
}
runs() { psql -XAtqc "select count(*) from $1.course_funnel_runs"; }
standby_names() { # standby_names NAMES
    psql -XAtqc "alter system set synchronous_standby_names = '$1'"
    psql -XAtqc 'select pg_reload_conf()' >/dev/null
    wait_until "$1" shown
}
shown() { psql -XAtqc 'show synchronous_standby_names'; }
holder=
hold() { # hold TABLE [APPLICATION]: another session locks it, now or when it can
    PGAPPNAME=${2:-holder} psql -XAtqc "begin; lock table $1; select pg_sleep(90)" >/dev/null 2>&1 &
}
held() { # held [APPLICATION]: it has the lock, and is $holder
    keeper=${1:-holder}
    wait_until 1 holders
    holder=$(psql -XAtqc "select pid from pg_stat_activity where application_name = '$keeper'")
}
holders() {
    psql -XAtqc "select count(*) from pg_stat_activity where application_name = '$keeper'
        and wait_event = 'PgSleep'"
}
queued() {
    psql -XAtqc "select count(*) from pg_stat_activity where application_name = 'holder'
        and wait_event_type = 'Lock'"
}
let_go() {
    psql -XAtqc "select pg_terminate_backend($holder)" >/dev/null
    wait_until 0 holders
}

# Nobody waits for a lock for longer than the tries, which takes a minute: it passes meanwhile.
leaves 0 alone rebuild --from "$WORK/in" --to "$CONNINFO" --schema locked --rejects "$WORK/rejects"
hold locked.mart_course_funnel_lessons keeper
held keeper
keeper_pid=$holder locked_begun=$SECONDS
PGAPPNAME=patient env -u PGOPTIONS timeout -k 5 100 "$PROGRAM" rebuild --from "$WORK/in" --to "$CONNINFO" \
    --schema locked --rejects "$WORK/rejects.locked" </dev/null >"$WORK/stdout.locked" \
    2>"$WORK/stderr.locked" &
patient=$!

# No standby: what is made and staged waits for none, the publication does. A stop ends its wait; what
# is committed at the server is published, and the run says so.
standby_names nobody
begin_job first
said 'Committing the publication: waits for a standby: the server has committed'
said '(nobody)'
check "nobody sees it yet" test "$(runs first)" = 0
kill -TERM "$job"
ended 0
says 'the server has committed, but no standby has confirmed that'
check "it is published, once" test "$(runs first)" = 1

# A standby that comes ends the wait.
begin_job first
said 'waits for a standby'
standby_names ''
ended 0
check "all is confirmed" test "$(grep -c 'no standby has confirmed' "$WORK/stderr")" = 0
check "it is published" test "$(runs first)" = 2

# A session that ends while it waits has committed: the next try finds the record of this run.
cut_waiting() {
    psql -XAtqc "select count(pg_terminate_backend(pid)) from pg_stat_activity
        where wait_event = 'SyncRep'"
}
standby_names nobody
begin_job first --checkpoint "$WORK/folder"
said 'waits for a standby'
check "it is cut" test "$(cut_waiting)" = 1
ended 0
check "it is published once" test "$(runs first)" = 3

# The same run once more finds its rows, waits for nobody, and warns of nothing.
begin_job first --checkpoint "$WORK/folder"
ended 0
says 'all input was read before'
check "it is not published again" test "$(runs first)" = 3
check "nothing is warned of" test "$(grep -c warning "$WORK/stderr")" = 0

# Where event triggers may stand in the way all tables are tried; that waits for no standby either.
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
create function look_on() returns event_trigger language plpgsql as 'begin end';
create event trigger look_on on ddl_command_end execute function look_on();
SQL
begin_job tried --dry-run
ended 0
check "it does not wait" test "$(grep -c waits "$WORK/stderr")" = 0
check "nothing is left of what was tried" test "$(psql -XAtqc "select to_regnamespace('tried') is null")" = t
psql -XAtqc 'drop event trigger look_on'

# A stop while the answer to a COMMIT is lost, and the next try waits for a lock: what is known is said.
begin_job first
said 'waits for a standby'
hold first.mart_course_funnel_lessons
wait_until 1 queued
check "it is cut" test "$(cut_waiting)" = 1
held
said "waits for a lock of pid $holder (holder, its statement began 20"
kill -TERM "$job"
ended 75
says 'Stopped on request.'
says 'This try changed nothing.'
says 'The answer to a COMMIT was lost before, so the marts may be published or not: look for run_id'
let_go
check "it was published" test "$(runs first)" = 4
standby_names ''

# A lock: who holds it is said. A stop is heeded, and nothing was changed.
marts() { psql -XAtqc "select md5(string_agg(m::text, ',' order by m)) from first.$1 m"; }
marts mart_course_funnel_lessons >"$WORK/before"
hold first.course_funnel_runs
held
begin_job first
said "waits for a lock of pid $holder (holder, its statement began 20"
kill -TERM "$job"
ended 75
says 'Stopped on request.'
check "no COMMIT is in doubt" test "$(grep -c 'answer to a COMMIT' "$WORK/stderr")" = 0
let_go
check "nothing was changed" test "$(runs first) $(marts mart_course_funnel_lessons)" = \
    "4 $(cat "$WORK/before")"

# The one that waited for a lock all the time names the holder.
job=$patient
job_leaves 5
cp "$WORK/stderr.locked" "$WORK/stderr"
check "it ends in $((SECONDS - locked_begun)) s" test $((SECONDS - locked_begun)) -le 75
says "(SQLSTATE 55P03). It waited for a lock of pid $keeper_pid (keeper, its statement began 20"
check "its session is gone" test "$(psql -XAtqc "select count(*) from pg_stat_activity
    where application_name = 'patient'")" = 0
keeper=keeper holder=$keeper_pid
let_go
check "it changed nothing" test "$(runs locked)" = 1
begin_job locked
ended 0
check "it is published" test "$(runs locked)" = 2
passed
