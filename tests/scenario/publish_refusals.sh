#!/usr/bin/env bash
# Targets that cannot take the marts are refused before any work, and each difference is named.
. "$(dirname "$0")/../support/publish.sh"
start_server

# refused NAME MESSAGE... reads the damage, as SQL upon a fresh publication in the schema s, from
# standard input, then demands code 5 and every message of the check and of publishing alike.
refused() {
    local name=$1 message
    shift
    sql -c "DROP SCHEMA IF EXISTS s CASCADE" 2>/dev/null
    "$probe" publish "$database" s 1 3 >/dev/null
    sql -c "$(cat)"
    run "$probe" check "${user:-$database}" s
    check "$name: refused by the check" "$code" 5
    for message in "$@"; do
        check_match "$name: says $message" "$err" "$message"
    done
    run "$probe" publish "${user:-$database}" s 2 3 99999999999999999
    check "$name: refused when publishing" "$code" 5
    for message in "$@"; do
        check_match "$name: publishing says it too" "$err" "$message"
    done
}

refused "missing column" "mart_course_funnel_lessons lacks the column avg_time_spent_sec numeric" \
    <<<"ALTER TABLE s.mart_course_funnel_lessons DROP COLUMN avg_time_spent_sec"
refused "other type" "mart_course_funnel_cohorts.users_started is of type bigint, expected is integer" \
    <<<"DROP VIEW s.mart_course_funnel_dropoff; ALTER TABLE s.mart_course_funnel_cohorts ALTER users_started TYPE BIGINT"
refused "a type that rounds" "mart_course_funnel_lessons.funnel_retention_rate is of type numeric(5,2), expected is numeric" \
    <<<"ALTER TABLE s.mart_course_funnel_lessons ALTER funnel_retention_rate TYPE NUMERIC(5, 2)"
refused "NOT NULL rate" "mart_course_funnel_cohorts.course_completion_rate is NOT NULL, but has to take NULL" \
    <<<"TRUNCATE s.mart_course_funnel_cohorts; ALTER TABLE s.mart_course_funnel_cohorts ALTER course_completion_rate SET NOT NULL"
refused "extra NOT NULL column" "mart_course_funnel_cohorts has a column loaded_by that nothing fills" \
    <<<"TRUNCATE s.mart_course_funnel_cohorts; ALTER TABLE s.mart_course_funnel_cohorts ADD loaded_by TEXT NOT NULL"
refused "generated column" "mart_course_funnel_cohorts.total_lessons is computed by the server" \
    <<<"ALTER TABLE s.mart_course_funnel_cohorts DROP total_lessons, ADD total_lessons INTEGER GENERATED ALWAYS AS (3) STORED"
refused "no primary key" "mart_course_funnel_lessons has the primary key (none), expected is (course_id, cohort_week_start, lesson_id)" \
    <<<"ALTER TABLE s.mart_course_funnel_lessons DROP CONSTRAINT mart_course_funnel_lessons_pkey"
refused "primary key in another order" "mart_course_funnel_cohorts has the primary key (cohort_week_start, course_id)" \
    <<<"ALTER TABLE s.mart_course_funnel_cohorts DROP CONSTRAINT mart_course_funnel_cohorts_pkey, ADD PRIMARY KEY (cohort_week_start, course_id)"
refused "mart is a view" "mart_course_funnel_cohorts is a view, expected is a table" \
    <<<"ALTER TABLE s.mart_course_funnel_cohorts RENAME TO kept; CREATE VIEW s.mart_course_funnel_cohorts AS TABLE s.kept"
refused "mart is a materialized view" "mart_course_funnel_cohorts is a materialized view, expected is a table" \
    <<<"ALTER TABLE s.mart_course_funnel_cohorts RENAME TO kept; CREATE MATERIALIZED VIEW s.mart_course_funnel_cohorts AS TABLE s.kept"
refused "view is a table" "mart_course_funnel_dropoff is a table, expected is a view" \
    <<<"DROP VIEW s.mart_course_funnel_dropoff; CREATE TABLE s.mart_course_funnel_dropoff (a INTEGER)"
refused "all differences at once" "course_funnel_runs lacks the column ranks integer" \
    "mart_course_funnel_cohorts lacks the column total_lessons integer" \
    <<<"ALTER TABLE s.course_funnel_runs DROP ranks; ALTER TABLE s.mart_course_funnel_cohorts DROP total_lessons"

