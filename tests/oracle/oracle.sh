#!/bin/bash
# The rules once more, in plain SQL: what the marts of some files must be.
#
# usage: oracle.sh OUT FILE...
#
# ORACLE_DAY is the day of the run (--as-of), today in UTC if it is not set. Writes to the folder OUT:
# mart_course_funnel_*.csv of cohorts, lessons, dropoff, steps, completion and entry_points,
# record.csv, ledger.csv (name,value) and rejects.csv (source,offset,reason,
# the line in hex). Works in the schema "oracle" of the server that PGHOST, PGUSER and the like
# name, and drops it. Not judged here, since PostgreSQL reads them in its own way: lines with the
# escape \u0000 or lone surrogates in a user_id, with a NUL, with exponents of more than five digits, with a
# value that is no JSON in a field that is not used, with a user_id that is a number with an exponent,
# or with both bytes that are not UTF-8 and a user_id or entry_point spelled with \u escapes.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,14s/^# \{0,1\}//p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
out=$(mkdir -p "$1" && cd "$1" && pwd)
shift

export PGOPTIONS="${PGOPTIONS:-} -c client_min_messages=warning"
psql=(psql --no-psqlrc --quiet --set ON_ERROR_STOP=1)

copy_out() { # copy_out FILE QUERY
    printf "\\\\copy (%s) to '%s' csv header\n" "$2" "$out/$1"
}

{
    echo 'begin;'
    echo 'drop schema if exists oracle cascade; create schema oracle; set search_path = oracle;'
    echo 'create table line (source text, position bigint, raw bytea);'
    echo 'copy line from stdin;'
    python3 "$here/load.py" "$@"
    echo '\.'
    cat "$here/helpers.sql" "$here/events.sql"
    echo 'analyze event; analyze completion;'
    cat "$here/marts.sql"
    echo "\\set day '${ORACLE_DAY:-$(date -u +%F)}'"
    cat "$here/answers.sql"
    copy_out mart_course_funnel_cohorts.csv \
        'select * from mart_course_funnel_cohorts order by 1, 2'
    copy_out mart_course_funnel_lessons.csv \
        'select * from mart_course_funnel_lessons order by 1, 2, 3'
    copy_out mart_course_funnel_dropoff.csv \
        'select * from mart_course_funnel_dropoff order by 1, 2, 3'
    copy_out mart_course_funnel_steps.csv 'select * from mart_course_funnel_steps order by 1, 2, 3'
    copy_out mart_course_funnel_completion.csv \
        'select * from mart_course_funnel_completion order by 1, 2'
    copy_out mart_course_funnel_entry_points.csv \
        'select * from mart_course_funnel_entry_points order by 1, 2, 3'
    copy_out record.csv 'select * from answers_record'
    copy_out ledger.csv 'select * from ledger'
    copy_out rejects.csv "select source, position as \"offset\", reason, encode(raw, 'hex') as line from reject order by 1, 2"
    echo 'drop schema oracle cascade;'
    echo 'commit;'
} | "${psql[@]}"
