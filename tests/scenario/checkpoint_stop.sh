#!/bin/bash
# Stopping on request and going on: by the signal that mpirun hands on, in the middle of a big gzip
# file, again and again; what is read is never read again, and nothing is lost or doubled.
. "$(dirname "$0")/../support/checkpoint.sh"

sample "$WORK/in" --events 30000
files=$(find "$WORK/in" -type f | wc -l)
straight

# in_background RANKS ARGS...: start the run; its mpirun is $job
in_background() {
    local ranks=$1
    shift
    mpirun --oversubscribe -n "$ranks" "$PROGRAM" rebuild --from "$WORK/in" --to "$WORK/out" \
        --rejects "$WORK/out.rejects" --max-reject-share 1 "$@" \
        </dev/null >"$WORK/stdout" 2>"$WORK/stderr" &
    job=$!
}

# wait_for TEXT: until the run has said it
wait_for() {
    local tries
    for ((tries = 0; tries < 200; tries++)); do
        if grep -qF -- "$1" "$WORK/stderr"; then
            return 0
        fi
        sleep 0.05
    done
    fail "\"$1\" was not said in ten seconds"
}

finish() { # finish CODE: the run ends with it
    local code=0
    wait "$job" || code=$?
    checks=$((checks + 1))
    [ "$code" = "$1" ] || fail "exit code $code where $1 was due"
}

# USR1 to mpirun, twice, while it reads: each round is made to wait, so that it cannot be over.
export COURSE_FUNNEL_FAULT=ingest.round:3+:0:wait
in_background 3 --checkpoint "$WORK/folder" --checkpoint-interval 0.2
wait_for "checkpoint generation-0001-000002"
kill -USR1 "$job"
sleep 0.1
kill -USR1 "$job" 2>/dev/null || true
finish 75
says "Stopped on request; all that was read is kept. The same command goes on from there."
check "nothing was published" test ! -e "$WORK/out/mart_course_funnel_lessons.csv"

# alone_in_background ARGS...: as in_background, of one process of its own. One in the background of a
# script ignores interrupts unless it is told not to.
alone_in_background() {
    python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$PROGRAM" rebuild --from "$WORK/in" --to "$WORK/out" \
        --rejects "$WORK/out.rejects" --max-reject-share 1 "$@" \
        </dev/null >"$WORK/stdout" 2>"$WORK/stderr" &
    job=$!
}
alone_in_background --checkpoint "$WORK/folder" --checkpoint-interval 0.2
wait_for "checkpoint generation-0002-000001"
kill -TERM "$job"
finish 75
says "resumed from checkpoint generation-0001-"

# An interrupt and a hang-up are requests too, and leave no part of rejects behind; also when they come
# twice at once.
rejects_part() { # wait until there is a part of rejects
    local tries
    for ((tries = 0; tries < 200; tries++)); do
        [ -z "$(find "$WORK" -maxdepth 1 -name 'out.rejects.part-*')" ] || return 0
        sleep 0.05
    done
    fail "no part of rejects was written"
}
for signal in INT HUP TERM; do
    alone_in_background
    rejects_part
    kill -$signal "$job"
    kill -$signal "$job"
    finish 75
    says "Stopped on request. Nothing is kept: only a run with --checkpoint can be gone on with."
    check "$signal: no part is left" test -z "$(find "$WORK" -maxdepth 1 -name 'out.rejects*')"
done

# Who interrupts again does not want to wait.
COURSE_FUNNEL_FAULT_NUMBERS=$COURSE_FUNNEL_FAULT_NUMBERS,fault.wait_us=60000000 alone_in_background
wait_for "course-funnel: reading "
sleep 0.5
kill -INT "$job"
sleep 1.2
kill -INT "$job"
finish 130
rm -f "$WORK/out.rejects.part-"*

# What was to be ignored is.
export COURSE_FUNNEL_FAULT=ingest.round:30:0:wait
(export COURSE_FUNNEL_FAULT_NUMBERS=$COURSE_FUNNEL_FAULT_NUMBERS,fault.wait_us=2000000
trap '' INT HUP
exec "$PROGRAM" rebuild --from "$WORK/in" --to "$WORK/out" \
    --rejects "$WORK/out.rejects" --max-reject-share 1 </dev/null >"$WORK/stdout" 2>"$WORK/stderr") &
job=$!
rejects_part
kill -INT "$job"
kill -HUP "$job"
finish 0
as_straight out
unset COURSE_FUNNEL_FAULT
rm -r "$WORK/out" "$WORK/out.rejects"
COURSE_FUNNEL_FAULT_NUMBERS=$COURSE_FUNNEL_FAULT_NUMBERS,progress.log_ms=1 \
    leaves 0 rebuild out 4 --checkpoint "$WORK/folder"
