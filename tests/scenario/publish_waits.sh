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
begin_job() { # begin_job SCHEMA: a run in the background, as $job
    env -u PGOPTIONS timeout -k 5 100 "$PROGRAM" rebuild --from "$WORK/in" --to "$CONNINFO" \
        --schema "$1" --rejects "$WORK/rejects" </dev/null >"$WORK/stdout" 2>"$WORK/stderr" &
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
standby_names nobody
begin_job first
said 'waits for a standby'
psql -XAtqc "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'" \
    >/dev/null
ended 0
check "it is published once" test "$(runs first)" = 3
standby_names ''

# A lock: who holds it is said. A stop is heeded, and nothing was changed.
marts() { psql -XAtqc "select md5(string_agg(m::text, ',' order by m)) from first.$1 m"; }
marts mart_course_funnel_lessons >"$WORK/before"
holder=
hold() { # hold TABLE
    PGAPPNAME=holder psql -XAtqc "begin; lock table $1; select pg_sleep(90)" >/dev/null 2>&1 &
    wait_until 1 holders
    holder=$(psql -XAtqc "select pid from pg_stat_activity where application_name = 'holder'")
}
holders() {
    psql -XAtqc "select count(*) from pg_stat_activity where application_name = 'holder'
        and wait_event = 'PgSleep'"
}
let_go() {
    psql -XAtqc "select pg_terminate_backend($holder)" >/dev/null
    wait_until 0 holders
}
hold first.course_funnel_runs
begin_job first
said "waits for a lock of pid $holder (holder, its statement began 20"
kill -TERM "$job"
ended 75
says 'Stopped on request.'
let_go
check "nothing was changed" test "$(runs first) $(marts mart_course_funnel_lessons)" = \
    "3 $(cat "$WORK/before")"

# Nobody waits for longer than the tries: then the holder is named.
hold first.mart_course_funnel_lessons
begin_job first
begun=$SECONDS
job_leaves 5
check "it ends in $((SECONDS - begun)) s" test $((SECONDS - begun)) -le 75
says "(SQLSTATE 55P03). It waited for a lock of pid $holder (holder, its statement began 20"
wait_until 0 ours
let_go
begin_job first
ended 0
passed
