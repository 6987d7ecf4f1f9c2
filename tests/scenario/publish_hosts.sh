#!/bin/bash
# A target with several hosts, or a name with several addresses, some of which drop packets: each gets
# a time of its own, the next is tried then, and all are named where none will do.
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/table_gate.sh"

start_postgres
net=127.$((RANDOM % 200 + 20)).$((RANDOM % 250))
full=$net.2 real=$net.3 nobody=$net.4
psql -XAtqc "alter system set listen_addresses = '$real'"
psql -XAtqc "create role keyed login password 'hush-right'"
psql -XAtqc "grant create on schema public to keyed"
hba=$(psql -XAtqc 'show hba_file')
printf 'host all keyed 127.0.0.0/8 scram-sha-256\nhost all all 127.0.0.0/8 trust\n' >"$WORK/hba"
cat "$WORK/hba" "$hba" >"$WORK/hba.all"
cat "$WORK/hba.all" >"$hba"
"$SOURCE/jobs/local-postgres.sh" stop "$postgres_dir" >&2
"$SOURCE/jobs/local-postgres.sh" start "$postgres_dir" >&2

queue=
stop_queue() { [ -z "$queue" ] || kill "$queue" || true; }
before_cleaning=stop_queue
python3 "$SOURCE/tests/support/full_queue.py" "$full" 0 >"$WORK/port" &
queue=$!
tries=0
until [ -s "$WORK/port" ]; do
    tries=$((tries + 1))
    check "the queue gets full" test "$tries" -lt 100
    sleep 0.1
done
port=$(cat "$WORK/port")
real_port=$(psql -XAtqc 'show port')

others=() # what the command is started by
asks() { # asks TARGET SECONDS SECONDS: the target is checked; it takes from so many to so many
    local code=0 begun=$SECONDS took
    "${others[@]}" timeout -k 5 60 "$BUILD/tests/publish_probe" check "$1" public \
        >"$WORK/stdout" 2>"$WORK/stderr" || code=$?
    took=$((SECONDS - begun))
    check "$1 takes $2 to $3 s, not $took" test "$took" -ge "$2" -a "$took" -le "$3"
    check "no password is in the message" test "$(grep -c hush "$WORK/stderr")" = 0
    return "$code"
}
common="dbname=postgres user=$PGUSER connect_timeout=2"

# The first drops packets, and the second is the server.
leaves 0 asks "host=$full,$real port=$port,$real_port $common" 1 5
leaves 0 asks "host=one,two hostaddr=$full,$real port=$port,$real_port $common" 1 5
leaves 0 asks "postgresql://$PGUSER@$full:$port,$real:$real_port/postgres?connect_timeout=2" 1 5
leaves 0 asks "host=$nobody,$full,$real port=1,$port,$real_port $common" 1 5
PGHOST='' leaves 0 asks "hostaddr=$full,$real port=$port,$real_port $common" 1 5
leaves 0 asks "host=$full,$PGHOST port=$port,$real_port $common" 1 5
leaves 0 asks "host=$PGHOST,$full hostaddr=,$full port=$real_port,$port $common" 0 1
PGHOST=$full,$real PGPORT=$port,$real_port PGCONNECT_TIMEOUT=2 \
    leaves 0 asks "dbname=postgres user=$PGUSER" 1 5
printf '[house]\nhost=%s\nport=%s\nconnect_timeout=2\n' "$full,$real" "$port,$real_port" \
    >"$WORK/services"
PGSERVICEFILE=$WORK/services leaves 0 asks "service=house dbname=postgres user=$PGUSER" 1 5

# Each that will not do is named, once.
leaves 5 asks "host=$full,one,$nobody hostaddr=,$full,$nobody port=$port,$port,1 $common" 3 7
says "No connection to PostgreSQL: connection to server at \"$full\", port $port failed: it did not answer in time. "
says "connection to server at \"one\" ($full), port $port failed: it did not answer in time. "
says "connection to server at \"$nobody\", port 1 failed: Connection refused"
says "Check that the server runs and can be reached."
leaves 5 asks "host=$nobody,$full port=1,$port $common" 1 5
says "failed: it did not answer in time. Check the network and the server's load"
leaves 5 asks "host=$full,$real port=1,2,3 $common" 0 1
says 'could not match 3 port numbers to 2 hosts'
leaves 5 asks "host=$full,$real port=$port,$real_port sslmode=perhaps $common" 0 1
says 'invalid sslmode value: "perhaps"'

# Each host has a password of its own; a server that refuses one is the last that is tried.
printf '%s:*:*:keyed:hush-wrong\ntwo:*:*:keyed:hush-right\n' one >"$WORK/passwords"
chmod 600 "$WORK/passwords"
export PGPASSFILE=$WORK/passwords
keyed="dbname=postgres user=keyed connect_timeout=2"
leaves 0 asks "host=one,two hostaddr=$full,$real port=$port,$real_port $keyed" 1 5
leaves 5 asks "host=one,two hostaddr=$real,$real port=$real_port,$real_port $keyed" 0 1
says 'password authentication failed for user "keyed" (SQLSTATE 28P01). Check the user'
check "only the first was tried" test "$(grep -c two "$WORK/stderr")" = 0

# A name with two addresses, in a file of hosts that only the command sees.
if [ "$(id -u)" = 0 ] && unshare --mount true 2>/dev/null; then
    printf '%s house.test\n' "$full" "$real" >"$WORK/hosts"
    others=(unshare --mount sh -c "mount --bind '$WORK/hosts' /etc/hosts && exec \"\$@\"" sh)

    kill "$queue"
    wait "$queue" 2>/dev/null || true
    python3 "$SOURCE/tests/support/full_queue.py" "$full" "$real_port" >"$WORK/port.2" &
    queue=$!
    until [ -s "$WORK/port.2" ]; do sleep 0.1; done
    leaves 0 asks "host=house.test port=$real_port $common" 1 5
    leaves 0 asks "host=house.test,$nobody port=$real_port,1 $common" 1 5
    printf '%s house.test\n' "$full" "$nobody" >"$WORK/hosts"
    leaves 5 asks "host=house.test port=$real_port $common" 1 5
    says "connection to server at \"house.test\" ($full), port $real_port failed: it did not answer in time. "
    says "connection to server at \"house.test\" ($nobody), port $real_port failed: Connection refused."
    leaves 5 asks "host=not.house.test,$nobody port=1 $common" 0 5
    says 'could not translate host name "not.house.test" to address'
    says "connection to server at \"$nobody\", port 1 failed: Connection refused."
    others=()
fi

# Of a standby and its primary the one that is wanted is taken.
stop_queue
queue=
start_standby -c listen_addresses=
two="host=$standby,$PGHOST dbname=postgres user=$PGUSER"
leaves 0 asks "$two" 0 2
leaves 5 asks "$two target_session_attrs=prefer-standby" 0 2
leaves 5 asks "$two target_session_attrs=standby" 0 2
leaves 5 asks "host=$PGHOST,$standby dbname=postgres user=$PGUSER target_session_attrs=prefer-standby" 0 2
leaves 0 asks "host=$PGHOST,$nobody port=$real_port,1 user=$PGUSER dbname=postgres target_session_attrs=prefer-standby" 0 2
leaves 5 asks "host=$PGHOST,$nobody port=$real_port,1 user=$PGUSER dbname=postgres target_session_attrs=standby" 0 2
says 'failed: server is not in hot standby mode'
check "no session is left" test "$(psql -XAtqc "select count(*) from pg_stat_activity
    where application_name = 'course-funnel'")" = 0
passed
