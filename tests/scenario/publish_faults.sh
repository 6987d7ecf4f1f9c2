#!/usr/bin/env bash
# Publishing twice, too late, by two at once, with lost answers, killed sessions and a server that
# restarts: one publication, whole, or none. Random moments come from COURSE_FUNNEL_SEED.
. "$(dirname "$0")/../support/publish.sh"
start_server
RANDOM=${COURSE_FUNNEL_SEED:=$((RANDOM % 32768))}
echo "COURSE_FUNNEL_SEED=$COURSE_FUNNEL_SEED"

# Everything that a reader can see in a schema, as one digest.
state_of() {
    sql -c "SELECT md5(
        coalesce((SELECT string_agg(t::text, E'\n' ORDER BY t::text) FROM $1.mart_course_funnel_cohorts t), '') ||
        coalesce((SELECT string_agg(t::text, E'\n' ORDER BY t::text) FROM $1.mart_course_funnel_lessons t), ''))"
}
runs_of() {
    sql -c "SELECT count(*) FROM $1.course_funnel_runs"
}

# twice, and too late
attempt=$("$probe" check "$database" again)
id=$("$probe" publish "$database" again 1 20 "$attempt")
before=$(sql -c "SELECT string_agg(xmin::text || ctid::text, ' ') FROM again.mart_course_funnel_cohorts")
run "$probe" publish "$database" again 1 20 "$attempt" "$id"
check "the same run twice is a success" "$code" 0
check "and changes no row" \
    "$(sql -c "SELECT string_agg(xmin::text || ctid::text, ' ') FROM again.mart_course_funnel_cohorts")" "$before"
check "and is recorded once" "$(runs_of again)" 1
# Rows that were lost or changed since were taken for published.
whole=$(state_of again)
for harm in "TRUNCATE again.mart_course_funnel_lessons" "DROP TABLE again.mart_course_funnel_lessons CASCADE" \
    "UPDATE again.mart_course_funnel_cohorts SET users_started = users_started + 1" \
    "INSERT INTO again.course_funnel_session_match VALUES (1, 1, 1, 0)"; do
    sql -q -c "$harm" 2>/dev/null
    run "$probe" publish "$database" again 1 20 "$attempt" "$id"
    check "the same run mends what was done by $harm" "$code $(state_of again)" "0 $whole"
    check "and is recorded once" "$(runs_of again)" 1
done
check "also the match" "$(sql -c "SELECT count(*) FROM again.course_funnel_session_match")" 0
before=$(sql -c "SELECT string_agg(xmin::text || ctid::text, ' ') FROM again.mart_course_funnel_cohorts")
run "$probe" publish "$database" again 2 20 "$attempt" "$id"
check "the same run with other rows is refused" "$code" 7
check_match "and the message says so" "$err" "The run $id is published already, with other rows"
run "$probe" publish "$database" again 2 20 "$((attempt - 1))"
check "a stale attempt is refused" "$code" 7
check_match "and the message names the later one" "$err" "A later attempt has published already: run $id of "
check "and nothing was changed" \
    "$(sql -c "SELECT string_agg(xmin::text || ctid::text, ' ') FROM again.mart_course_funnel_cohorts")" "$before"
# A run that was published, and is not the latest any more, was told that it is published.
run "$probe" publish "$database" later 1 20 "$((attempt - 5))"
earlier=$out
run "$probe" publish "$database" later 2 20 "$attempt"
later=$(state_of later)
run "$probe" publish "$database" later 1 20 "$((attempt - 5))" "$earlier"
check "a run that another one followed is refused" "$code $(state_of later)" "7 $later"
check_match "and the message names the later one" "$err" "A later attempt has published already"
sql -c "UPDATE again.course_funnel_runs SET attempt_at = now() + interval '1 year'"
run "$probe" publish "$database" again 2 20
check "a clock that was set back does not stop new attempts" "$code" 0

