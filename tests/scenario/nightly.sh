#!/bin/bash
# The commands that jobs/README.md gives to cron and to scrontab, as they stand there but for their
# folders: seven nights of each publish to a real server what one run over all files gives, and files
# that were just written wait for the next night. One night of Slurm is begun by its own cron.
. "$(dirname "$0")/../support/lib.sh"
. "$SOURCE/tests/support/slurm.sh"

export COURSE_FUNNEL=$PROGRAM
seed=${COURSE_FUNNEL_SEED:-$(date +%s)}
echo "COURSE_FUNNEL_SEED=$seed"
start_postgres
export PGSERVICEFILE=$WORK/services
printf '[warehouse]\nhost=%s\nuser=%s\ndbname=%s\n' "$PGHOST" "$PGUSER" "$PGDATABASE" >"$PGSERVICEFILE"
funnel 2 generate --out "$WORK/all" --events 8000 --users 300 --weeks 2 --dirt 0.02 --duplicates 0.03 \
    --late 0.05 --seed "$seed" || fail "no sample"
CLUSTER_CONF=ScronParameters=enable start_cluster 2

# recipe TEXT: the command behind the time in the line of jobs/README.md that holds the text, with
# folders of this test in place of those in it.
recipe() {
    local lines
    mapfile -t lines < <(grep -E '^    30 3 \* \* \* .*'"$1" "$SOURCE/jobs/README.md")
    [ "${#lines[@]}" = 1 ] || fail "${#lines[@]} lines of jobs/README.md are the recipe of $1"
    sed "s|^    30 3 \* \* \* ||; s|/srv/course-funnel|$SOURCE|; s|/data/amplitude|$WORK/in|g
        s|/data/funnel|$WORK/funnel|g; s|--schema marts|--schema marts --max-reject-share 1|" <<<"${lines[0]}"
}

# bring NIGHT: a seventh of the files comes, written long ago but for one, which is new until the last.
bring() {
    local file number=0
    while read -r file; do
        number=$((number + 1))
        [ $((number % 7)) = $(($1 % 7)) ] || continue
        cp "$file" "$WORK/in/"
        touch -d 2025-01-20 "$WORK/in/${file##*/}"
        fresh=$WORK/in/${file##*/}
    done < <(find "$WORK/all" -type f | sort)
    if [ "$1" -lt 7 ]; then
        touch "$fresh"
    else
        find "$WORK/in" -type f -exec touch -d 2025-01-20 {} +
    fi
}

# seven_nights TEXT DONE: the recipe night after night; DONE waits for the end of what it began.
seven_nights() {
    local command night
    command=$(recipe "$1")
    rm -rf "$WORK/in" "$WORK/funnel"
    mkdir "$WORK/in" "$WORK/funnel"
    psql -XAtqc 'drop schema if exists marts cascade'
    for ((night = 1; night <= 7; night++)); do
        bring "$night"
        "$2" "$command"
        check "night $night of $1 is published" \
            test "$(psql -XAtqc 'select count(*) from marts.course_funnel_runs')" = "$night"
        newest=$(psql -XAtqc 'select lines_read from marts.course_funnel_runs order by attempt_at desc limit 1')
        echo "night $night of $1: $newest lines"
    done
    leaves 0 funnel 2 rebuild --from "$WORK/in" --to "$WORK/straight" --rejects "$WORK/straight.rejects" \
        --max-reject-share 1
    read_marts marts "$WORK/published"
    same_marts "$WORK/published" "$WORK/straight"
    same "$WORK/funnel/rejects.ndjson" "$WORK/straight.rejects"
    check "all lines of $1 are counted" \
        grep -q "\"lines_read\":.*$newest," "$WORK/straight/course_funnel_run.json"
}

by_cron() { # as cron runs it: by sh, with little of an environment
    env -i PATH="$PATH" HOME="$HOME" COURSE_FUNNEL="$PROGRAM" PGSERVICEFILE="$PGSERVICEFILE" \
        OMPI_MCA_rmaps_base_oversubscribe=1 sh -c "$1" || fail "the night left with $?"
}
by_slurm() {
    local job
    if [ "$night" = 4 ] && [ -x "$scrontab" ]; then
        by_scrontab "$1"
        job=$(newest_job)
    else
        job=$(COURSE_FUNNEL_JOBS=$SOURCE/jobs in_cluster sh -c "$1")
    fi
    cp "$WORK/funnel/log" "$WORK/night.log" 2>/dev/null || touch "$WORK/night.log"
    ends "${job##* }" COMPLETED 60 night
}

newest_job() { in_cluster squeue -a -h -t all --name=funnel-night -o %A | sort -n | tail -n 1; }

# by_scrontab COMMAND: install it for the next minute; its job submits the night's.
by_scrontab() {
    local before cron tries
    before=$(newest_job)
    # Not for a minute that is over before Slurm has read it.
    [ "$(date +%-S)" -lt 50 ] || sleep 11
    date -d 'next minute' "+%-M %-H * * * $1" >"$WORK/crontab"
    cron=$(COURSE_FUNNEL_JOBS=$SOURCE/jobs in_cluster "$scrontab" "$WORK/crontab") ||
        fail "the line was not installed"
    check "Slurm holds the line" in_cluster sh -c \
        "scontrol -o show job $cron | grep -F 'CronJob=Yes CrontabSpec=\"$(cut -d ' ' -f 1-5 "$WORK/crontab")'"
    for ((tries = 120; tries > 0; tries--)); do
        [ "$(newest_job)" = "$before" ] || return 0
        sleep 1
    done
    in_cluster scontrol show job "$cron" >&2
    fail "the line was not fired"
}
scrontab=$BUILD/tests/scrontab
[ -x "$scrontab" ] || echo "scrontab: skipped, as there is no libslurm-dev"
seven_nights 'rebuild\.sh' by_cron
seven_nights 'sbatch' by_slurm
passed
