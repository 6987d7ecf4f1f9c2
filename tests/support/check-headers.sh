#!/usr/bin/env bash
# Each header compiles alone, in C11, with every warning an error.
# usage: check-headers.sh [COMPILER]
set -euo pipefail
cd "$(dirname "$0")/../.."

compiler=${1:-cc}
# What MPI is included through is found where its compiler wrapper says.
read -ra mpi_flags < <(mpicc --showme:compile)
checked=0
failed=0
for header in include/course_funnel/*.h; do
    checked=$((checked + 1))
    printf '#include "%s"\n' "${header#include/}" |
        "$compiler" -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -Iinclude "${mpi_flags[@]}" \
            -fsyntax-only -xc - || {
        echo "$header does not compile alone" >&2
        failed=1
    }
done
if [ "$checked" -eq 0 ]; then
    echo "no headers found" >&2
    exit 1
fi
echo "$checked headers"
exit "$failed"
