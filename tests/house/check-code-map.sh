#!/usr/bin/env bash
# The README's code map names every source file, and no file that is not there.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
map=$(sed -n '/^## Code map/,$p' README.md)
bad=0
mapfile -t paths < <(find src -name '*.c'; find jobs -type f)
for path in "${paths[@]}"; do
    name=$(basename "$path")
    if ! grep -qF "\`$name\`" <<<"$map"; then
        echo "README.md: the code map lacks $name"
        bad=1
    fi
done
while read -r name; do
    if [[ " ${paths[*]} " != *"/$name "* ]]; then
        echo "README.md: the code map names $name, which is not there"
        bad=1
    fi
done < <(grep -oE '`[a-z_-]+\.(c|sh|sbatch)`' <<<"$map" | tr -d '`')
exit $bad