# Rows of others hang on those of the marts, which each run deletes.
refused "a foreign key that cascades" \
    "mart_course_funnel_cohorts: the foreign key mine_fkey of s.mine points at it, whose rows each run deletes" \
    <<<"CREATE TABLE s.mine (c INTEGER, w DATE, CONSTRAINT mine_fkey FOREIGN KEY (c, w)
            REFERENCES s.mart_course_funnel_cohorts ON DELETE CASCADE);
        INSERT INTO s.mine SELECT course_id, cohort_week_start FROM s.mart_course_funnel_cohorts"
check "a foreign key that cascades: its table is as it was" \
    "$(sql -c "SELECT count(*) = (SELECT count(*) FROM s.mart_course_funnel_cohorts) FROM s.mine")" t
refused "a foreign key that forbids" \
    "course_funnel_session_match: the foreign key mine_fkey of s.mine points at it" \
    <<<"CREATE TABLE s.mine (c INTEGER CONSTRAINT mine_fkey REFERENCES s.course_funnel_session_match)"
refused "a table that inherits" \
    "mart_course_funnel_lessons: the table s.mine inherits from it" \
    "mart_course_funnel_lessons: the table s.deeper inherits from it" \
    <<<"CREATE TABLE s.mine () INHERITS (s.mart_course_funnel_lessons);
        CREATE TABLE s.deeper () INHERITS (s.mine);
        INSERT INTO s.mine SELECT * FROM ONLY s.mart_course_funnel_lessons"
check "a table that inherits: its rows are as they were" \
    "$(sql -c "SELECT count(*) = (SELECT count(*) FROM ONLY s.mart_course_funnel_lessons) FROM s.mine")" t
# It partitions the mart of cohorts, rows and all.
partition="ALTER TABLE s.mart_course_funnel_cohorts RENAME TO kept;
    ALTER TABLE s.kept RENAME CONSTRAINT mart_course_funnel_cohorts_pkey TO kept_pkey;
    CREATE TABLE s.mart_course_funnel_cohorts (LIKE s.kept, PRIMARY KEY (course_id, cohort_week_start))
        PARTITION BY RANGE (course_id);
    CREATE TABLE s.low PARTITION OF s.mart_course_funnel_cohorts FOR VALUES FROM (MINVALUE) TO (1);
    CREATE TABLE s.high PARTITION OF s.mart_course_funnel_cohorts FOR VALUES FROM (1) TO (MAXVALUE);
    INSERT INTO s.mart_course_funnel_cohorts SELECT * FROM s.kept;
    DROP TABLE s.kept"
refused "a foreign key to a partition" \
    "mart_course_funnel_cohorts: the foreign key mine_fkey of s.mine points at it" \
    <<<"$partition; CREATE TABLE s.mine (c INTEGER, w DATE, CONSTRAINT mine_fkey FOREIGN KEY (c, w)
        REFERENCES s.high)"
refused "a foreign key to a mart with partitions" \
    "mart_course_funnel_cohorts: the foreign key mine_fkey of s.mine points at it" \
    <<<"$partition; CREATE TABLE s.mine (c INTEGER, w DATE, CONSTRAINT mine_fkey FOREIGN KEY (c, w)
        REFERENCES s.mart_course_funnel_cohorts)"
check "a foreign key to a mart with partitions: said once" "$(grep -c mine_fkey <<<"$err")" 1

sql -c "DROP SCHEMA s CASCADE" 2>/dev/null
"$probe" publish "$database" s 1 3 >/dev/null
sql -c "$partition"
for seed in 2 1; do
    run "$probe" publish "$database" s $seed 3
    check "a mart with partitions takes the rows of seed $seed" "$code$err" 0
done
"$probe" publish "$work/csv" s 1 3 >/dev/null
check "and holds just these" "$(cmp "$work/csv/mart_course_funnel_cohorts.csv" <(sql -c "COPY (SELECT *
    FROM s.mart_course_funnel_cohorts ORDER BY 1, 2) TO STDOUT (FORMAT csv, HEADER)") && echo same)" same

sql -c "CREATE ROLE plain LOGIN"
user="$database user=plain"
refused "no rights" "schema s: the role plain lacks USAGE on it" <<<""
refused "some rights" "mart_course_funnel_cohorts: the role plain lacks the right to DELETE" \
    "course_funnel_runs: the role plain lacks the right to INSERT" \
    <<<"GRANT USAGE ON SCHEMA s TO plain; GRANT SELECT, INSERT ON s.mart_course_funnel_cohorts TO plain"
refused "no right to create what is missing" "schema s: the role plain lacks CREATE on it, and objects are missing" \
    <<<"GRANT USAGE ON SCHEMA s TO plain; DROP VIEW s.mart_course_funnel_dropoff;
        GRANT ALL ON ALL TABLES IN SCHEMA s TO plain"
