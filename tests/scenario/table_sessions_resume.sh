#!/bin/bash
# The match with sessions in runs that end before their time, and books that do not balance in it.
. "$(dirname "$0")/../support/checkpoint.sh"
. "$(dirname "$0")/../support/table_gate.sh"

start_postgres
psql -XAtqc 'alter system set autovacuum = off' -c 'select pg_reload_conf()' >/dev/null
load_sample --users 400 --courses 5 --lessons 12 --events 30000 --course-share 0.5 --weeks 6 \
    --seed "$seed"
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
create schema raw_funnelfox;
create table raw_funnelfox.sessions as select user_id as profile_id from raw_amplitude.events
    where abs(hashtext(user_id)) % 3 > 0;
insert into raw_funnelfox.sessions values (null), (''), ('nobody');
SQL
run() { # run NAME RANKS ARGS...
    local name=$1 ranks=$2
    shift 2
    funnel "$ranks" rebuild --from "$CONNINFO" --to "$WORK/$name" --rejects "$WORK/rejects" \
        --range-bytes 64K "$@"
}
match=course_funnel_session_match.csv
leaves 0 run straight 2
check "users are matched" test -s "$WORK/straight/$match"
counts "$WORK/straight/course_funnel_run.json" >"$WORK/straight.counts"

# A profile id that is lost on its way is noticed on every rank.
for ranks in 1 3; do
    fault match.lose:5:0:EIO leaves 70 run lost "$ranks"
    says 'The counts do not balance: '
    check "nothing is published" test ! -e "$WORK/lost/mart_course_funnel_lessons.csv"
done

# A request to stop is heeded while the table of sessions is read, which may take long.
psql -XAtqc 'create view gate.sessions as select profile_id from raw_funnelfox.sessions
    where gate.is_open()'
stopped() { # stopped NAME ARGS...: asked while it reads sessions
    local name=$1
    shift
    close_gate
    mpirun --oversubscribe -n 3 "$PROGRAM" rebuild --from "$CONNINFO" --to "$WORK/$name" \
        --rejects "$WORK/rejects" --range-bytes 64K --sessions-table gate.sessions "$@" \
        </dev/null >"$WORK/stdout" 2>"$WORK/stderr" &
    job=$!
    wait_until 1 behind_gate
    kill -USR1 "$job"
    job_leaves 75
    open_gate
    says 'Stopped on request while users were matched with sessions.'
    check "nothing is published" test ! -e "$WORK/$name/mart_course_funnel_lessons.csv"
}
stopped nothing_kept
says 'Nothing is kept'
stopped resumed --checkpoint "$WORK/folder"
says 'the same command publishes them, without a match'
leaves 0 run resumed 2 --sessions-table gate.sessions --checkpoint "$WORK/folder"
says 'users are not matched with sessions: all was read by an attempt before'
same_marts "$WORK/resumed" "$WORK/straight"
check "without a match" test ! -e "$WORK/resumed/$match"
passed
