#!/usr/bin/env bash
# Each header compiles alone, in C11, with every warning an error.
# usage: check-headers.sh [COMPILER]
set -euo pipefail
cd "$(dirname "$0")/../.."

compiler=${1:-cc}
# Where the headers of the libraries lie that some of ours include.
read -ra library_flags < <(echo "$(mpicc --showme:compile) $(pkg-config --cflags libpq hdf5-serial)")
checked=0
failed=0
while IFS= read -r header; do
    checked=$((checked + 1))
    printf '#include "%s"\n' "$PWD/$header" |
        "$compiler" -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -Iinclude -Itests \
            "${library_flags[@]}" -fsyntax-only -xc - || {
        echo "$header does not compile alone" >&2
        failed=1
    }
done < <(find include src tests -name '*.h' | sort)
if [ "$checked" -eq 0 ]; then
    echo "no headers found" >&2
    exit 1
fi
echo "$checked headers"
exit "$failed"