refused "no right to add what came later" \
    "course_funnel_runs lacks the column rules_version. The role plain may not add it; let the owner run: ALTER TABLE s.course_funnel_runs ADD COLUMN rules_version INTEGER" \
    <<<"GRANT USAGE ON SCHEMA s TO plain; GRANT ALL ON ALL TABLES IN SCHEMA s TO plain;
        ALTER TABLE s.course_funnel_runs DROP rules_version"
refused "no right to add several" \
    "lacks the columns as_of, cells_added. The role plain may not add them; let the owner run: ALTER TABLE s.course_funnel_runs ADD COLUMN as_of TIMESTAMP WITH TIME ZONE, ADD COLUMN cells_added BIGINT" \
    <<<"GRANT USAGE ON SCHEMA s TO plain; GRANT ALL ON ALL TABLES IN SCHEMA s TO plain;
        ALTER TABLE s.course_funnel_runs DROP as_of, DROP cells_added"
refused "a text in another order" 'mart_course_funnel_entry_points.entry_point is not COLLATE "C"' \
    <<<"GRANT USAGE ON SCHEMA s TO plain; GRANT ALL ON ALL TABLES IN SCHEMA s TO plain;
        ALTER TABLE s.mart_course_funnel_entry_points ALTER entry_point TYPE TEXT COLLATE \"POSIX\""
refused "row security" "mart_course_funnel_lessons has row security, which hides rows from the role plain" \
    <<<"GRANT USAGE ON SCHEMA s TO plain; GRANT ALL ON ALL TABLES IN SCHEMA s TO plain;
        ALTER TABLE s.mart_course_funnel_lessons ENABLE ROW LEVEL SECURITY"
run "$probe" check "$user" not_there
check "no right to create the schema: refused" "$code" 5
check_match "no right to create the schema: said" "$err" \
    "schema not_there does not exist, and the role plain may not create it (it lacks CREATE on the database postgres)"

# Just enough rights are enough, and an extra column that may be NULL does no harm.
sql -c "DROP SCHEMA s CASCADE" 2>/dev/null
"$probe" publish "$database" s 1 3 >/dev/null
sql -c "GRANT USAGE ON SCHEMA s TO plain;
    GRANT SELECT, INSERT, DELETE ON s.mart_course_funnel_cohorts, s.mart_course_funnel_lessons,
        s.mart_course_funnel_steps, s.mart_course_funnel_completion,
        s.mart_course_funnel_entry_points, s.course_funnel_changes,
        s.course_funnel_session_match TO plain;
    GRANT SELECT, INSERT ON s.course_funnel_runs TO plain;
    ALTER TABLE s.mart_course_funnel_cohorts ADD note TEXT"
run "$probe" publish "$user" s 2 3
check "a role with no more rights than it needs can publish" "$code$err" 0

# Servers that cannot be written to, and names that are not there.
sql -c "ALTER ROLE plain SET default_transaction_read_only = on"
run "$probe" check "$user" s
check "a read-only session is refused" "$code" 5
check_match "and the message says why" "$err" "session is read-only"
sql -c "ALTER ROLE plain SET default_transaction_read_only = off"
run "$probe" check "dbname=nowhere" s
check "a database that is not there is refused" "$code" 5
check_match "with the SQLSTATE and what to do" "$err" \
    'database "nowhere" does not exist (SQLSTATE 3D000). Create the database'
run "$probe" check "dbname=postgres user=nobody_here" s
check_match "a role that is not there" "$err" 'role "nobody_here" does not exist (SQLSTATE 28000). Check the user'
run "$probe" check "host=$work dbname=postgres" s
check_match "a server that is not there" "$err" "Check that the server runs and can be reached."
run "$probe" check "host=$work,$PGHOST,$work dbname=nowhere" s
check "of several hosts each is named" "$code $(grep -o '/[^ ]*/.s.PGSQL.5432" failed' <<<"$err" |
    wc -l) $(grep -c 'SQLSTATE 3D000' <<<"$err") $(wc -l <<<"$err")" "5 2 1 1"
# What a service file sets holds, and not what we would have set: a value that cannot be used tells.
# Over TCP libpq looks at it before it turns to the server, which need not be there.
export PGSERVICEFILE=$work/services
service() { # service SETTING [TARGET]
    printf '[warehouse]\nuser=me\n%s\n' "$1" >"$PGSERVICEFILE"
    run "$probe" check "${2:-host=127.0.0.1 port=1 dbname=postgres service=warehouse}" s
}
for keyword in keepalives_idle keepalives_interval keepalives_count tcp_user_timeout; do
    service "$keyword=soon"
    check_match "a service sets $keyword" "$err" \
        "invalid integer value \"soon\" for connection option \"$keyword\""
    PGSERVICE=warehouse service "$keyword=soon" "host=127.0.0.1 port=1 dbname=postgres"
    check_match "as does PGSERVICE" "$err" "for connection option \"$keyword\""
    service "$keyword=soon" "host=127.0.0.1 port=1 dbname=postgres service=warehouse $keyword=3"
    check_match "but a target that sets $keyword itself goes first" "$err" "Connection refused"