says "resumed from checkpoint generation-0002-"
before=$(sed -n 's/.*: \([0-9.]*\) % of the input was read before.*/\1/p' "$WORK/stderr")
first=$(sed -n 's/^course-funnel: read \([0-9.]*\) %.*/\1/p' "$WORK/stderr" | head -n 1)
check "progress goes on from $before %, not from $first %" \
    awk -v before="$before" -v first="$first" 'BEGIN { exit !(before > 1 && first >= before) }'
check "the summary counts the resumes" grep -q "resumed from a checkpoint 2 times" "$WORK/stdout"
as_straight out
clean_folder "$WORK/folder"

# What is finished is published again and nothing is read; with --restart all is.
rm -rf "$WORK/out" "$WORK/out.rejects"
leaves 0 rebuild out 2 --checkpoint "$WORK/folder"
says "all input was read before, its sums are published"
# It told 17 billion lines a second, of lines that others had read.
check "no speed is told of what was not read" test "$(grep -c 'while reading' "$WORK/stdout")" = 0
check "the time is that of all attempts" grep -q "s from the start of the first attempt:" "$WORK/stdout"
as_straight out
leaves 0 rebuild out 2 --checkpoint "$WORK/folder" --restart
check "the speed is told of what was read" grep -q ' lines/s, .* of text while reading' "$WORK/stdout"
check "nothing was resumed" test "$(grep -c resumed "$WORK/stderr")" = 0
as_straight out

# Nor does a stop wait until all files are found and looked at, which takes long where there are many;
# nothing is lost by it.
for at in 2 $((files + files / 2)); do
    rm -rf "$WORK/folder" "$WORK/out" "$WORK/out.rejects"
    trace "$WORK/points" fault "rebuild.look:$at:0:stop" leaves 75 rebuild out 3 \
        --checkpoint "$WORK/folder"
    says "Stopped on request while the input was looked at; nothing of it had been read by this attempt. \
Run it again."
    check "no other file was found or looked at" grep -qE "^ *$at 0 rebuild.look$" "$WORK/points"
    check "nothing was published" test ! -e "$WORK/out/mart_course_funnel_lessons.csv"
done
fault ingest.round:5:0:stop leaves 75 rebuild out 2 --checkpoint "$WORK/folder"
fault "rebuild.look:$files:0:stop" leaves 75 rebuild out 3 --checkpoint "$WORK/folder"
says "Stopped on request while the input was looked at"
# While a checkpoint is taken up it is not, but then nothing is read any more.
fault checkpoint.load:1:0:stop leaves 75 rebuild out 3 --checkpoint "$WORK/folder" \
    --checkpoint-interval 1000
says "resumed from checkpoint generation-0001-"
says "Stopped on request; all that was read is kept."
leaves 0 rebuild out 2 --checkpoint "$WORK/folder"
says "resumed from checkpoint generation-0002-"
as_straight out

# A stop is heeded soon, whatever is being read: at the end of the round after the one under way, each
# of half a second at most. Here all events are of one user, and so one rank's.
mkdir "$WORK/long"
long_file "$WORK/long/a.json" 400000000
: >"$WORK/stderr"
COURSE_FUNNEL_FAULT_NUMBERS= mpirun --oversubscribe -n 3 "$PROGRAM" rebuild --from "$WORK/long" \
    --to "$WORK/long.out" --rejects "$WORK/long.rejects" --checkpoint "$WORK/long.folder" \
    </dev/null >"$WORK/stdout" 2>"$WORK/stderr" &
job=$!
wait_for "course-funnel: reading "
sleep 0.2
since=$(date +%s%N)
kill -USR1 "$job"
finish 75
took=$((($(date +%s%N) - since) / 1000000))
echo "a stop took $took ms"
check "a stop took $took ms" test "$took" -lt 5000
rm -r "$WORK/long" "$WORK/long.folder"

# Without a folder a request ends the run, and says what that means.
export COURSE_FUNNEL_FAULT=ingest.round:3:1:stop
leaves 75 rebuild nothing 3
unset COURSE_FUNNEL_FAULT
says "Stopped on request. Nothing is kept: only a run with --checkpoint can be gone on with."
check "nothing was published" test ! -e "$WORK/nothing/mart_course_funnel_lessons.csv"
check "no part of rejects is left" test -z "$(find "$WORK" -maxdepth 1 -name 'nothing.rejects*')"

# A stop after the last round is heeded too, when the sums are kept. Where they are not, or later, it
# is not: what is left to do then is done.
for point in rebuild.match rebuild.reduce; do
    rm -rf "$WORK/folder" "$WORK/out" "$WORK/out.rejects"
    fault $point:1:1:stop leaves 75 rebuild out 3 --checkpoint "$WORK/folder"
    says "Stopped on request; all is read and its sums are kept. The same command publishes them."
    check "nothing was published" test ! -e "$WORK/out/mart_course_funnel_lessons.csv"
