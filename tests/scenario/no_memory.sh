#!/bin/bash
# One rank gets no memory, once, at some moment of the job: in its plan, while it reads, exchanges and
# folds, in its sums or its publication. The job ends at once with one message and 70, nobody waits
# for the rank, and the target is as it was. COURSE_FUNNEL_WISHES is how many moments are drawn.
. "$(dirname "$0")/../support/lib.sh"

refuser=$BUILD/tests/allocations.so
[ -e "$refuser" ] || skip "$refuser is not built"
printf '#!/bin/sh\nLD_PRELOAD=%s exec %s "$@"\n' "$refuser" "$PROGRAM" >"$WORK/program"
chmod +x "$WORK/program"
seed=${COURSE_FUNNEL_SEED:-$(date +%s)}
echo "COURSE_FUNNEL_SEED=$seed"
RANDOM=$((seed % 32768))
export OMPI_MCA_odls_base_sigkill_timeout=0 FUNNEL_TIMEOUT=30

target=$WORK/target
mkdir "$WORK/in"
sample=(--events 3000 --weeks 1 --users 500 --courses 3 --dirt 0.05 --duplicates 0.05)
leaves 0 funnel 2 generate --out "$WORK/in/plain" "${sample[@]}" --format plain
leaves 0 funnel 2 generate --out "$WORK/in/gzip" "${sample[@]}" --seed 2
leaves 0 funnel 2 generate --out "$WORK/in/zip" "${sample[@]}" --seed 3 --format zip
leaves 0 funnel 1 rebuild --from "$WORK/in/plain" --to "$target" --rejects "$WORK/rejects" \
    --max-reject-share 1
cp -r "$target" "$WORK/before"
rebuild() {
    PROGRAM=$WORK/program funnel 3 rebuild --from "$WORK/in" --to "$target" \
        --rejects "$WORK/rejects" --max-reject-share 1 "$@"
}

ALLOCATIONS_TO=$WORK/use leaves 0 rebuild
rm -r "$target"
cp -r "$WORK/before" "$target"
# The first and the last, where all is different, and some by chance between. Not the very first,
# which comes before MPI knows the rank, so that mpirun has to see by itself that it is gone.
draw() { # draw WISHES: which of them are refused, in turn
    local more
    tries=(2 3 5 20 $(($1 - 50)) $(($1 - 10)) $(($1 - 4)) $(($1 - 1)))
    for ((more = ${COURSE_FUNNEL_WISHES:-2}; more > 0; more--)); do
        tries+=($((RANDOM * 7 % ($1 - 1) + 2)))
    done
}
hit=0
ended=0
: >"$WORK/messages"
for rank in 0 2; do
    read -r _ wishes _ <"$WORK/use.$rank"
    echo "rank $rank: $wishes allocations"
    draw "$wishes"
    for at in "${tries[@]}"; do
        code=0
        ALLOCATIONS_FAIL=$rank:$at rebuild || code=$?
        checks=$((checks + 1))
        if [ "$code" = 0 ]; then # It asked less often this time.
            rm -r "$target"
            cp -r "$WORK/before" "$target"
            continue
        fi
        echo "rank $rank, $at: $code $(cat "$WORK/stderr")" >>"$WORK/messages"
        [ "$code" = 70 ] || fail "rank $rank, allocation $at of $wishes: left $code where 70 was due"
        hit=$((hit + 1))
        check "rank $rank, $at: one message" test "$(grep -c ': error: ' "$WORK/stderr")" = 1
        check "rank $rank, $at: it tells what to do" \
            grep -qE 'No memory left: .*Use more nodes, or fewer ranks a node' "$WORK/stderr"
        check "rank $rank, $at: somebody is left" nobody_left
        check "rank $rank, $at: the target is as it was" diff -r "$target" "$WORK/before"
        # Where the others are in the midst of an exchange they can only be ended, as if killed.
        if grep -q 'for events on their way' "$WORK/stderr"; then
            ended=$((ended + 1))
            find "$WORK" -name '*.part-*' -delete
        fi
        check "rank $rank, $at: parts of rejects stay" test -z "$(find "$WORK" -name '*.part-*')"
    done
done
echo "$hit wishes were refused; $ended times the other ranks were ended"
check "only $hit were refused" test "$hit" -ge 12

# With checkpoints memory may also be short for one of them, which is given up, and the run goes on.
kept=(--checkpoint "$WORK/folder" --checkpoint-interval 0.000001)
ALLOCATIONS_TO=$WORK/use leaves 0 rebuild "${kept[@]}"
rm -r "$WORK/before"
cp -r "$target" "$WORK/before"
given_up=0
hit=0
for rank in 0 2; do
    read -r _ wishes _ <"$WORK/use.$rank"
    echo "rank $rank: $wishes allocations with checkpoints"
    draw "$wishes"
    for at in "${tries[@]}"; do
        code=0
        rm -rf "$WORK/folder" "$target"
        ALLOCATIONS_FAIL=$rank:$at rebuild "${kept[@]}" || code=$?
        checks=$((checks + 1))
        [ "$code" = 0 ] || [ "$code" = 70 ] || fail "rank $rank, allocation $at of $wishes: left $code"
        check "rank $rank, $at: somebody is left" nobody_left
        if grep -q "is given up, .*No memory left" "$WORK/stderr"; then
            given_up=$((given_up + 1))
        fi
        if [ "$code" = 70 ]; then
            hit=$((hit + 1))
            check "rank $rank, $at: nothing is set aside" \
                test -z "$(find "$WORK/folder" -name 'damaged-*' 2>/dev/null)"
            leaves 0 rebuild "${kept[@]}"
        fi
        same_marts "$target" "$WORK/before"
    done
done
echo "$hit wishes were refused, and $given_up checkpoints given up"
check "only $hit were refused" test "$hit" -ge 6
passed
