#!/bin/bash
# The first command of the README, on a copy of the repository: a funnel on the screen, and a second
# run that uses what is there. The build is the one that is tested; packages are there already.
. "$(dirname "$0")/../support/lib.sh"

copy=$WORK/course-funnel
mkdir "$copy" "$WORK/bin"
cp -r "$SOURCE"/{CMakeLists.txt,CMakePresets.json,README.md,include,jobs,src} "$copy"
# What cmake is asked for is done by putting the program in its place.
cat >"$WORK/bin/cmake" <<SCRIPT
#!/bin/sh
echo "cmake \$*" >>'$WORK/calls'
case "\$*" in
"--preset release") mkdir -p build/release ;;
"--build --preset release --target course-funnel") cp '$PROGRAM' build/release/course-funnel ;;
*) exit 1 ;;
esac
SCRIPT
chmod +x "$WORK/bin/cmake"
unset OMPI_ALLOW_RUN_AS_ROOT OMPI_ALLOW_RUN_AS_ROOT_CONFIRM PGHOST PGPORT PGUSER PGDATABASE
postgres_dir=$copy/build/quickstart/postgres # lib.sh stops it

quickstart() { # from a folder that is not the repository's
    (cd / && PATH=$WORK/bin:$PATH timeout -k 10 300 "$copy/jobs/quickstart.sh" "$@") \
        </dev/null >"$WORK/stdout" 2>"$WORK/stderr"
}
leaves 2 quickstart --rows 3
# A machine of one core with threads, where Open MPI has one slot unless it is told to count them; the
# ranks are bound, as they are for a user.
unset OMPI_MCA_hwloc_base_binding_policy
threads="core:1 pu:$(nproc)"
HWLOC_SYNTHETIC=$threads HWLOC_THISSYSTEM=1 leaves 0 quickstart --events 20000
check "it builds" test "$(wc -l <"$WORK/calls")" = 2
check "nothing is said on standard error" test ! -s "$WORK/stderr"
check "seven steps" test "$(grep -cE '^[1-7]\. ' "$WORK/stdout")" = 7
check "a page, whose path comes last" test "$(tail -n 1 "$WORK/stdout")" = "  $copy/build/quickstart/page.html"
check "it is there" grep -q '<title>Course completion' "$copy/build/quickstart/page.html"
check "the funnel of a course" grep -qE '^Course [0-9]+, lessons, all cohorts watched for 28 days or more$' "$WORK/stdout"
check "where users stop" grep -qE '^Most users stop at lesson ' "$WORK/stdout"
check "lessons with users who were lost" test \
    "$(sed -n '/^lesson  *reached .*rate$/,/^$/p' "$WORK/stdout" | grep -cE ' [0-9.]+ % *')" -ge 5
sed -n '/^Courses$/,/^7\. /p' "$WORK/stdout" >"$WORK/first"
export_files=$(find "$copy/build/quickstart/export" -type f | wc -l)
check "the export has files" test "$export_files" -gt 100

# What it tells to do next works as it stands there.
sed -n 's/^  \(eval .*\|psql .*\|build\/release.*\)$/\1/p' "$WORK/stdout" >"$WORK/next"
check "three commands to go on with" test "$(wc -l <"$WORK/next")" = 3
(cd "$copy" && bash -e "$WORK/next") >"$WORK/next.out" 2>&1 || fail "$(cat "$WORK/next.out")"
check "they show rows" grep -q "(10 rows)" "$WORK/next.out"

leaves 0 quickstart
check "the second run uses what is there" test "$(grep -c 'used again' "$WORK/stdout")" = 2
check "the export is the same" test "$(find "$copy/build/quickstart/export" -type f | wc -l)" = "$export_files"
sed -n '/^Courses$/,/^7\. /p' "$WORK/stdout" >"$WORK/second"
same "$WORK/second" "$WORK/first"
(cd "$copy" && eval "$(jobs/local-postgres.sh env build/quickstart/postgres)" &&
    psql -XAtqc 'select count(*) from course_funnel.course_funnel_runs') >"$WORK/runs"
check "two runs are recorded" test "$(cat "$WORK/runs")" = 2

# The command that it names for that stops the server.
running=$copy/build/quickstart/postgres/data/postmaster.pid
check "the server runs" test -s "$running"
(cd "$copy" && jobs/local-postgres.sh stop build/quickstart/postgres)
check "the server is stopped" test ! -e "$running"

# A step that fails is named, with the end of its log; mpirun says there why it starts no ranks.
echo "echo 1000" >"$WORK/bin/nproc"
chmod +x "$WORK/bin/nproc"
mv "$copy/build/quickstart/export" "$WORK/export"
leaves 1 quickstart
says "That failed with exit code 1. The end of $copy/build/quickstart/generate.log:"
says "There are not enough slots available"
sed -i 's/^case/echo no compiler here; exit 3; case/' "$WORK/bin/cmake"
leaves 3 quickstart
says "That failed with exit code 3. The end of $copy/build/quickstart/build.log:"
says "no compiler here"
passed
