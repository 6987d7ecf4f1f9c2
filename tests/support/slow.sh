# Sourced after lib.sh by scenarios whose job has to last long enough for something to happen to it:
# an input, what its marts are, and a program that reads it slowly and costs the cores little.

export OMPI_MCA_rmaps_base_oversubscribe=1
SHIM=$BUILD/tests/shim.so
[ -e "$SHIM" ] || skip "$SHIM is not built"

# make_export EVENTS: an export in $WORK/export, of large and small files, gzip and plain, with
# duplicates and rejects; and $WORK/straight, its marts, and $WORK/straight.rejects.
make_export() {
    leaves 0 funnel 2 generate --out "$WORK/export" --events "$1" --weeks 2 --dirt 0.05 \
        --duplicates 0.1 --file-lines 2000
    leaves 0 funnel 2 generate --out "$WORK/export/plain" --events $(($1 / 10)) --weeks 1 \
        --late 0 --format plain --seed 2 --users 50
    leaves 0 funnel 2 rebuild --from "$WORK/export" --to "$WORK/straight" \
        --rejects "$WORK/straight.rejects" --max-reject-share 1
}

# slow_program BYTES_PER_SECOND: from now on $SLOW is the program, reading so fast on each rank.
slow_program() {
    SLOW=$WORK/slow-$1
    cat >"$SLOW" <<SCRIPT
#!/bin/sh
SHIM_SLOW_FOLDER=$WORK/export SHIM_BYTES_PER_SECOND=$1 LD_PRELOAD=$SHIM exec $PROGRAM "\$@"
SCRIPT
    chmod +x "$SLOW"
}

# straight NAME: what the job NAME has published to $WORK/NAME.marts, and its rejects, are those of
# the run that nothing happened to.
straight() {
    same_marts "$WORK/$1.marts" "$WORK/straight"
    reject_list "$WORK/$1.rejects" >"$WORK/rejects.of"
    reject_list "$WORK/straight.rejects" >"$WORK/rejects.due"
    same "$WORK/rejects.of" "$WORK/rejects.due"
    counts "$WORK/$1.marts/course_funnel_run.json" >"$WORK/counts.of"
    counts "$WORK/straight/course_funnel_run.json" >"$WORK/counts.due"
    same "$WORK/counts.of" "$WORK/counts.due"
}

# job_options NAME: sets $options, those of the rebuild NAME; to $TARGET where that is set.
job_options() {
    options=(--from "$WORK/export" --to "${TARGET:-$WORK/$1.marts}" --rejects "$WORK/$1.rejects"
        --max-reject-share 1 --checkpoint "$WORK/$1.checkpoint" --checkpoint-interval 1)
}

# until_seen SECONDS FILE TEXT...: wait until the lines that hold the text are there.
until_seen() {
    local tries file=$2 text=$3
    for ((tries = $1 * 10; tries > 0; tries--)); do
        ! grep -qF -- "$text" "$file" 2>/dev/null || return 0
        sleep 0.1
    done
    cp "$file" "$WORK/stderr" 2>/dev/null || true
    fail "\"$text\" did not come to stand in $file within $1 s"
}
