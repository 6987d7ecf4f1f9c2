#!/bin/bash
# A refusal for too many rejects says which: each reason with its count, and the first reject of it,
# cut to 200 bytes. The same on any number of ranks, and when a run is resumed.
. "$(dirname "$0")/../support/lib.sh"

mkdir "$WORK/in"
python3 - "$WORK/in" <<'PYTHON'
import json, sys
from events import *
good = [line(event(STARTED, "u%d" % i, 1, 1)) for i in range(50)]
def bad(user, **changes):
    made = event(STARTED, user, 1, 1)
    made.update(changes)
    return line({name: value for name, value in made.items() if value is not None})
with open(sys.argv[1] + "/a.json", "wb") as file:
    file.write(b"\n".join(good) + b"\n")
with open(sys.argv[1] + "/b.json", "wb") as file:
    # Of the first 200 bytes the last is in the midst of a character.
    cut = b'{"event_type":"course_lesson_started","k":"'
    cut += b"x" * (199 - len(cut)) + "é".encode() * 100
    file.write(b"\n".join(good[:20] + [cut, bad("é\u0007", event_time="never"), bad("v", user_id=None)]
                          + good[20:] + [bad("w", event_time="later")]) + b"\n")
with open(sys.argv[1] + "/c.json", "wb") as file:
    file.write(b'{"event_type":"course_completed","user_id":"\xff\x00"\n')
PYTHON
at=$(head -n 20 "$WORK/in/b.json" | wc -c)

message() { # message RANKS ARGS...: what is said, of what was rejected
    local ranks=$1
    shift
    leaves 7 funnel "$ranks" rebuild --from "$WORK/in" --to "$WORK/marts" --rejects "$WORK/rejects" \
        --range-bytes 4K --max-reject-share 0.01 "$@"
    says "of 105 course events were rejected"
    grep -e 'course events were rejected' -e ', the first in ' "$WORK/stderr"
}
message 1 >"$WORK/one"
check "the reasons have their counts" \
    test "$(grep -o '^  [0-9]* [a-z_]*, the first in' "$WORK/one" | paste -sd ' ')" = \
    "  2 not_json, the first in   1 no_user, the first in   2 no_time, the first in"
says "  2 not_json, the first in $WORK/in/b.json at byte $at: {\"event_type\":\"course_lesson_started\",\"k\":\"x"
check "a text is cut to 200 bytes, and no character is" \
    test "$(sed -n 's/^  2 not_json.*: \({.*\)\.\.\.$/\1/p' "$WORK/one" | tr -d '\n' | wc -c)" = 199
says '"never"'
check "the first of a reason is shown alone" test "$(grep -c later "$WORK/one")" = 0
check "what is shown is UTF-8 without control characters" \
    python3 -c 'import sys; text = open(sys.argv[1], encoding="utf-8").read()
sys.exit(any(c < " " and c != "\n" or "\x7f" <= c < "\xa0" for c in text))' "$WORK/one"
for ranks in 2 4; do
    message "$ranks" >"$WORK/several"
    same "$WORK/one" "$WORK/several"
done
for run in first second; do
    message 3 --checkpoint "$WORK/points" >"$WORK/$run"
    same "$WORK/one" "$WORK/$run"
done
check "the second run was a resumed one" test -d "$WORK/points"

# Where rejects are let through and nothing else is left, they are named too.
rm "$WORK/in/a.json" "$WORK/in/b.json"
leaves 7 funnel 2 rebuild --from "$WORK/in" --to "$WORK/marts" --rejects "$WORK/rejects" \
    --max-reject-share 1
says "There is no course event among 1 lines but rejected ones"
says "  1 not_json, the first in $WORK/in/c.json at byte 0: {\"event_type\":\"course_completed\",\"user_id\":\"\\xFF\\x00\""
passed
