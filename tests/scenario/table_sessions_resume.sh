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
session_counts() { # session_counts NAME: what the run's record says of sessions
    grep -oE '"(sessions_read|users_with_session|users_without_session)":\s*[0-9]+' \
        "$WORK/$1/course_funnel_run.json"
}
session_counts straight >"$WORK/straight.counts"

# A profile id that is lost on its way is noticed on every rank.
for ranks in 1 3; do
    fault match.lose:5:0:EIO leaves 70 run lost "$ranks"
    says 'The counts do not balance: '
    check "nothing is published" test ! -e "$WORK/lost/mart_course_funnel_lessons.csv"
done

# The match is kept with the sums, whatever becomes of the tables meanwhile.
folder=(--checkpoint "$WORK/folder")
for ranks in 1 3; do
    rm -rf "$WORK/folder" "$WORK/out"
    fault rebuild.publish:1:0:kill leaves 137 run out "$ranks" "${folder[@]}"
    psql -XAtqc "insert into raw_funnelfox.sessions values ('more')"
    leaves 0 run out $((4 - ranks)) "${folder[@]}"
    says 'all input was read before'
    says "warning: tables are published as they were at $(date -u +%Y-%m-%d) "
    says ' UTC, when they were read; --restart reads them anew'
    check "nobody is told that users are not matched" test -z "$(grep 'not matched' "$WORK/stderr")"
    same_marts "$WORK/out" "$WORK/straight"
    same "$WORK/out/$match" "$WORK/straight/$match"
    session_counts out >"$WORK/out.counts"
    same "$WORK/out.counts" "$WORK/straight.counts"
    psql -XAtqc "delete from raw_funnelfox.sessions where profile_id = 'more'"
done
psql -XAtqc 'create view public.visits as select profile_id as visitor from raw_funnelfox.sessions'
leaves 3 run other 2 "${folder[@]}" --sessions-table public.visits --column profile_id=visitor
says 'users were matched with raw_funnelfox.sessions, now are to be with'
says 'public.visits(profile_id=visitor) ("none" leaves the match out)'
check "the match of another table is not published" test ! -e "$WORK/other/$match"
leaves 0 run none 2 "${folder[@]}" --sessions-table none
check "who wants no match gets none" test ! -e "$WORK/none/$match"
rm -rf "$WORK/folder"

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
