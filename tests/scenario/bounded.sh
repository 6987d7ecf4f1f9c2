#!/bin/bash
# Neither memory nor the number of allocations grows with the input, where what is known of the users
# does not: four times the lines, in a plain file and a compressed one, on one rank and on three.
. "$(dirname "$0")/../support/lib.sh"

counter=$BUILD/tests/allocations.so
[ -e "$counter" ] || skip "$counter is not built"
printf '#!/bin/sh\nLD_PRELOAD=%s exec %s "$@"\n' "$counter" "$PROGRAM" >"$WORK/counted"
chmod +x "$WORK/counted"

python3 - "$WORK" <<'PYTHON'
import random
import sys

from events import FINISHED, STARTED, event, line

lines = [line(event(FINISHED if n % 3 == 0 else STARTED, f"user-{n % 200}", n % 5, n % 20,
                    filler="x" * 60)) for n in range(4000)]
lines += [line(event("page_view", f"user-{n}", 1, 1, filler="y" * 300)) for n in range(2000)]
random.Random(1).shuffle(lines)
text = b"\n".join(lines) + b"\n"
for name, megabytes in (("small", 60), ("large", 240)):
    with open(f"{sys.argv[1]}/{name}.json", "wb") as file:
        for _ in range(megabytes * 1_000_000 // len(text)):
            file.write(text)
PYTHON
gzip -1 -c "$WORK/small.json" >"$WORK/small.gz"
gzip -1 -c "$WORK/large.json" >"$WORK/large.gz"

# run FILE RANKS: sets $asked and $memory to the most of all ranks
run() {
    rm -f "$WORK"/use.*
    ALLOCATIONS_TO=$WORK/use PROGRAM=$WORK/counted leaves 0 funnel "$2" rebuild \
        --from "$WORK/$1" --to "$WORK/marts.$1" --rejects "$WORK/rejects"
    check "every rank was counted" test "$(cat "$WORK"/use.* | wc -l)" = "$2"
    asked=$(sort -n "$WORK"/use.* | tail -n 1 | cut -d ' ' -f 1)
    memory=$(cut -d ' ' -f 3 "$WORK"/use.* | sort -n | tail -n 1)
}

for ranks in 1 3; do
    for kind in json gz; do
        run small.$kind $ranks
        small_asked=$asked small_memory=$memory
        run large.$kind $ranks
        echo "$kind on $ranks: $small_asked, $asked allocations; $small_memory, $memory KiB"
        more=$(($(wc -l <"$WORK/large.json") - $(wc -l <"$WORK/small.json")))
        check "$more lines more, $((asked - small_asked)) allocations more" \
            test $((asked - small_asked)) -lt $((more / 100))
        check "memory grew with the input by $((memory - small_memory)) KiB" \
            test $((memory - small_memory)) -lt 8192
        check "a rank took $memory KiB" test "$memory" -lt 200000
        same_marts "$WORK/marts.large.$kind" "$WORK/marts.small.$kind"
    done
done
passed
