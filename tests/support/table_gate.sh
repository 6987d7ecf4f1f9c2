# Sourced by the scenarios that read tables, after lib.sh: a sample in raw_amplitude.events, and a
# gate that holds a job in the midst of reading, when it has its snapshot and has read nothing yet.

# load_sample OPTIONS...: $WORK/plain, raw_amplitude.events with the same events, and the marts of
# the files in $WORK/files.
load_sample() {
    funnel 2 generate --out "$WORK/plain" --format plain "$@" || fail "no sample"
    leaves 0 funnel 2 rebuild --from "$WORK/plain" --to "$WORK/files" --rejects "$WORK/rejects"
    psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
create schema raw_amplitude;
create table raw_amplitude.events (event_type text, user_id text, event_time text,
    event_properties text, uuid text, insert_id text, record text);
SQL
    find "$WORK/plain" -type f -print0 | sort -z |
        xargs -0 "$SOURCE/tests/support/export_rows.py" |
        psql -XAtqc 'copy raw_amplitude.events from stdin'
    psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
alter table raw_amplitude.events drop column record;
create schema gate;
create function gate.is_open() returns boolean language plpgsql volatile set lock_timeout = 0 as $$
begin
    perform pg_advisory_xact_lock_shared(7);
    return true;
end $$;
create view gate.one as select * from (select 'course_completed'::text as event_type,
    null::text as user_id, null::text as event_time, null::text as event_properties) as row
    where not gate.is_open();
create view gate.two as select * from gate.one;
create view gate.three as select * from gate.one;
SQL
    # Each rank begins with the largest split that is left, and a view counts as one of full size.
    gates=(--events-table gate.one --events-table gate.two --events-table gate.three
        --events-table raw_amplitude.events --range-bytes 64K)
}

# close_gate [SQL]: another session holds the gate's lock, or what SQL takes, which gives one row.
gate_keeper=
close_gate() {
    coproc GATE { psql -XAtq; }
    gate_keeper=$GATE_PID
    exec {gate_in}>&"${GATE[1]}" {gate_out}<&"${GATE[0]}"
    echo "${1:-select pg_advisory_lock(7);}" >&"$gate_in"
    read -r <&"$gate_out"
}

open_gate() {
    echo '\q' >&"$gate_in" || true
    exec {gate_in}>&- {gate_out}<&-
    wait "$gate_keeper" || true
    gate_keeper=
}

# behind_gate: how many sessions of the job wait at the gate.
behind_gate() {
    psql -XAtqc "select count(*) from pg_stat_activity where application_name like
        'course-funnel rank %' and wait_event_type = 'Lock' and wait_event = 'advisory'"
}

sessions() {
    psql -XAtqc "select count(*) from pg_stat_activity where application_name like
        'course-funnel rank %'"
}

# wait_until COUNT COMMAND: until the command prints the count, 20 s at most.
wait_until() {
    local tries=0
    until [ "$("$2")" = "$1" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || fail "$2 does not come to $1, but is $("$2")"
        sleep 0.1
    done
}

# start_job ARGS...: the job on three ranks behind the closed gate, in the background, as $job.
job=
start_job() {
    close_gate
    funnel 3 rebuild --from "$CONNINFO" "${gates[@]}" --rejects "$WORK/rejects" "$@" &
    job=$!
    wait_until 3 behind_gate
}

# job_leaves CODE: the job, which was started so, ends with the code.
job_leaves() {
    local code=0
    wait "$job" || code=$?
    checks=$((checks + 1))
    [ "$code" = "$1" ] || fail "exit code $code where $1 was due"
}

# start_standby: a standby of the server that follows it, in $standby, reached by host=$standby.
standby=
start_standby() {
    standby=$WORK/standby
    run_server=(env LC_ALL=C.UTF-8)
    mkdir -m 711 "$standby"
    if [ "$(id -u)" = 0 ]; then
        run_server=(runuser -u postgres -- env -C / LC_ALL=C.UTF-8)
        chown postgres "$standby"
    fi
    programs=$(dirname "$(find /usr/lib/postgresql -path '*/bin/pg_ctl' | sort -V | tail -n 1)")
    before_cleaning=stop_standby
    "${run_server[@]}" "$programs/pg_basebackup" -h "$PGHOST" -U "$PGUSER" -D "$standby/data" -R \
        -c fast
    "${run_server[@]}" "$programs/pg_ctl" -D "$standby/data" -l "$standby/log" -w -t 60 \
        -o "-c unix_socket_directories='$standby' $*" start >"$WORK/standby.out"
    check "it is a standby" test "$(psql -XAtq -h "$standby" -c 'select pg_is_in_recovery()')" = t
}

stop_standby() {
    "${run_server[@]}" "$programs/pg_ctl" -D "$standby/data" -w -m immediate stop >/dev/null
}

# followed: whether the standby has all that the server has made last. What no COMMIT has flushed may
# stay behind for ten seconds.
followed() {
    psql -XAtq -h "$standby" -c "select pg_last_wal_replay_lsn() >=
        '$(psql -XAtqc 'select pg_current_wal_flush_lsn()')'"
}
