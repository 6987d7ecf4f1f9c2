#!/usr/bin/env bash
# The code maps name every file, and no file that is not there: that of src/README.md those of src, by
# folder, and that of jobs/README.md those of jobs.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
bad=0

# compare WHERE: the names on the two standard inputs are the same. Fd 3 has those that are there.
compare() {
    local line
    while IFS= read -r line; do
        case $line in
        $'\t'*) echo "$1: the map names ${line#?}, which is not there"; bad=1 ;;
        *) echo "$1: the map lacks $line"; bad=1 ;;
        esac
    done < <(comm -3 <(sort <&3) <(sort))
}

# A table of a folder begins with its name; a row with the name of one file.
src_map() {
    sed -n '/^## Code map/,$p' src/README.md | awk -F'`' '
        /^\| `[a-z\/]+\/`/ { folder = $2 }
        /^\| `[a-z0-9_]+\.c`/ { print folder $2 }'
}
compare src/README.md 3< <(cd src && find . -name '*.c' ! -path ./main.c -printf '%P\n') < <(src_map)
grep -qF '`main.c`' src/README.md || { echo "src/README.md: the map lacks main.c"; bad=1; }
compare jobs/README.md 3< <(find jobs -type f ! -name README.md -printf '%f\n') \
    < <(sed -n '/^## The scripts/,/^## On/p' jobs/README.md | awk -F'`' '/^\| `/ { print $2 }')
exit $bad
