#!/bin/bash
# slurmctld is killed right after it started a job, before it has noted that, and comes back: it may
# start the job a second time while the first one runs. Whatever it does the job is done in the end,
# and the marts are those of the run that nothing happened to; so are those of a job that it knew of.
# A third one is stopped and requeued after that, and publishes to PostgreSQL.
. "$(dirname "$0")/../support/lib.sh"
. "$SOURCE/tests/support/slurm.sh"

start_postgres
make_export 20000
start_cluster 8

# The job that is to be stopped reads so slowly that it is under way for a minute, however long the
# controller takes to come back; from its second attempt on it reads as the others do.
slow_program 30000
slow_job=$SLOW
TARGET=$CONNINFO submit database --signal=B:USR1@30
database=$job
slow_program 150000
submit known
known=$job
checkpoint_in 60 known 3
checkpoint_in 60 database 3
submit unknown
unknown=$job
until_seen 30 "$(log_of unknown)" "attempt 1 of"
"$cluster" crash
sleep 1
"$cluster" recover
for ((tries = 0; tries < 100; tries++)); do
    ! grep -q 'is UP' <<<"$(in_cluster scontrol ping 2>/dev/null)" || break
    sleep 0.1
done
cp "$SLOW" "$slow_job.next"
mv "$slow_job.next" "$slow_job"
in_cluster scancel -s USR1 --batch "$database"

# A job that Slurm could not launch a second time, as it was running, it may hold until somebody
# releases it.
release_if_held() {
    local tries
    for ((tries = 0; tries < 300; tries++)); do
        case $(state_of "$1") in
        PENDING)
            if grep -qi 'launch.failed.requeued.held' <<<"$(in_cluster squeue -h -j "$1" -o %r)"; then
                echo "job $1 is held, and released"
                in_cluster scontrol release "$1"
            fi
            ;;
        RUNNING | COMPLETING) ;;
        *) return 0 ;;
        esac
        sleep 0.5
    done
}
for name in known unknown database; do
    release_if_held "${!name}"
    ends "${!name}" COMPLETED 30 $name
    echo "$name: $(grep -c 'attempt [0-9]* of' "$(log_of $name)") attempts"
done
straight known
straight unknown
in_log 1 "attempt 1 of" known
in_log 0 "attempt 2 of" known
in_log 1 "USR1: asking the ranks for a checkpoint and an end." database
in_log 1 "Asking Slurm to requeue" database
in_log 1 "resumed from checkpoint" database

# What a reader finds in the database.
read_back() { # read_back MART KEYS
    psql -XAtqc "\\copy (select * from $1 order by $2) to '$WORK/$1.csv' csv header"
    same "$WORK/$1.csv" "$WORK/straight/$1.csv"
}
read_back mart_course_funnel_cohorts '1, 2'
read_back mart_course_funnel_lessons '1, 2, 3'
check "it was published once" test "$(psql -XAtqc 'select count(*) from course_funnel_runs')" = 1
passed
