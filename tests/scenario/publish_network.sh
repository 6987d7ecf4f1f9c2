#!/usr/bin/env bash
# The network between the job and the server is cut while rows are on their way: the publisher ends
# with a message, readers see the old marts, and with the network back the same command publishes.
# A short cut is sat out.
. "$(dirname "$0")/../support/publish.sh"

hosts=$repository/tests/support/hosts.sh
export HOSTS_DIR=$work/h
"$hosts" possible || {
    echo "skipped: several hosts cannot be made on this machine: no root, or no network namespaces"
    exit 77
}
remove_hosts() { # The server first, which lives on one of them.
    [ -z "$server" ] || "$repository/jobs/local-postgres.sh" remove "$server" || true
    server=
    "$hosts" down || true
    clean_up
}
trap remove_hosts EXIT
"$hosts" up 2
start_server
echo "host all all 10.77.0.0/24 trust" >>"$(sql -c "SHOW hba_file")"
sql -c "ALTER SYSTEM SET listen_addresses = '10.77.0.10'"
# From now on the server is at home on h0; its socket is where it was.
"$repository/jobs/local-postgres.sh" stop "$server"
COURSE_FUNNEL_POSTGRES_FSYNC=off "$hosts" exec h0 "$repository/jobs/local-postgres.sh" start "$server"
target="host=10.77.0.10 dbname=postgres user=$PGUSER"

state() {
    sql -c "SELECT cohorts_digest, lessons_digest FROM net.course_funnel_runs ORDER BY attempt_at DESC LIMIT 1"
}
rows() {
    sql -c "SELECT count(*) FROM net.mart_course_funnel_lessons"
}
from_h1() {
    run "$hosts" exec h1 "$probe" "$@"
}
publisher=
# publishing CONNINFO: a large publication from h1 in the background, cut off in the midst of its rows
publishing() {
    "$hosts" exec h1 "$probe" publish "$1" net 2 20000 >"$work/publisher" 2>&1 &
    publisher=$!
    helpers+=("$publisher")
    local tries
    for ((tries = 0; tries < 600; tries++)); do
        [ "$(sql -c "SELECT count(*) FROM pg_stat_progress_copy WHERE tuples_processed > 1000")" = 0 ] ||
            break
        sleep 0.02
    done
    "$hosts" cut h1
    check "it was cut off in the midst of its rows" \
        "$(sql -c "SELECT count(*) FROM pg_stat_progress_copy") $(kill -0 "$publisher" && echo lives)" "1 lives"
}

from_h1 publish "$target" net 1 30
check "the network carries a publication" "$code$err" 0
old="$(state) $(rows)"

publishing "$target connect_timeout=2 tcp_user_timeout=3000"
begun=$SECONDS
code=0
wait "$publisher" || code=$?
took=$((SECONDS - begun))
check "a network that is gone ends in code 5" "$code" 5
check_match "with a message" "$(cat "$work/publisher")" "did not answer in time. Check the network"
check "in the time of its tries ($took s)" "$([ $took -le 45 ] && echo soon)" soon
check "and readers have the old marts" "$(state) $(rows)" "$old"
"$hosts" mend h1
for ((tries = 0; tries < 50; tries++)); do
    "$hosts" exec h1 "$probe" check "$target" net >/dev/null 2>&1 && break
    sleep 0.1
done
begun=$SECONDS
from_h1 publish "$target" net 3 30
check "with the network back the next run publishes" "$code$err" 0
check "without a wait for what is left of the one before" "$([ $((SECONDS - begun)) -le 10 ] && echo soon)" soon
check "and its rows are there" "$([ "$(state) $(rows)" != "$old" ] && echo new)" new

publishing "$target"
sleep 2
"$hosts" mend h1
code=0
wait "$publisher" || code=$?
check "a cut of two seconds is sat out" "$code $(grep -c . "$work/publisher")" "0 1"
check "and all rows are there" "$(rows)" "$(sql -c "SELECT lesson_rows FROM net.course_funnel_runs
    ORDER BY attempt_at DESC LIMIT 1")"
finish
