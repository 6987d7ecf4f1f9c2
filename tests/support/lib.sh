# Shared by the scenario tests: sourced first, by scripts that ctest runs with
# COURSE_FUNNEL_BUILD (the build folder) and COURSE_FUNNEL_SOURCE (the repository). Gives a folder
# of the test's own, WORK, that is gone when the test ends, and the functions below.
# COURSE_FUNNEL_KEEP=1 keeps the folder. A test calls `passed` as its last step.
set -euo pipefail

SOURCE=${COURSE_FUNNEL_SOURCE:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
BUILD=${COURSE_FUNNEL_BUILD:-$SOURCE/build/debug}
PROGRAM=$BUILD/course-funnel
DATA=${COURSE_FUNNEL_TEST_DATA:-$SOURCE/../shared/data}
WORK=$(mktemp -d /tmp/course-funnel.XXXXXX)
chmod 755 "$WORK" # A database server that runs as another user has to get through.
mkdir "$WORK/mpi"

export PYTHONPATH=$SOURCE/tests/support PYTHONDONTWRITEBYTECODE=1
export LC_ALL=C.UTF-8 TZ=Pacific/Kiritimati # A zone far from UTC must not show in any answer.
export OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_mpi_yield_when_idle=1
export OMPI_MCA_orte_tmpdir_base=$WORK/mpi OMPI_MCA_btl_vader_backing_directory=$WORK/mpi
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0} # Open MPI itself leaks.
if [ "$(id -u)" = 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

postgres_dir=
more_folders=()   # that go with WORK
before_cleaning=: # is called before they go
clean_up() {
    local code=$?
    trap - EXIT
    $before_cleaning || true
    if [ -n "$postgres_dir" ]; then
        "$SOURCE/jobs/local-postgres.sh" stop "$postgres_dir" >&2 || true
    fi
    if [ -n "${COURSE_FUNNEL_KEEP:-}" ]; then
        echo "kept: $WORK" >&2
    else
        rm -rf "$WORK" "${more_folders[@]}"
    fi
    if [ "$code" != 0 ] && [ "$code" != 77 ]; then
        echo "FAILED: $(basename "$0"), exit code $code" >&2
    fi
    exit "$code"
}
trap clean_up EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
trap 'echo "$(basename "$0"):$LINENO: $BASH_COMMAND" >&2' ERR

# A folder where fsync costs nothing, nor to remove thousands of files: FAST.
fast_folder() {
    FAST=$WORK/fast
    if [ -w /dev/shm ]; then
        FAST=$(mktemp -d /dev/shm/course-funnel.XXXXXX)
        more_folders+=("$FAST")
    else
        mkdir "$FAST"
    fi
}

skip() { # skip WHY
    echo "skipped: $*"
    exit 77
}

fail() { # fail WHAT: says so, with the end of what the program said last, and of the test's log
    local said
    echo "fail: $*" >&2
    for said in stderr log; do
        if [ -s "$WORK/$said" ]; then
            echo "the end of $said:" >&2
            tail -n 30 "$WORK/$said" >&2
        fi
    done
    exit 1
}

checks=0
check() { # check WHAT COMMAND...: the command must succeed
    local what=$1
    shift
    checks=$((checks + 1))
    "$@" || fail "$what"
}

passed() {
    [ "$checks" -gt 0 ] || fail "nothing was checked"
    echo "passed: $checks checks"
}

# funnel N ARGS...: run the program on N ranks. Its standard output and standard error are in
# $WORK/stdout and $WORK/stderr; returns its exit code, 124 after FUNNEL_TIMEOUT seconds.
funnel() {
    local ranks=$1
    shift
    timeout -k 10 "${FUNNEL_TIMEOUT:-120}" mpirun --oversubscribe -n "$ranks" "$PROGRAM" "$@" \
        </dev/null >"$WORK/stdout" 2>"$WORK/stderr"
}

# while_reading FILE ACTION N ARGS...: as funnel N ARGS, and while a rank reads FILE all ranks stand
# still and the shell carries out ACTION, which finds the ids of the ranks in PID_0, PID_1, ... A job
# that was over before that has published: $target is put back as it is in $WORK/before.
while_reading() {
    local file=$1 action=$2 code watcher watched tries
    shift 2
    # A job that was over before anything was done to it is begun again.
    for ((tries = 0; tries < 5; tries++)); do
        if [ "$tries" -gt 0 ]; then
            rm -rf "$target"
            cp -r "$WORK/before" "$target"
        fi
        code=0 watched=0
        python3 "$SOURCE/tests/support/while_reading.py" "$PROGRAM" "$WORK" "$file" "$action" >&2 &
        watcher=$!
        funnel "$@" || code=$?
        wait "$watcher" || watched=$?
        [ "$watched" = 75 ] || break
    done
    [ "$watched" = 0 ] || fail "what was to be done while $file is read was not"
    return "$code"
}

# long_file FILE BYTES: a file of so many bytes or some less, one and the same event in each line.
long_file() {
    python3 -c 'import sys; from events import *
text = line(event(STARTED, "u", 1, 1)) + b"\n"
with open(sys.argv[1], "wb") as file:
    for _ in range(int(sys.argv[2]) // len(text) // 1000):
        file.write(text * 1000)' "$1" "$2"
}

# nobody_left: no process of this test's runs is there, or will be within some seconds.
nobody_left() {
    local tries
    for ((tries = 0; tries < 100; tries++)); do
        if ! running >/dev/null; then
            return 0
        fi
        sleep 0.1
    done
    ps -o pid,ppid,stat,etime,wchan:20,args -p "$(running)" >&2 || true
    return 1
}

running() { # a process of the program that this test started: its id, if there is any
    local process
    # Of all processes only those are looked at closely that have the test's folder in their command.
    for process in $(pgrep -f -- "$WORK"); do
        if [ "/proc/$process/exe" -ef "$PROGRAM" ]; then
            echo "$process"
            return 0
        fi
    done
    return 1
}

# until_there SECONDS FILE: wait until the file is there.
until_there() {
    local tries
    for ((tries = $1 * 10; tries > 0; tries--)); do
        [ ! -e "$2" ] || return 0
        sleep 0.1
    done
    fail "$2 was not there within $1 s"
}

# alone ARGS...: as funnel, started without mpirun.
alone() {
    timeout -k 10 "${FUNNEL_TIMEOUT:-120}" "$PROGRAM" "$@" \
        </dev/null >"$WORK/stdout" 2>"$WORK/stderr"
}

# leaves CODE COMMAND...: the command must end with that exit code.
leaves() {
    local wanted=$1 code=0
    shift
    "$@" || code=$?
    checks=$((checks + 1))
    [ "$code" = "$wanted" ] || fail "exit code $code where $wanted was due: $*"
}

# says TEXT: the last run's standard error has the text, in one line only.
says() {
    local count
    count=$(grep -cF -- "$1" "$WORK/stderr" || true)
    checks=$((checks + 1))
    [ "$count" = 1 ] || fail "\"$1\" stands in $count lines of standard error where 1 was due"
}

same() { # same A B: files of equal bytes
    checks=$((checks + 1))
    cmp -s "$1" "$2" || {
        diff -a "$1" "$2" | head -n 20 >&2 || true
        fail "$1 differs from $2"
    }
}

same_marts() { # same_marts A B: folders with equal marts, the further ones too where either has them
    local mart
    same "$1/mart_course_funnel_cohorts.csv" "$2/mart_course_funnel_cohorts.csv"
    same "$1/mart_course_funnel_lessons.csv" "$2/mart_course_funnel_lessons.csv"
    for mart in steps completion entry_points; do
        if [ -e "$1/mart_course_funnel_$mart.csv" ] || [ -e "$2/mart_course_funnel_$mart.csv" ]; then
            same "$1/mart_course_funnel_$mart.csv" "$2/mart_course_funnel_$mart.csv"
        fi
    done
}

read_marts() { # read_marts SCHEMA FOLDER: all marts out of the database, as CSV files
    local mart keys
    mkdir -p "$2"
    for mart in cohorts lessons steps completion entry_points; do
        keys=1,2
        [ "$mart" = cohorts ] || [ "$mart" = completion ] || keys=1,2,3
        psql -XAtqc "\\copy (select * from $1.mart_course_funnel_$mart order by $keys) to '$2/mart_course_funnel_$mart.csv' csv header"
    done
}

# reject_list [--short] NDJSON: sorted lines `source,offset,reason,hex of the text`.
reject_list() {
    python3 "$SOURCE/tests/support/rejects.py" "$@"
}

# counts RUN_JSON: the counts of a run as sorted lines `name,value`.
counts() {
    python3 "$SOURCE/tests/support/counts.py" "$1"
}

# start_postgres: a private server; PGHOST and the like are set, and CONNINFO names it.
start_postgres() {
    [ -x "$SOURCE/jobs/local-postgres.sh" ] || skip "jobs/local-postgres.sh is not there"
    postgres_dir=$WORK/postgres
    COURSE_FUNNEL_POSTGRES_FSYNC=off "$SOURCE/jobs/local-postgres.sh" start "$postgres_dir" >&2
    eval "$("$SOURCE/jobs/local-postgres.sh" env "$postgres_dir")"
    CONNINFO="host=$PGHOST user=$PGUSER dbname=${PGDATABASE:-postgres}"
    psql -XAtqc 'select 1' >/dev/null
}

[ -x "$PROGRAM" ] || skip "$PROGRAM is not built"
