#!/bin/bash
# Users are matched with the profiles of sessions: as SQL counts it, on any number of ranks, and
# without a trace in the marts.
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/table_gate.sh"

seed=${COURSE_FUNNEL_SEED:-$(date +%s)}
echo "COURSE_FUNNEL_SEED=$seed"
start_postgres
load_sample --users 500 --courses 6 --lessons 10 --events 9000 --course-share 0.5 --weeks 9 \
    --late 0.05 --seed "$seed"
check "without sessions there is no such file" test ! -e "$WORK/files/course_funnel_session_match.csv"
check "nor is there anything in the record" grep -q '"sessions_read":\s*null' \
    "$WORK/files/course_funnel_run.json"

# Some users have many sessions, most sessions are of nobody, and some have no profile.
psql -XAtq -v ON_ERROR_STOP=1 -c "select setseed(($seed % 1000) / 1000.0)" >/dev/null -f - <<'SQL'
create schema raw_funnelfox;
create table raw_funnelfox.sessions (id bigserial, profile_id text, created_at timestamptz);
insert into raw_funnelfox.sessions (profile_id, created_at)
    select user_id, now() from (select distinct user_id from raw_amplitude.events
        where user_id is not null) u, generate_series(1, 1 + length(user_id) % 4)
    where abs(hashtext(user_id)) % 3 > 0;
insert into raw_funnelfox.sessions (profile_id)
    select 'pro_' || i from generate_series(1, 20000) i;
insert into raw_funnelfox.sessions (profile_id) values (null), (''), (' ');
insert into raw_funnelfox.sessions (profile_id)
    select upper(user_id) || ' ' from raw_amplitude.events where user_id is not null limit 100;
create view raw_funnelfox.seen as select * from raw_funnelfox.sessions order by profile_id desc;
create table raw_funnelfox.other (visitor varchar(99));
insert into raw_funnelfox.other select profile_id from raw_funnelfox.sessions;
create table raw_funnelfox.bad (profile_id boolean);
SQL
# The oracle, in SQL: users and courses with any good course event.
psql -XAtq -v ON_ERROR_STOP=1 >"$WORK/expected" <<'SQL'
create table gate.enrolled as select distinct user_id, (event_properties::jsonb ->> 'course_id')::int
    as course_id from raw_amplitude.events where event_type in ('course_lesson_started',
    'course_lesson_completed', 'course_completed') and user_id is not null;
\copy (select course_id, count(*) as users, count(*) filter (where s) as users_with_session, count(*) filter (where not s) as users_without_session from (select course_id, exists (select from raw_funnelfox.sessions where profile_id = user_id) as s from gate.enrolled) e group by 1 order by 1) to stdout csv header
SQL
psql -XAtqc "select '\"users_with_session\":' || count(*) from (select distinct user_id
    from gate.enrolled) u where exists (select from raw_funnelfox.sessions
    where profile_id = user_id)" >"$WORK/with"
check "some users have a session" grep -qv ':0$' "$WORK/with"

matched() { # matched NAME RANKS ARGS...
    local name=$1 ranks=$2
    shift 2
    leaves 0 funnel "$ranks" rebuild --from "$CONNINFO" --to "$WORK/$name" \
        --rejects "$WORK/rejects" --range-bytes 64K "$@"
    same_marts "$WORK/$name" "$WORK/files"
    same "$WORK/$name/course_funnel_session_match.csv" "$WORK/expected"
    check "the record has the count" grep -qF "$(cat "$WORK/with")" \
        <(tr -d ' \t' <"$WORK/$name/course_funnel_run.json")
    check "so has the summary" grep -qE "users with a session +$(cut -d: -f2 <"$WORK/with") " \
        <(tr -d , <"$WORK/stdout")
}
for ranks in 1 2 3; do
    matched "default$ranks" "$ranks"
done
matched view 3 --sessions-table raw_funnelfox.seen
matched other 2 --sessions-table raw_funnelfox.other --column profile_id=visitor --connections 1
# Users of files are matched too.
psql -XAtqc 'create table gate.none (like raw_amplitude.events)'
matched of_files 2 --from "$WORK/plain" --events-table gate.none

# The target's table goes with the marts: filled, then emptied by a run without sessions.
leaves 0 funnel 2 rebuild --from "$CONNINFO" --to "$CONNINFO" --schema marts \
    --rejects "$WORK/rejects"
psql -XAtqc '\copy (select * from marts.course_funnel_session_match order by 1) to stdout csv header' \
    >"$WORK/published"
same "$WORK/published" "$WORK/expected"
leaves 0 funnel 2 rebuild --from "$CONNINFO" --to "$CONNINFO" --schema marts \
    --rejects "$WORK/rejects" --sessions-table none
check "no sessions, no rows" test "$(psql -XAtqc 'select count(*)
    from marts.course_funnel_session_match')" = 0
check "and no count" test "$(psql -XAtqc 'select count(*), count(sessions_read)
    from marts.course_funnel_runs')" = '2|1'
leaves 0 funnel 2 rebuild --from "$CONNINFO" --to "$WORK/view" --rejects "$WORK/rejects" \
    --sessions-table none
check "nor is an old file left" test ! -e "$WORK/view/course_funnel_session_match.csv"

