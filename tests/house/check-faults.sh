#!/usr/bin/env bash
# What is compiled without COURSE_FUNNEL_FAULTS holds no trace of fault points, nor does BUILD's program
# when it is built so.
# usage: check-faults.sh COMPILER BUILD
set -euo pipefail
cd "$(dirname "$0")/../.."

compiler=$1
objects=$2/check-faults
rm -rf "$objects"
mkdir -p "$objects"
points=0
for source in $(grep -rl --include='*.c' 'FAULT' src); do
    while read -r point; do
        points=$((points + 1))
        echo "$point" >>"$objects/points"
    done < <(grep -oE 'FAULT(_NUMBER)?\("[a-z_.]+"' "$source" | sed 's/.*"\(.*\)"/\1/')
    # shellcheck disable=SC2046 # Flags are words.
    "$compiler" -std=gnu11 -O2 -D_GNU_SOURCE -DCOURSE_FUNNEL_VERSION='"0"' -Iinclude \
        $(pkg-config --cflags libpq hdf5-serial libcjson) $(mpicc --showme:compile) \
        -c "$source" -o "$objects/${source//\//_}.o"
done
if [ "$points" -lt 45 ]; then
    echo "only $points fault points found" >&2
    exit 1
fi
strings -a "$objects"/*.o >"$objects/strings"
if grep -xFf "$objects/points" "$objects/strings"; then
    echo "fault points are left in a build without them" >&2
    exit 1
fi
nm "$objects"/*.o >"$objects/symbols"
if grep -E ' fault_(at|number|rank)$' "$objects/symbols"; then
    echo "a build without fault points calls them" >&2
    exit 1
fi
# The program of a build without them is looked at itself.
if grep -q '^COURSE_FUNNEL_FAULTS:BOOL=OFF' "$2/CMakeCache.txt" 2>/dev/null; then
    echo COURSE_FUNNEL_FAULT >>"$objects/points"
    strings -a "$2/course-funnel" >"$objects/strings"
    if grep -xFf "$objects/points" "$objects/strings"; then
        echo "fault points are left in $2/course-funnel" >&2
        exit 1
    fi
fi
echo "$points points"