done
service target_session_attrs=standby "dbname=postgres service=warehouse user=$PGUSER"
check_match "a service sets target_session_attrs" "$err" "server is not in hot standby mode"
service connect_timeout=3 "dbname=postgres service=warehouse user=$PGUSER"
check "a service that can be used" "$code" 0
service "" "dbname=postgres service=store"
check_match "a service that is not there" "$err" 'definition of service "store" not found'
sql -c "ALTER DATABASE postgres SET default_transaction_read_only = on"
service connect_timeout=3 "dbname=postgres service=warehouse user=$PGUSER"
check_match "a server that may be written to is asked for where nobody sets it" "$err" \
    "session is read-only"
PGOPTIONS=-cdefault_transaction_read_only=off \
    sql -c "ALTER DATABASE postgres RESET default_transaction_read_only"
unset PGSERVICEFILE

sql -c "REVOKE TEMPORARY ON DATABASE postgres FROM PUBLIC"
run "$probe" check "$user" s
check_match "no temporary tables" "$err" \
    "the role plain may not create temporary tables (it lacks TEMPORARY on the database postgres)"
sql -c "GRANT TEMPORARY ON DATABASE postgres TO PUBLIC"

# Triggers that make other rows of those that are inserted are found before the commit.
rows() {
    sql -c "SELECT md5(string_agg(m::TEXT, ' ' ORDER BY m)) FROM s.mart_course_funnel_lessons AS m"
}
before=$(rows)
for body in "RETURN NULL" "NEW.users_completed := NEW.users_completed + 1; RETURN NEW" \
    "NEW.avg_time_spent_sec := coalesce(NEW.avg_time_spent_sec, 0); RETURN NEW" \
    "NEW.lesson_completion_rate := trim_scale(NEW.lesson_completion_rate); RETURN NEW"; do
    sql -c "CREATE FUNCTION s.meddle() RETURNS TRIGGER LANGUAGE plpgsql AS 'BEGIN $body; END';
        CREATE TRIGGER t BEFORE INSERT ON s.mart_course_funnel_lessons FOR EACH ROW EXECUTE FUNCTION s.meddle()"
    run "$probe" publish "$database" s 1 3
    check "a trigger ($body) is noticed" "$code" 5
    check_match "and said" "$err" "mart_course_funnel_lessons does not hold the rows that were inserted: "
    check_match "and what to do" "$err" "look for triggers or rules on the table"
    check "and the old rows stay" "$(rows)" "$before"
    sql -c "DROP FUNCTION s.meddle CASCADE" 2>/dev/null
done
sql -c "CREATE RULE more AS ON INSERT TO s.course_funnel_runs DO ALSO
    INSERT INTO s.course_funnel_session_match VALUES (7, 1, 1, 0)"
run "$probe" publish "$database" s 1 3
check "a rule is noticed" "$code" 5
check_match "and said" "$err" \
    "course_funnel_session_match does not hold the rows that were inserted: 0 of them are not there, and 1 others are"
sql -c "DROP RULE more ON s.course_funnel_runs"

# The record of a run stays as it was, so it is not published again with other tables.
again=("$probe" publish "$database" other_tables 1 3 1740000000000000
    11111111-2222-4333-8444-555555555555)
run "${again[@]}"
check "a run with all tables" "$code" 0
PROBE_TABLES=marts run "${again[@]}"
check "is refused with the two alone" "$code" 7
check_match "and said" "$err" "is published already, with --tables all. Nothing was changed"
run "${again[@]}"
check "and published again with all" "$code" 0

# A constraint that is checked at COMMIT alone fails there, and the failure is seen.
sql -c "CREATE FUNCTION s.refuse() RETURNS TRIGGER LANGUAGE plpgsql AS 'BEGIN RAISE check_violation USING MESSAGE = ''not today''; END';
    CREATE CONSTRAINT TRIGGER t AFTER INSERT ON s.mart_course_funnel_lessons DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION s.refuse()"
run "$probe" publish "$database" s 1 3
check "a failure at COMMIT is seen" "$code" 5
check_match "and said" "$err" "Committing the publication: PostgreSQL: not today (SQLSTATE 23514)"
finish
