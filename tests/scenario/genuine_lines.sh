#!/bin/bash
# Lines of genuine exports are read with no reject; turned into course events they are kept, or
# rejected for what they lack and for nothing else.
. "$(dirname "$0")/../support/lib.sh"

samples=$DATA/amplitude-samples
[ -d "$samples" ] || skip "the samples are not at $samples"
mkdir "$WORK/genuine" "$WORK/course" "$WORK/full"
cp "$samples"/*.ndjson "$WORK/genuine"
lines=$(cat "$WORK"/genuine/* | wc -l)

rebuild() { # rebuild NAME RANKS: reads $WORK/NAME
    leaves 0 funnel "$2" rebuild --from "$WORK/$1" --to "$WORK/$1.marts" \
        --rejects "$WORK/$1.rejects" --max-reject-share 1 --allow-empty
    reject_list "$WORK/$1.rejects" >"$WORK/$1.rejects.csv"
    counts "$WORK/$1.marts/course_funnel_run.json" >"$WORK/$1.counts"
}

rebuild genuine 2
check "every line is other" grep -qx "other,$lines" "$WORK/genuine.counts"
check "no rejects" test ! -s "$WORK/genuine.rejects.csv"

# The event types are replaced in the text, and nothing else; in the second set the properties
# too. What must come of each line is told by Python's reader.
python3 - "$WORK" <<'PYTHON'
import glob
import json
import os
import re
import sys

work = sys.argv[1]
kinds = [b"course_lesson_started", b"course_lesson_completed", b"course_completed"]
for name in ["course", "full"]:
    expected, kept, number = [], 0, 0
    for path in sorted(glob.glob(work + "/genuine/*")):
        target = os.path.join(work, name, os.path.basename(path))
        offset = 0
        with open(path, "rb") as source, open(target, "wb") as out:
            for line in source:
                line, count = re.subn(rb'(?<=[{,])"event_type":"[^"]*"',
                                      b'"event_type":"' + kinds[number % 3] + b'"', line)
                assert count == 1
                if name == "full":
                    line, count = re.subn(rb'(?<=[{,])"event_properties":\{',
                                          b'"event_properties":{"course_id":3,"lesson_id":"4"@,', line)
                    assert count == 1
                    line = line.replace(b"@,}", b"}").replace(b"@,", b",")
                record = json.loads(line)
                out.write(line)
                reason = None
                if not record["user_id"]:
                    reason = "no_user"
                elif name == "course":
                    reason = "no_course"
                if reason:
                    text = line.rstrip(b"\n").hex()
                    expected.append((target, offset, reason, text))
                else:
                    kept += 1
                offset += len(line)
                number += 1
    with open(f"{work}/{name}.expected", "w") as file:
        for row in sorted(expected):
            print(*row, sep=",", file=file)
    with open(f"{work}/{name}.kept", "w") as file:
        print(kept, file=file)
PYTHON
for name in course full; do
    rebuild "$name" 3
    same "$WORK/$name.rejects.csv" "$WORK/$name.expected"
    check "the rest is kept" grep -qx "kept,$(cat "$WORK/$name.kept")" "$WORK/$name.counts"
done
check "some are kept" test "$(cat "$WORK/full.kept")" -gt 0

# The sample export has the fields of genuine lines, in their order, spelled as tightly; only `uuid`,
# which old exports lack, may be missing.
leaves 0 funnel 2 generate --out "$WORK/sample" --events 3000 --weeks 2 --format plain
check "generated lines look like genuine ones" python3 - "$WORK" <<'PYTHON'
import glob
import json
import re
import sys


def lines(pattern):
    for path in glob.glob(sys.argv[1] + pattern):
        with open(path, encoding="utf-8") as file:
            yield from (line.rstrip("\n") for line in file)


genuine = {tuple(json.loads(line)) for line in lines("/genuine/*")}
assert len(genuine) == 1, genuine
fields = genuine.pop()
without = tuple(name for name in fields if name != "uuid")
count = 0
for line in lines("/sample/*/*"):
    event = json.loads(line)
    assert tuple(event) in (fields, without), line
    assert " " not in re.sub(r'"(?:[^"\\]|\\.)*"', "", line), line
    count += 1
assert count > 2000, count
PYTHON
passed