# a lost COMMIT. The first ends the check of the target, the second makes the tables of a new
# schema, the third publishes.
mkdir "$work/proxy"
for mode in before after; do
    for which in 0 1 2; do
        schema=lost_${mode}_$which
        lost="COMMIT $which lost $mode the server saw it"
        rm -f "$work/proxy/.s.PGSQL.5432" "$work/proxy.log"
        python3 "$repository/tests/support/commit_proxy.py" "$PGHOST/.s.PGSQL.5432" \
            "$work/proxy/.s.PGSQL.5432" $mode $which >"$work/proxy.log" &
        proxy=$!
        helpers+=("$proxy")
        until grep -qs ready "$work/proxy.log"; do sleep 0.05; done
        run "$probe" publish "$database host=$work/proxy" $schema 1 20
        check "$lost: it was lost" "$(grep -c lost "$work/proxy.log")" 1
        if [ $which = 0 ]; then
            check "$lost: the check fails" "$code" 5
            check_match "$lost: and says at what" "$err" "Ending a transaction"
            check "$lost: nothing was made" "$(sql -c "SELECT to_regnamespace('$schema') IS NULL")" t
            run "$probe" publish "$database host=$work/proxy" $schema 1 20
        fi
        check "$lost: published" "$code" 0
        check "$lost: once" "$(runs_of $schema)" 1
        check "$lost: whole" "$(state_of $schema)" \
            "$("$probe" publish "$database" straight 1 20 >/dev/null && state_of straight)"
        kill "$proxy"
        wait "$proxy" 2>/dev/null || true
    done
done

# two at once, into a schema that is not there yet
publishers=()
for seed in 11 12 13 14; do
    "$probe" publish "$database" crowd $seed 60 >"$work/crowd.$seed" 2>&1 &
    publishers+=($!)
done
codes=
for publisher in "${publishers[@]}"; do
    code=0
    wait "$publisher" || code=$?
    case $code in
    0 | 7) ;;
    *) codes="$codes $code" ;;
    esac
done
check "publishers at once end published or stale$(cat "$work"/crowd.* | grep -v '^[0-9a-f-]*$' |
    grep -v 'A later attempt' || true)" "$codes" ""
winner=$(sql -c "SELECT lessons_digest FROM crowd.course_funnel_runs ORDER BY attempt_at DESC LIMIT 1")
"$probe" report --from "$database" --schema crowd >/dev/null 2>"$work/report.err"
check "the rows are those of the latest run ($winner)" "$(cat "$work/report.err")" ""

# readers see old or new, both tables together
"$probe" publish "$database" shop 1 60 >/dev/null
old=$(state_of shop)
"$probe" publish "$database" shop_new 2 60 >/dev/null
new=$(state_of shop_new)
(
    while [ ! -e "$work/enough" ]; do state_of shop; done >"$work/seen"
) &
reader=$!
# One who stays in the first snapshot, while the marts are published again and again.
digests="SELECT 'old', (SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM shop.mart_course_funnel_cohorts t),
    (SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM shop.mart_course_funnel_lessons t)"
sql -c "BEGIN ISOLATION LEVEL REPEATABLE READ" -c "$digests" -c "SELECT pg_sleep(1)" -c "$digests" \
    -c "SELECT count(*) FROM shop.course_funnel_runs" -c COMMIT \
    -c "SELECT count(*) FROM shop.course_funnel_runs" >"$work/patient" &
patient=$!
helpers+=("$reader" "$patient")
for i in 1 2 3 4 5 6 7 8 9 10; do
    "$probe" publish "$database" shop 2 60 >/dev/null
    "$probe" publish "$database" shop 1 60 >/dev/null
done
touch "$work/enough"
wait "$reader"
check "a reader sees the old marts or the new ones ($(wc -l <"$work/seen") looks)" \
    "$(sort -u "$work/seen" | grep -v -e "$old" -e "$new" || true)" ""
check "and saw both" "$(sort -u "$work/seen" | wc -l)" 2
wait "$patient"
check "a reader who stays sees the same, both tables, to the end" \
    "$(grep -c '^old|.*|.' "$work/patient") $(grep '^old' "$work/patient" | sort -u | wc -l)" "2 1"
