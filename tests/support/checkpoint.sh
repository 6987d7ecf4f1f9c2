# Shared by the scenarios of checkpoints: sourced first, instead of lib.sh, which it brings along.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

grep -q COURSE_FUNNEL_FAULT_TRACE "$PROGRAM" || skip "this build has no fault points"

# Small rounds, so that a small input has many points to stop at.
COURSE_FUNNEL_FAULT_NUMBERS=ingest.round_bytes=65536${COURSE_FUNNEL_FAULT_NUMBERS:+,$COURSE_FUNNEL_FAULT_NUMBERS}
export COURSE_FUNNEL_FAULT_NUMBERS

# On one host, without a look for others: MPI starts a third faster.
export OMPI_MCA_btl=self,vader OMPI_MCA_pml=ob1

# A rank that dies takes the others with it at once, not after a second.
export OMPI_MCA_odls_base_sigkill_timeout=0

seed=${COURSE_FUNNEL_SEED:-$(date +%s)}
echo "COURSE_FUNNEL_SEED=$seed"
RANDOM=$((seed % 32768))

# sample DIR ARGS...: an input with rejects, duplicates and late events
sample() {
    local out=$1
    shift
    [[ " $* " == *" --users "* ]] || set -- "$@" --users 400
    [[ " $* " == *" --lessons "* ]] || set -- "$@" --lessons 12
    funnel 2 generate --out "$out" --courses 5 --course-share 0.5 --weeks 6 --dirt 0.03 \
        --duplicates 0.03 --late 0.05 --seed "$seed" "$@" || fail "no sample"
}

# rebuild NAME RANKS ARGS...: marts into $WORK/NAME, rejects into $WORK/NAME.rejects
rebuild() {
    local name=$1 ranks=$2 code=0
    shift 2
    set -- funnel "$ranks" rebuild --from "$WORK/in" --to "$WORK/$name" \
        --rejects "$WORK/$name.rejects" --max-reject-share 1 "$@"
    "$@" || code=$?
    # The program never leaves 1, nor without a word: mpirun could not start it.
    if [ "$code" = 1 ] && [ ! -s "$WORK/stderr" ] && [ ! -s "$WORK/stdout" ]; then
        echo "mpirun did not start the program; once more" >&2
        code=0
        "$@" || code=$?
    fi
    return "$code"
}

# straight: the undisturbed run that all others are held to
straight() {
    COURSE_FUNNEL_FAULT_NUMBERS='' leaves 0 rebuild straight 2
    counts "$WORK/straight/course_funnel_run.json" >"$WORK/straight.counts"
    check "the sample has rejects" test -s "$WORK/straight.rejects"
    check "the sample has duplicates" grep -q '^duplicates,[1-9]' "$WORK/straight.counts"
}

# as_straight NAME: a run's marts, rejects and counts are those of the undisturbed one
as_straight() {
    same_marts "$WORK/$1" "$WORK/straight"
    same "$WORK/$1.rejects" "$WORK/straight.rejects"
    counts "$WORK/$1/course_funnel_run.json" >"$WORK/counts"
    same "$WORK/counts" "$WORK/straight.counts"
}

# fault POINT:OCCURRENCE:RANK:ACTION COMMAND...: with that fault
fault() {
    local what=$1
    shift
    COURSE_FUNNEL_FAULT=$what "$@"
}

# trace FILE COMMAND...: which points the ranks pass, as lines `COUNT RANK POINT`
trace() {
    local file=$1
    shift
    rm -f "$WORK/trace"
    COURSE_FUNNEL_FAULT_TRACE=$WORK/trace "$@"
    sort "$WORK/trace" | uniq -c >"$file"
}

# times COUNT: the first, the middle and the last
times() {
    printf '%s\n' 1 $((($1 + 1) / 2)) "$1" | sort -nu
}

# dies POINT:OCCURRENCE:RANK COMMAND...: whether a rank died there; if not, the run was undisturbed.
# Each is noted in $WORK/died. Open MPI itself hangs now and then when ranks die early: then none of
# them is there any more, and that counts as dead.
dies() {
    local what=$1 code=0
    shift
    FUNNEL_TIMEOUT=30 COURSE_FUNNEL_FAULT=$what:kill "$@" || code=$?
    checks=$((checks + 1))
    case $code in
    0) return 1 ;;
    124) check "at $what the run hangs" nobody_left ;;
    137) ;;
    *) fail "at $what the run left with $code" ;;
    esac
    echo "${what%%:*}" >>"$WORK/died"
}

# clean_folder DIR: nothing half written lies in a checkpoint folder
clean_folder() {
    check "no temporary file is left in $1" test -z "$(find "$1" -name '*.tmp')"
}