done
cp -r "$WORK/folder" "$WORK/folder.sums"
leaves 0 rebuild out 2 --checkpoint "$WORK/folder"
as_straight out
rm -rf "$WORK/out" "$WORK/out.rejects"
fault rebuild.publish:1:0:stop leaves 0 rebuild out 3 --checkpoint "$WORK/folder.sums"
as_straight out
rm -rf "$WORK/out" "$WORK/out.rejects" "$WORK/folder.sums"
fault rebuild.reduce:1:1:stop leaves 0 rebuild out 3
as_straight out

# A gate that refuses costs no second reading.
rm -rf "$WORK/folder" "$WORK/out" "$WORK/out.rejects"
leaves 7 funnel 2 rebuild --from "$WORK/in" --to "$WORK/out" --rejects "$WORK/out.rejects" \
    --max-reject-share 0 --checkpoint "$WORK/folder"
leaves 0 rebuild out 3 --checkpoint "$WORK/folder"
says "all input was read before, its sums are published"
as_straight out

# One gzip file of many rounds, left and entered again until it is over.
rm -rf "$WORK/folder" "$WORK/out" "$WORK/out.rejects"
mkdir "$WORK/one"
find "$WORK/in" -type f | sort | xargs gzip -dc | gzip -1 >"$WORK/one/big.json.gz"
mv "$WORK/in" "$WORK/many"
mv "$WORK/one" "$WORK/in"
COURSE_FUNNEL_FAULT_NUMBERS= leaves 0 rebuild straight 2
stops=0
while :; do
    code=0
    fault "ingest.round:25:*:stop" rebuild out $((stops % 4 + 1)) --checkpoint "$WORK/folder" ||
        code=$?
    [ "$code" = 75 ] || break
    stops=$((stops + 1))
    # When checkpoints come is told, and is what Young's formula makes of the cost.
    says "keeping checkpoints in $WORK/folder: the first in 60 s, then as their cost and a mean time of \
24 h between interrupts ask for"
    check "the time to the next is that of the cost" awk '/: checkpoint generation-.* the next in / {
        for (i = 1; i < NF; i++) { if ($i == "in" && $(i + 2) == "s,") cost = $(i + 1) }
        least = sqrt(2 * (cost - 0.006) * 86400); most = sqrt(2 * (cost + 0.006) * 86400)
        found++; wrong += $(NF - 1) < least - 1 || $(NF - 1) > most + 1
    } END { exit !(found == 1 && wrong == 0) }' "$WORK/stderr"
done
check "it ended well" test "$code" = 0
check "it was stopped some times, not $stops" test "$stops" -ge 3
as_straight out

# A stop while the file is inflated again up to where reading is to go on is heeded meanwhile, and the
# place is not lost by it.
rm -rf "$WORK/folder" "$WORK/out" "$WORK/out.rejects"
fault "ingest.round:60:*:stop" leaves 75 rebuild out 1 --checkpoint "$WORK/folder"
for ranks in 3 1; do
    trace "$WORK/points" fault "source.drop:3:*:stop,source.drop:1+:*:wait" leaves 75 rebuild out $ranks \
        --checkpoint "$WORK/folder"
    says "Stopped on request; all that was read is kept. The same command goes on from there."
    says "resumed from checkpoint generation-000"
    dropped=$(awk '$3 == "source.drop" { all += $1 } END { print all }' "$WORK/points")
    check "it went on inflating, $dropped pieces" test "$dropped" -ge 3 -a "$dropped" -le 20
done
check "a rank dies there" dies source.drop:5:0 rebuild out 1 --checkpoint "$WORK/folder"
# To inflate takes longer than ranks are waited for, which is no hang.
COURSE_FUNNEL_FAULT_NUMBERS=$COURSE_FUNNEL_FAULT_NUMBERS,fault.wait_us=60000 trace "$WORK/points" \
    fault source.drop:1+:*:wait leaves 0 rebuild out 2 --checkpoint "$WORK/folder" --patience 1
dropped=$(awk '$3 == "source.drop" { all += $1 } END { print all }' "$WORK/points")
check "there was more to inflate than $dropped pieces" test "$dropped" -ge 40
as_straight out
# So with the two marts alone, whose state keeps no times of completions.
two=(--tables marts --checkpoint "$WORK/two.folder" --checkpoint-interval 0.01)
COURSE_FUNNEL_FAULT=ingest.round:3:0:stop leaves 75 rebuild two 2 "${two[@]}"
leaves 0 rebuild two 3 "${two[@]}"
says "resumed from checkpoint generation-"
for mart in cohorts lessons; do
    same "$WORK/two/mart_course_funnel_$mart.csv" "$WORK/straight/mart_course_funnel_$mart.csv"
done
check "no further marts" test ! -e "$WORK/two/mart_course_funnel_steps.csv"
passed
