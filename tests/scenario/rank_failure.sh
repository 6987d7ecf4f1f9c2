#!/bin/bash
# Ranks fail together: an error on any one rank, in any phase, ends the job within seconds with one
# message and the right exit code, and what was published before stays. A rank that is killed takes
# the job with it. Limits that one rank runs into (prlimit) make the errors.
. "$(dirname "$0")/../support/lib.sh"

command -v prlimit >/dev/null || skip "prlimit is not there"
ranks=3
target=$WORK/target
python3 "$SOURCE/tests/support/bad_input.py" "$WORK/bad"
leaves 0 funnel 1 rebuild --from "$WORK/bad/zstd/a.json" --to "$target" --rejects "$WORK/rejects"
cp -r "$target" "$WORK/before"

# Long files that all ranks are at, with more to come for each while the second is read; those of the
# second folder have rejects all along.
mkdir "$WORK/clean" "$WORK/dirty"
for number in 1 2 3 4 5 6; do
    long_file "$WORK/clean/$number.json" 50000000
    sed '0~2000s/"user_id":"u"/"user_id":null/' "$WORK/clean/$number.json" \
        >"$WORK/dirty/$number.json"
done

# one_message: the error stands in standard error once, and nobody else has one.
one_message() {
    local count
    count=$(grep -c '^course-funnel: ' "$WORK/stderr" || true)
    check "one message ($1): $count" test "$(grep -c '^course-funnel: error: ' "$WORK/stderr")" = 1
}

# falls NAME CODE TEXT ACTION FOLDER ARGS...: a job that reads the folder must end so, with TEXT in
# its message, soon after ACTION
falls() {
    local name=$1 code=$2 text=$3 action=$4 folder=$5
    shift 5
    echo "$name"
    leaves "$code" while_reading "$folder/2.json" "date +%s >'$WORK/since'; $action" "$ranks" \
        rebuild --from "$folder" --range-bytes 1M --rejects "$WORK/rejects" --max-reject-share 1 "$@"
    check "$name: took long" test $(($(date +%s) - $(cat "$WORK/since"))) -lt 30
    one_message "$name"
    says "$text"
    check "$name: somebody is left" nobody_left
    check "$name: the target is as it was" diff -r "$target" "$WORK/before"
    check "$name: parts of rejects stay" test -z "$(find "$WORK" -name '*.part-*')"
}

for rank in 0 1 2; do
    on_rank="rank $rank on "
    [ "$rank" != 0 ] || on_rank="error: "
    # Read: the next file cannot be opened; a part of the rejects cannot be written.
    falls "rank $rank has no file descriptors" 4 "$on_rank" "prlimit --pid \$PID_$rank --nofile=3" \
        "$WORK/clean" --to "$target"
    falls "rank $rank cannot write its rejects" 5 "$on_rank" \
        "prlimit --pid \$PID_$rank --fsize=4096" "$WORK/dirty" --to "$target"
done

# The disk fails under one of the files, whichever rank it goes to.
printf '#!/bin/sh\nSHIM_BAD_FILE=%s LD_PRELOAD=%s exec %s "$@"\n' "$WORK/clean/2.json" \
    "$BUILD/tests/shim.so" "$PROGRAM" >"$WORK/on_bad_disk"
chmod +x "$WORK/on_bad_disk"
for number in 1 2 4; do
    PROGRAM=$WORK/on_bad_disk leaves 4 funnel "$number" rebuild --from "$WORK/clean" --to "$target" \
        --range-bytes 1M --rejects "$WORK/rejects"
    one_message "a bad disk"
    says "$WORK/clean/2.json"
    says "Input/output error"
    check "a bad disk: somebody is left" nobody_left
    check "a bad disk: the target is as it was" diff -r "$target" "$WORK/before"
done

# Plan: places that cannot be written, found by rank 0 before anything is read.
leaves 5 funnel "$ranks" rebuild --from "$WORK/clean" --to "$target" \
    --rejects "$WORK/none/rejects.ndjson"
one_message "no place for rejects"
says "$WORK/none/rejects.ndjson"
leaves 5 funnel "$ranks" rebuild --from "$WORK/clean" --to "$WORK/bad/zstd/a.json" \
    --rejects "$WORK/rejects"
one_message "a target that is a file"
says "$WORK/bad/zstd/a.json"
check "and is still there" test -s "$WORK/bad/zstd/a.json"

