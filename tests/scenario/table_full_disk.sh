#!/bin/bash
# A server that fills up while it is read from, as by the sort of a view: code 4, the target stays as it
# was, and the next run goes through once there is room.
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/table_gate.sh"

start_postgres
load_sample --users 200 --courses 3 --lessons 8 --events 6000 --course-share 0.8 --weeks 5 --seed 1
psql -XAtqc 'create view gate.sorted as select * from raw_amplitude.events order by insert_id' \
    -c "alter database postgres set work_mem = '64kB'"
# run [CODE TEXT]: the run goes through, or else ends with the code and the text and leaves the target.
run() {
    leaves "${1:-0}" funnel 2 rebuild --from "$CONNINFO" --events-table gate.sorted \
        --to "$WORK/marts" --rejects "$WORK/rejects"
    [ $# = 0 ] || says "$2"
    same_marts "$WORK/marts" "$WORK/files"
}
run
check "the sort takes room on the disk" test \
    "$(psql -XAtqc 'select temp_bytes from pg_stat_database where datname = current_database()')" \
    -gt 500000

psql -XAtqc "alter database postgres set temp_file_limit = '500kB'"
run 4 'temporary file size exceeds temp_file_limit (500kB) (SQLSTATE 53400). Raise that limit'
psql -XAtqc 'alter database postgres reset temp_file_limit'
run

# A small disk takes root.
mkdir "$WORK/small"
if [ "$(id -u)" != 0 ] || ! mount -t tmpfs -o size=500k,mode=711 none "$WORK/small" 2>/dev/null; then
    skip "a small disk cannot be mounted"
fi
unmount() {
    umount -l "$WORK/small"
}
before_cleaning=unmount
mkdir "$WORK/small/tables"
chown postgres "$WORK/small/tables"
psql -XAtqc "create tablespace small location '$WORK/small/tables'" \
    -c 'alter database postgres set temp_tablespaces = small'
run 4 "(SQLSTATE 53100). The server's disk is full; make room there and run again."
mount -o remount,size=100m "$WORK/small"
run
passed
