#!/usr/bin/env bash
# Passwords work from where they belong, are refused where they do not, and are never shown.
. "$(dirname "$0")/../support/publish.sh"
start_server
secret='correct horse=battery%20'

sql -c "CREATE ROLE keeper LOGIN PASSWORD '$secret'; GRANT CREATE ON DATABASE postgres TO keeper"
place=$PGHOST
hba=$(sql -c "SHOW hba_file")
printf 'local all keeper scram-sha-256\nlocal all all trust\n' >"$work/hba"
cat "$work/hba" >"$hba"
sql -c "SELECT pg_reload_conf()" >/dev/null
target="host=$place dbname=postgres user=keeper"

run "$probe" check "$target" s
check "no password: refused" "$code" 5
check_match "no password: says where they belong" "$err" "no password supplied"
PGPASSWORD=wrong run "$probe" check "$target" s
check "a wrong password: refused" "$code" 5
check_match "a wrong password: says so" "$err" "password authentication failed"
check_match "a wrong password: says where they belong" "$err" "(SQLSTATE 28P01). Check the user, the password (PGPASSFILE"

PGPASSWORD=$secret run "$probe" publish "$target" s 1 3
check "a password in the environment" "$code" 0
cat "$work/out" "$work/err" >>"$work/log"
echo "*:*:*:keeper:$secret" >"$work/passfile"
chmod 600 "$work/passfile"
run "$probe" publish "$target passfile=$work/passfile" s 2 3
check "a password file named in the target" "$code" 0
cat "$work/out" "$work/err" >>"$work/log"
printf '[kept]\nhost=%s\ndbname=postgres\nuser=keeper\npassword=%s\n' "$place" "$secret" >"$work/services"
PGSERVICEFILE=$work/services run "$probe" publish "service=kept" s 3 3
check "a password in a service file" "$code" 0
cat "$work/out" "$work/err" >>"$work/log"

# While it runs, the list of processes shows no password.
sql -c "BEGIN; LOCK TABLE s.mart_course_funnel_cohorts; SELECT pg_sleep(1.5)" >/dev/null &
holder=$!
helpers+=("$holder")
sleep 0.2
PGPASSWORD=$secret "$probe" publish "$target" s 4 3 4000000000000000 >>"$work/log" 2>&1 &
publisher=$!
sleep 0.4
check "the publisher runs" "$(tr '\0' ' ' <"/proc/$publisher/cmdline" | grep -c publish_probe)" 1
check "no process names the password" "$(grep -lsF -e "$secret" /proc/[0-9]*/cmdline || true)" ""
code=0
wait "$publisher" || code=$?
wait "$holder"
check "and it publishes in the end" "$code" 0

# Each target holds a secret in a place of its own; none may come back in a message.
refuse() {
    local command
    for command in describe check; do
        run "$probe" $command "$2"
        check "$1: $command refuses it" "$code" 2
        check "$1: $command does not repeat it" \
            "$(printf '%s%s' "$out" "$err" | grep -oi -e 'hush[a-z0-9]*' || true)" ""
    done
    run "$probe" report --from "$2"
    check "$1: report refuses it" "$code" 2
    check "$1: report does not repeat it" "$(printf '%s%s' "$out" "$err" | grep -oi 'hush' || true)" ""
}
refuse "URI" "postgresql://keeper:hush1@localhost/postgres"
refuse "short URI" "postgres://keeper:hush1@localhost/postgres"
refuse "URI parameter" "postgresql://localhost/postgres?password=hush2"
refuse "conninfo" "host=localhost password=hush3 dbname=postgres"
refuse "quoted conninfo" "password = 'hush4 hush5'"
refuse "key password" "host=localhost sslpassword=hush6"
refuse "URI that is not well formed" "postgresql://keeper:hush7%zz@localhost/x"
refuse "URI with an @ too many" "postgresql://keeper:hu@hush8:hush9@localhost/x"
refuse "conninfo without quotes" "host=localhost password=my hush10 word"
refuse "conninfo with a keyword that is none" "passwort=hush11"
refuse "URI of another database" "mysql://keeper:hush12@localhost/x"
refuse "URI in capitals" "POSTGRESQL://keeper:hush13@localhost/x"

run "$probe" describe "postgresql://keeper@h1:5433,h2/x%20y?connect_timeout=3"
check "what is described can be used again" "$code$out" \
    "0user='keeper' connect_timeout='3' dbname='x y' host='h1,h2' port='5433,'"
run "$probe" describe "$(printf '%s' "$out")"
check "and describes itself" "$code$out" \
    "0user='keeper' connect_timeout='3' dbname='x y' host='h1,h2' port='5433,'"
for name in ./x=y /tmp/a=b plain "with blanks" 3=4; do
    run "$probe" describe "$name"
    check "'$name' is a directory" "$code$out" "0$name"
done

check "neither the publishers nor the server's tables hold the password" \
    "$(cat "$work/log" <(sql -c "SELECT r::text FROM s.course_funnel_runs r") | grep -cF "$secret" || true)" 0
finish