# Several ranks fail at once, each at a file of its own: one is named.
mkdir "$WORK/corrupt"
for name in a b c d e f; do
    cp "$WORK/bad/gzip_cut_in_data/bad.json.gz" "$WORK/corrupt/$name.json.gz"
done
leaves 4 funnel 4 rebuild --from "$WORK/corrupt" --to "$target" --rejects "$WORK/rejects"
one_message "all files are cut off"
says "$WORK/corrupt/"

# Publish: the target goes away, or refuses, while the ranks read.
falls "rank 0 cannot write the marts" 5 "$target" 'prlimit --pid $PID_0 --fsize=100' \
    "$WORK/clean" --to "$target"
falls "the target is a folder no more" 5 "$WORK/other" "rm -r '$WORK/other'; echo x >'$WORK/other'" \
    "$WORK/clean" --to "$WORK/other"
check "what took its place stays" test "$(cat "$WORK/other")" = x

# A rank is killed: mpirun ends the others.
for rank in 0 1 2; do
    leaves 137 while_reading "$WORK/clean/2.json" "kill -9 \$PID_$rank" "$ranks" rebuild --from "$WORK/clean" \
        --to "$target" --rejects "$WORK/rejects"
    check "rank $rank killed: somebody is left" nobody_left
    check "rank $rank killed: the target is as it was" diff -r "$target" "$WORK/before"
done
rm -f "$WORK"/rejects*
# mpirun itself is killed: the ranks notice within seconds. Those that are done before that publish,
# so that the target has the old marts or the new, and never a part of them.
leaves 0 funnel "$ranks" rebuild --from "$WORK/clean" --to "$WORK/whole" --rejects "$WORK/rejects"
leaves 137 while_reading "$WORK/clean/2.json" 'kill -9 $(ps -o ppid= -p $PID_0)' "$ranks" rebuild \
    --from "$WORK/clean" --to "$target" --rejects "$WORK/rejects"
check "mpirun killed: somebody is left" nobody_left
if cmp -s "$target/mart_course_funnel_cohorts.csv" "$WORK/whole/mart_course_funnel_cohorts.csv"; then
    same_marts "$target" "$WORK/whole"
    cp "$WORK"/before/* "$target"
fi
check "mpirun killed: the target is as it was" diff -r "$target" "$WORK/before"

# A rank that is just meeting the others gets no answer from an mpirun that stands still. It ends with
# what started it, which is a shell here.
cat >"$WORK/starter" <<'SCRIPT'
#!/bin/sh
kill -STOP $PPID
LD_PRELOAD=$PRELOAD "$@" &
echo $! >"$STARTED.new"
mv "$STARTED.new" "$STARTED"
wait
SCRIPT
chmod +x "$WORK/starter"
meet() { # meet PRELOAD: a rank, whose id is then in $WORK/started, and whose mpirun is $stopped
    PRELOAD=$1 STARTED=$WORK/started mpirun -n 1 "$WORK/starter" "$PROGRAM" rebuild \
        --from "$WORK/clean" --to "$target" --rejects "$WORK/rejects" \
        </dev/null >"$WORK/stdout" 2>"$WORK/stderr" &
    stopped=$!
}
end_stopped() {
    kill -KILL $stopped ${meeting:+$meeting} 2>/dev/null || true
}
before_cleaning=end_stopped
meet ""
until_there 10 "$WORK/started"
meeting=$(cat "$WORK/started")
sleep 1
check "the rank waits for mpirun" test "/proc/$meeting/exe" -ef "$PROGRAM"
kill -KILL "$(ps -o ppid= -p "$meeting")"
check "a rank outlives what started it" nobody_left
meeting=
kill -KILL $stopped
leaves 137 wait $stopped

# Also where that is gone before the rank could ask to be told of it.
SHIM_PARENT_DIES=$WORK/parent_died meet "$BUILD/tests/shim.so"
until_there 10 "$WORK/parent_died"
check "a rank outlives what started it just before" nobody_left
kill -KILL $stopped
leaves 137 wait $stopped
before_cleaning=

if [ -x "$SOURCE/jobs/local-postgres.sh" ]; then
    start_postgres
    falls "the server is gone" 5 "$PGHOST" "'$SOURCE/jobs/local-postgres.sh' crash '$postgres_dir'" \
        "$WORK/clean" --to "$CONNINFO"
fi

# And after all that the same command works.
leaves 0 funnel "$ranks" rebuild --from "$WORK/bad/zstd/a.json" --to "$target" \
    --rejects "$WORK/rejects"
same_marts "$target" "$WORK/before"
passed
