#!/bin/bash
# Twenty thousand files in a thousand folders, with few file descriptors: the marts are those of one
# file with the same lines, and the closing books count every file.
. "$(dirname "$0")/../support/lib.sh"

printf '#!/bin/sh\nulimit -n 40\nexec %s "$@"\n' "$PROGRAM" >"$WORK/few_descriptors"
chmod +x "$WORK/few_descriptors"
python3 - "$WORK" <<'PYTHON'
import os
import sys

from events import COMPLETED, STARTED, event, line

with open(sys.argv[1] + "/all.json", "wb") as whole:
    for folder in range(1000):
        path = f"{sys.argv[1]}/in/{folder % 10}/{folder}"
        os.makedirs(path)
        for name in range(20):
            number = folder * 20 + name
            kind = STARTED if number % 3 else COMPLETED
            text = line(event(kind, f"u{number % 7000}", number % 11, number % 13, spent=number)) + b"\n"
            text *= number % 4 > 0  # Some are empty.
            with open(f"{path}/{name}.json", "wb") as file:
                file.write(text)
            whole.write(text)
PYTHON

leaves 0 funnel 1 rebuild --from "$WORK/all.json" --to "$WORK/marts.one" --rejects "$WORK/rejects"
for ranks in 1 3; do
    begun=$(date +%s)
    PROGRAM=$WORK/few_descriptors leaves 0 funnel $ranks rebuild --from "$WORK/in" \
        --to "$WORK/marts.$ranks" --rejects "$WORK/rejects"
    check "it took long" test $(($(date +%s) - begun)) -lt 60
    same_marts "$WORK/marts.$ranks" "$WORK/marts.one"
    check "all files were read" grep -q '^  20,000 files in ' "$WORK/stdout"
    counts "$WORK/marts.$ranks/course_funnel_run.json" >"$WORK/counts"
    check "all lines were read" grep -qx 'lines_read,15000' "$WORK/counts"
done
# By a glob, and one of them named again.
PROGRAM=$WORK/few_descriptors leaves 0 funnel 2 rebuild --from "$WORK/in/*/*/*.json" \
    "$WORK/in/0/0/1.json" --to "$WORK/marts.glob" --rejects "$WORK/rejects"
same_marts "$WORK/marts.glob" "$WORK/marts.one"

# The one bad file among them is found, and named.
head -c 100 <(gzip -c "$WORK/all.json") >"$WORK/in/7/777/7.json"
PROGRAM=$WORK/few_descriptors leaves 4 funnel 3 rebuild --from "$WORK/in" --to "$WORK/marts.bad" \
    --rejects "$WORK/rejects"
says "$WORK/in/7/777/7.json"
passed