check "while it was published" "$(grep '^[0-9]' "$work/patient" | sort -un | wc -l)" 2

# Sessions terminated at random moments, of the time that publishing takes on this machine.
took_us=${EPOCHREALTIME//[!0-9]/}
"$probe" publish "$database" shop 1 60 >/dev/null
took_us=$((${EPOCHREALTIME//[!0-9]/} - took_us))
hits=0
for ((i = 1; hits < 8 && i <= 200; i++)); do
    seed=$((i % 2 + 1))
    "$probe" publish "$database" shop $seed 60 >"$work/killed" 2>&1 &
    publisher=$!
    sleep "$(printf '0.%06d' $(((RANDOM * 32768 + RANDOM) % (took_us < 999999 ? took_us : 999999))))"
    hit=$(sql -c "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE application_name = 'course-funnel'")
    hits=$((hits + hit))
    code=0
    wait "$publisher" || code=$?
    # Before the rows are on their way a lost session ends the check of the target: 5.
    expected=$([ $seed = 1 ] && echo "$old" || echo "$new")
    found=$(state_of shop)
    if [ "$code" = 0 ]; then
        [ "$found" = "$expected" ] || check "kill $i: published, so the rows are there" "$found" "$expected"
    elif [ "$code" != 5 ] || { [ "$found" != "$old" ] && [ "$found" != "$new" ]; }; then
        check "kill $i: not published, so the rows are whole" "$code $found $(cat "$work/killed")" "5 $old or $new"
    fi
done
check "sessions were hit, in $((i - 1)) runs" "$((hits >= 8))" 1

# the server restarts under the publisher
for how in stop crash; do
    attempt=$("$probe" check "$database" shop)
    "$repository/jobs/local-postgres.sh" $how "$server"
    "$probe" publish "$database" shop 2 60 "$attempt" >"$work/restarted" 2>&1 &
    publisher=$!
    sleep 0.7
    COURSE_FUNNEL_POSTGRES_FSYNC=off "$repository/jobs/local-postgres.sh" start "$server" >/dev/null
    code=0
    wait "$publisher" || code=$?
    check "a server that is down for a second is waited for ($how)" "$code" 0
done

# a session that holds a lock for a while
sql -c "BEGIN; LOCK TABLE shop.mart_course_funnel_lessons; SELECT pg_sleep(8)" >/dev/null &
holder=$!
helpers+=("$holder")
sleep 0.3
attempt=$(sql -c "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
run "$probe" publish "$database" shop 1 60 "$attempt"
check "a table locked longer than lock_timeout is tried again" "$code" 0
check_match "and it is said who holds it" "$err" "waits for a lock of pid "
check "and nothing else" "$(grep -cv 'waits for a lock of pid ' <<<"$err")" 0
wait "$holder"
check "and holds the new rows" "$(state_of shop)" "$old"

# a dead publisher that still holds the lock cannot be waited for longer than the tries
run "$probe" publish "host=$work/nowhere dbname=postgres" shop 1 5 "$attempt"
check "a server that is not there ends in code 5" "$code" 5
check_match "with a message that helps" "$err" "Check that the server runs and can be reached."

# Servers that take a connection and then say nothing.
mkdir "$work/mute"
python3 -c "
import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(5)
time.sleep(60)" "$work/mute/.s.PGSQL.5432" &
mute=$!
helpers+=("$mute")
until [ -S "$work/mute/.s.PGSQL.5432" ]; do sleep 0.05; done
begun=$SECONDS
run "$probe" check "host=$work/mute dbname=postgres connect_timeout=2" shop
check "a server that says nothing ends in code 5" "$code" 5
check_match "with a message" "$err" "did not answer in time"
check "as soon as connect_timeout says ($((SECONDS - begun)) s)" \
    "$([ $((SECONDS - begun)) -le 5 ] && echo soon)" soon
check "no staging table is left" "$(sql -c "SELECT count(*) FROM pg_class
    WHERE relname LIKE 'mart_course_funnel%' AND relpersistence = 't'")" 0
finish
