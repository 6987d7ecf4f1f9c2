#!/bin/bash
# Texts of databases in another encoding than UTF-8, and in none: the same users as in files.
. "$(dirname "$0")/../support/lib.sh"

start_postgres
export PGCLIENTENCODING=UTF8
# make_events DATABASE ENCODING: a database with a table of events in the encoding.
make_events() {
    psql -XAtq -v ON_ERROR_STOP=1 -c "create database $1 encoding $2 lc_collate 'C' lc_ctype 'C'
        template template0"
    psql -XAtq -v ON_ERROR_STOP=1 -d "$1" -c 'create schema raw_amplitude; create table
        raw_amplitude.events (event_type text, user_id text, event_time timestamptz,
        event_properties json, uuid text)'
}
# read_both DATABASE ARGS...: its table and the file of $WORK/lines as one history.
read_both() {
    local database=$1
    shift
    leaves 0 funnel 2 rebuild --from "$WORK/lines" "host=$PGHOST user=$PGUSER dbname=$database" \
        --to "$WORK/$database" --rejects "$WORK/$database.rejects" --max-reject-share 1 "$@"
}
# line USER: an event of a file, whose user has those bytes.
line() {
    printf '{"event_type":"course_lesson_started","user_id":"%b","event_time":' "$1"
    printf '"2025-07-01 10:00:00","event_properties":{"course_id":1,"lesson_id":1}}\n'
}

# LATIN1: é is the same user as é in UTF-8.
make_events latin LATIN1
psql -XAtq -v ON_ERROR_STOP=1 -d latin <<'SQL'
insert into raw_amplitude.events values
    ('course_lesson_started', 'Zoé', '2025-07-01', '{"course_id":1,"lesson_id":1}'),
    ('course_lesson_started', 'Zo', '2025-07-01', '{"é":"ÿ","course_id":1,"lesson_id":1}');
SQL
check "it is one byte there" test "$(psql -XAtqd latin -c \
    "select octet_length(user_id) from raw_amplitude.events where user_id like '%é'")" = 3
line 'Zo\xc3\xa9' >"$WORK/lines"
read_both latin
check "a user with an accent is one user" grep -q '^1,2025-06-30,2,0,' \
    "$WORK/latin/mart_course_funnel_cohorts.csv"

# SQL_ASCII: bytes, which need not be UTF-8. They are the user's, as those of a file are.
make_events ascii SQL_ASCII
PGCLIENTENCODING=SQL_ASCII psql -XAtq -v ON_ERROR_STOP=1 -d ascii <<'SQL'
insert into raw_amplitude.events values
    ('course_lesson_started', E'Zo\xe9', '2025-07-01', E'{"\xff":"\xc3","course_id":1,"lesson_id":1}'),
    ('course_lesson_started', E'Zo\xc3\xa9', '2025-07-01', '{"course_id":1,"lesson_id":1}'),
    ('course_lesson_started', E'Zo\xe9', '2025-07-01', E'{"\xff":"\xc3"}');
SQL
{
    line 'Zo\xe9'
    line 'Zo\xc3\xa9'
} >"$WORK/lines"
read_both ascii
check "users of bytes are those of the file" grep -q '^1,2025-06-30,2,0,' \
    "$WORK/ascii/mart_course_funnel_cohorts.csv"
# A reject keeps them as they are: "Zo\xe9" and {\"\xff\":\"\xc3\"}.
check "a reject has the bytes" grep -qE \
    '^raw_amplitude.events,3,no_course,.*225a6fe922.*7b5c22ff5c223a5c22c35c227d' \
    <(reject_list "$WORK/ascii.rejects")
passed
