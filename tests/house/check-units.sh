#!/usr/bin/env bash
# No test of a unit is linked with MPI: they run where there is no mpirun, and no server.
# usage: check-units.sh BUILD
set -euo pipefail

checked=0
failed=0
for program in "$1"/tests/unit_*; do
    checked=$((checked + 1))
    libraries=$(ldd "$program")
    if grep -E 'libmpi|libopen-(rte|pal)' <<<"$libraries"; then
        echo "$program is linked with MPI" >&2
        failed=1
    fi
done
# That the pattern finds what it should is seen where MPI is.
grep -qE 'libmpi' <<<"$(ldd "$1/course-funnel")"
[ "$checked" -ge 20 ] || failed=1
echo "$checked programs"
exit $failed
