#!/usr/bin/env bash
# From a fresh checkout to a funnel on the screen, on one machine: packages, build, a sample
# export, a private PostgreSQL, the rebuild, the report, a page. A second run uses what is there.
set -euo pipefail

usage() {
    cat <<'EOF'
usage: jobs/quickstart.sh [--events N]

Builds course-funnel, makes a sample Amplitude export, and rebuilds the marts from it into a
PostgreSQL of its own. All of it stays in build/; running it again uses what is there.
  --events N  lines of the sample, about, when it is made for the first time (200000)
EOF
}

events=200000
while [ $# -gt 0 ]; do
    case $1 in
    --events) events=${2:?--events needs a number}; shift 2 ;;
    --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
    esac
done

cd "$(dirname "$0")/.."
top=$PWD
work=$top/build/quickstart
program=$top/build/release/course-funnel
ranks=$(nproc)
mkdir -p "$work"

# Open MPI asks a root user twice whether it is meant.
if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

# on_all_cores ARGS...: the program on a rank for each thread of the cores, which is what nproc
# counts; Open MPI alone counts cores, and refuses to start more ranks.
on_all_cores() {
    mpirun --use-hwthread-cpus -n "$ranks" "$program" "$@"
}

# step TEXT LOG COMMAND...: say what is done, keep the noise in a file, show its end on failure.
step() {
    local text=$1 log=$work/$2.log code=0
    shift 2
    echo "$text"
    "$@" >"$log" 2>&1 </dev/null || code=$?
    [ "$code" -eq 0 ] && return 0
    echo "That failed with exit code $code. The end of $log:" >&2
    tail -n 40 "$log" >&2
    exit "$code"
}

# These are called where a failure must be looked at, so `set -e` does not hold in them.
build() {
    cmake --preset release &&
        cmake --build --preset release --target course-funnel
}

# The export is made under another name, so that one that was broken off is not taken for whole.
make_export() {
    rm -rf "$work/export.new" &&
        on_all_cores generate --out "$work/export.new" --events "$events" &&
        mv "$work/export.new" "$work/export"
}

rebuild() {
    on_all_cores rebuild --from "$work/export" --to "dbname=postgres" \
        --schema course_funnel --rejects "$work/rejects.ndjson"
}

step "1. Packages: what building and running need (jobs/install-deps.sh)" packages \
    jobs/install-deps.sh
step "2. Build: build/release/course-funnel" build build
if [ -d "$work/export" ]; then
    echo "3. Sample export: build/quickstart/export is there, used again"
else
    step "3. Sample export: about $events events in build/quickstart/export" generate make_export
fi
if [ -d "$work/postgres" ]; then
    postgres_text="4. PostgreSQL: the server in build/quickstart/postgres is used again"
else
    postgres_text="4. PostgreSQL: a server of its own in build/quickstart/postgres"
fi
step "$postgres_text" postgres jobs/local-postgres.sh start "$work/postgres"
environment=$(jobs/local-postgres.sh env "$work/postgres")
eval "$environment"
step "5. Rebuild: both marts by $ranks ranks, into the schema course_funnel" rebuild rebuild
echo "6. Report:"
echo
"$program" report --from "dbname=postgres" --schema course_funnel
echo
step "7. Page: the same for a browser, in one file" page \
    "$program" report --from "dbname=postgres" --schema course_funnel --html "$work/page.html"

cat <<EOF

The marts are course_funnel.mart_course_funnel_cohorts and course_funnel.mart_course_funnel_lessons;
the view course_funnel.mart_course_funnel_dropoff says where learners leave. To look further:
  eval "\$(jobs/local-postgres.sh env build/quickstart/postgres)"
  psql -d postgres -c 'select * from course_funnel.mart_course_funnel_cohorts limit 10'
  build/release/course-funnel report --help
README.md, "Run it on your own export", goes on from here. The server goes on running; stop it by
  jobs/local-postgres.sh stop build/quickstart/postgres
To see it all, and to show it to others, open this page:
  $work/page.html
EOF
