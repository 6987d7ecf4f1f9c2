#!/usr/bin/env bash
# Build and test everything. The last line says how many checks passed, failed and were skipped.
set -uo pipefail

usage() {
    cat <<'EOF'
usage: tests/run.sh [--quick] [--no-install] [PART...]

Builds course-funnel in all ways that count and runs its tests. Parts, in their order:
  debug    gcc, warnings are errors; the tests that make the program fail at named points
  clang    clang, warnings are errors; the fuzzers, for a short time
  release  as it is used; all other tests
  asan     address and undefined-behaviour sanitizers; the tests of units and ranks, and the
           scenarios that are labelled asan
  clean    the builds left the work tree as it was
Without a PART all of them run.
  --quick       debug with the tests of units and the rules of the house, and no more
  --no-install  do not install missing packages first
EOF
}

quick=
install=yes
parts=()
while [ $# -gt 0 ]; do
    case $1 in
    --quick) quick=yes ;;
    --no-install) install= ;;
    --help) usage; exit 0 ;;
    debug | clang | release | asan | clean) parts+=("$1") ;;
    *) usage >&2; exit 2 ;;
    esac
    shift
done
[ ${#parts[@]} -gt 0 ] || parts=(debug clang release asan clean)

cd "$(dirname "$0")/.." || exit 1
jobs=$(nproc)
passed=0
failed=0
skipped=0
failures=()
if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

headline() {
    printf '\n=== %s (%s s)\n' "$*" "$SECONDS"
}

# check NAME COMMAND...: one check that a command succeeds.
check() {
    local name=$1
    shift
    headline "$name"
    if "$@" </dev/null; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        failures+=("$name")
        return 1
    fi
}

build() {
    cmake --preset "$1" && cmake --build --preset "$1" -j "$jobs"
}

# The number that the first element of ctest's report gives for an attribute.
report_count() {
    grep -m 1 -oE "[[:space:]]$2=\"[0-9]+\"" "$1" | grep -oE '[0-9]+' || echo 0
}

# run_tests NAME PRESET CTEST-OPTION...: add up what ctest's report says.
run_tests() {
    local name=$1 preset=$2 code=0 all bad left
    local report=$PWD/build/$preset/tests-$1.xml
    shift 2
    headline "tests: $name"
    rm -f "$report"
    ctest --test-dir "build/$preset" -j "$jobs" --output-on-failure --output-junit "$report" \
        --no-tests=error "$@" </dev/null || code=$?
    if [ ! -s "$report" ]; then
        failed=$((failed + 1))
        failures+=("tests: $name: no report")
        return
    fi
    all=$(report_count "$report" tests)
    bad=$(report_count "$report" failures)
    left=$(($(report_count "$report" skipped) + $(report_count "$report" disabled)))
    # A failure that the report does not show is one all the same.
    if [ "$code" -ne 0 ] && [ "$bad" -eq 0 ]; then
        bad=1
        all=$((all + 1))
    fi
    passed=$((passed + all - bad - left))
    failed=$((failed + bad))
    skipped=$((skipped + left))
    [ "$bad" -eq 0 ] || failures+=("tests: $name")
}

has_tests() {
    local preset=$1
    shift
    grep -qE '^Total Tests: [1-9]' <<<"$(ctest --test-dir "build/$preset" -N "$@" 2>/dev/null)"
}

tree_state() {
    git status --porcelain 2>/dev/null
}

tree_is_unchanged() {
    local after
    after=$(tree_state)
    [ "$after" = "$tree_before" ] && return 0
    echo "The builds or tests left files behind. Before:"
    printf '%s\n' "$tree_before"
    echo "After:"
    printf '%s\n' "$after"
    return 1
}

run_part() {
    case $1 in
    debug) check "build: debug" build debug && run_tests faults debug -L faults ;;
    clang) check "build: clang" build clang && run_tests fuzz clang -L fuzz ;;
    release)
        check "build: release" build release && run_tests release release
        ;;
    asan)
        check "build: asan" build asan || return
        run_tests asan-units asan -R '^unit\.'
        # Open MPI leaks by itself, so leaks are looked for where it is not in the program.
        local -x ASAN_OPTIONS=detect_leaks=0
        run_tests asan-ranks asan -R '^mpi\.'
        if has_tests asan -L asan -E '^(unit|mpi)\.'; then
            run_tests asan-scenarios asan -L asan -E '^(unit|mpi)\.'
        fi
        ;;
    clean) check "the work tree is as it was" tree_is_unchanged ;;
    esac
}

if [ -z "$install" ] || check "packages" jobs/install-deps.sh --tests --bench; then
    tree_before=$(tree_state) # Here, since git may be one of the packages.
    if [ -n "$quick" ]; then
        check "build: debug" build debug && run_tests quick debug -R '^(unit|house)\.'
    else
        for part in "${parts[@]}"; do
            run_part "$part"
        done
    fi
fi

echo
for failure in "${failures[@]}"; do
    echo "FAILED: $failure"
done
[ "$((passed + failed))" -gt 0 ] || failed=1
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
