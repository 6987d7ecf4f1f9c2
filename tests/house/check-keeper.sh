#!/usr/bin/env bash
# The keeper of the layers sees what it is there for: each line below breaks a copy of the sources in
# one way, and names what must be said of it.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d /tmp/course-funnel.XXXXXX)
trap 'rm -rf "$work"' EXIT
tried=0

# refused MESSAGE FILE TEXT: with a line TEXT put at the top of FILE, or a new FILE of it.
refused() {
    rm -rf "$work/top"
    mkdir "$work/top"
    cp -r src include "$work/top"
    mkdir -p "$(dirname "$work/top/$2")"
    touch "$work/top/$2"
    printf '%s\n' "$3" | cat - "$2" 2>/dev/null >"$work/top/$2" || true
    if python3 tests/house/check-layers.py "$work/top" >"$work/said" 2>&1 ||
        ! grep -qF -- "$1" "$work/said"; then
        echo "$2 with \"$3\" is not refused by \"$1\":" >&2
        cat "$work/said" >&2
        exit 1
    fi
    tried=$((tried + 1))
}

refused 'decode may not know ranks' src/decode/decode.c '#include "course_funnel/ranks.h"'
refused 'source may not know decode' include/course_funnel/source.h \
    '#include "course_funnel/decode.h"'
refused 'a private header of another layer' src/publish/publish.c '#include "postgres_connection.h"'
refused 'a private header of another layer' src/publish/publish.c \
    '#include "../postgres/postgres_connection.h"'
refused 'does not give fold that library' src/fold/fold.c '#include <hdf5.h>'
refused 'only image.c does' src/store/store.c '#include <hdf5.h>'
refused 'only ranks_mpi.h does' src/exchange/exchange.c '#include <mpi.h>'
refused 'there is no such header' src/fold/fold.c '#include "course_funnel/nobody.h"'
refused 'lies in no layer' src/nowhere/new.c ''
refused 'stands in' src/fold/calendar.c ''
refused 'no layer has a new.c' include/course_funnel/new.h ''
refused 'no other layer than fold needs it' include/course_funnel/state_warm.h ''
refused 'a circle' src/CMakeLists.txt 'layer(early KNOWS fold)'
refused 'is given MPI::MPI_C, which none' src/CMakeLists.txt 'layer(early LIBRARIES MPI::MPI_C)'
[ "$tried" -ge 14 ]
echo "$tried ways to break the house are seen"