# What cannot be read is an error where it was asked for, else a warning.
refused() {
    leaves 4 funnel 2 rebuild --from "$CONNINFO" --to "$WORK/none" --rejects "$WORK/rejects" \
        --sessions-table "$1"
    says "$2"
}
refused raw_funnelfox.none 'raw_funnelfox.none: no source has such a table'
refused raw_funnelfox.bad 'the column "profile_id" for profile_id is of type bool'
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
create role plain login;
grant usage on schema raw_amplitude to plain;
grant select on raw_amplitude.events to plain;
SQL
for grant in 'grant usage on schema raw_funnelfox to plain' \
    'grant select on raw_funnelfox.sessions to plain;
     alter table raw_funnelfox.sessions rename profile_id to visitor'; do
    leaves 0 funnel 2 rebuild --from "host=$PGHOST dbname=postgres user=plain" --to "$WORK/plainly" \
        --rejects "$WORK/rejects"
    says 'users are not matched with sessions: '
    same_marts "$WORK/plainly" "$WORK/files"
    psql -XAtqc "$grant"
done
leaves 0 funnel 2 rebuild --from "host=$PGHOST dbname=postgres user=plain" --to "$WORK/plainly" \
    --rejects "$WORK/rejects"
says 'users are not matched with sessions: raw_funnelfox.sessions: there is no column'

# A table that fails while it is read, on one rank alone, and after all events were read.
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
alter table raw_funnelfox.sessions rename visitor to profile_id;
alter table raw_funnelfox.sessions rename to kept;
create view raw_funnelfox.sessions as select (1 / (id - 1000))::text as profile_id
    from raw_funnelfox.kept;
SQL
unmatched() { # unmatched RANKS ARGS...: a run that publishes the marts, and no match
    local ranks=$1
    shift
    leaves 0 funnel "$ranks" rebuild --from "$CONNINFO" --to "$WORK/unmatched" \
        --rejects "$WORK/rejects" "$@"
    same_marts "$WORK/unmatched" "$WORK/files"
    check "no match, no file" test ! -e "$WORK/unmatched/course_funnel_session_match.csv"
    check "and no count" grep -q '"sessions_read":\s*null' "$WORK/unmatched/course_funnel_run.json"
}
for ranks in 1 3; do
    unmatched $ranks
    says 'users are not matched with sessions: '
    says 'division by zero'
done
unmatched 2 --checkpoint "$WORK/folder"
says 'division by zero'
named=(--sessions-table raw_funnelfox.sessions)
leaves 4 funnel 2 rebuild --from "$CONNINFO" --to "$WORK/none" --rejects "$WORK/rejects" "${named[@]}"
says 'division by zero'
for ranks in 1 3; do
    rm -rf "$WORK/folder" "$WORK/unmatched"
    leaves 4 funnel $ranks rebuild --from "$CONNINFO" --to "$WORK/unmatched" \
        --rejects "$WORK/rejects" --checkpoint "$WORK/folder" "${named[@]}"
    says 'division by zero'
    says 'the same command publishes them, without a match'
    check "nothing is published" test ! -e "$WORK/unmatched/mart_course_funnel_lessons.csv"
    unmatched 2 --checkpoint "$WORK/folder" "${named[@]}"
    says 'all input was read before'
    says 'users are not matched with sessions: all was read by an attempt before'
done
psql -XAtqc 'drop view raw_funnelfox.sessions; alter table raw_funnelfox.kept rename to sessions'

# Of several sources the sessions of all are one set: here each has half of the events, and half of
# the sessions, of other users.
for half in 0 1; do
    psql -XAtq -d template1 -c "create database half$half template postgres"
    psql -XAtq -d "half$half" -v ON_ERROR_STOP=1 \
        -c "delete from raw_amplitude.events where abs(hashtext(events::text)) % 2 = $half" \
        -c "delete from raw_funnelfox.sessions where abs(hashtext(profile_id)) % 2 = $half
            and profile_id <> ''"
done
halves=(--from "host=$PGHOST user=$PGUSER dbname=half0" --from "host=$PGHOST user=$PGUSER dbname=half1")
of_halves() { # of_halves NAME RANKS ARGS...: as matched, without the first source
    local name=$1 ranks=$2
    shift 2
    leaves 0 funnel "$ranks" rebuild "${halves[@]}" --to "$WORK/$name" --rejects "$WORK/rejects" "$@"
    same_marts "$WORK/$name" "$WORK/files"
}
sessions_read() {
    grep -oE '"sessions_read":\s*[a-z0-9]+' "$1/course_funnel_run.json" | grep -oE '[a-z0-9]+$'
}
for ranks in 1 3; do
    of_halves "halves$ranks" "$ranks"
    same "$WORK/halves$ranks/course_funnel_session_match.csv" "$WORK/expected"
done
of_halves named 2 --sessions-table raw_funnelfox.sessions
same "$WORK/named/course_funnel_session_match.csv" "$WORK/expected"
# One database that is named twice has its sessions read once.
psql -XAtq -d half0 -v ON_ERROR_STOP=1 -c 'create table gate.more (like raw_amplitude.events)'
halves+=(--from "host=$PGHOST user=$PGUSER dbname=half0" --events-table gate.more)
of_halves twice 2
same "$WORK/twice/course_funnel_session_match.csv" "$WORK/expected"
check "no session is read twice" test "$(sessions_read "$WORK/twice")" = "$(sessions_read "$WORK/named")"
# A source without the table leaves the others to be read; one where it cannot be read, none.
psql -XAtq -d half1 -c 'alter table raw_funnelfox.sessions rename to gone'
of_halves one_lacks 2
check "the others' sessions are read" test -e "$WORK/one_lacks/course_funnel_session_match.csv"
psql -XAtq -d half1 -c 'create view raw_funnelfox.sessions as select 1 as visitor'
of_halves one_bad 2
says 'users are not matched with sessions: raw_funnelfox.sessions: there is no column'
check "half a match is none" test ! -e "$WORK/one_bad/course_funnel_session_match.csv"
passed
