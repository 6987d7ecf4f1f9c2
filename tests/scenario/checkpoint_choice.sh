#!/bin/bash
# Damaged checkpoint folders: what inspect says that a run goes on from is what the next run does.
. "$(dirname "$0")/../support/checkpoint.sh"

sample "$WORK/in" --events 5000 --format plain
straight
folder=$WORK/folder
newer=generation-0002-000001
older=generation-0001-000001

fault ingest.round:6:0:stop leaves 75 rebuild out 2 --checkpoint "$folder"
fault ingest.round:2:0:stop leaves 75 rebuild out 2 --checkpoint "$folder"
fault ingest.round:3:0:stop leaves 75 rebuild out 2 --checkpoint "$WORK/stranger"
cp -a "$folder" "$WORK/kept"

# listing JSON: what inspect --json tells of each generation and of other names, a line each
listing() {
    python3 - "$1" <<'SCRIPT'
import json, sys
found = json.load(open(sys.argv[1]))
for generation in found["generations"]:
    problem = generation.get("problem", "")
    problem = problem.replace(found["folder"] + "/", "")
    print(generation["name"], "whole" if generation["whole"] else problem)
for kind in "set_aside", "others", "lost":
    for name in found[kind]:
        print(kind, name)
print("from", found["resumes_from"])
SCRIPT
}

# chooses NAME FROM LISTING [SET_ASIDE]: what inspect says of the folder as it is, then a run. It
# goes on from the generation FROM (none: it leaves 6), sets SET_ASIDE aside for the reason that
# inspect has, and publishes what an undisturbed run does. The folder is made anew.
chooses() {
    local name=$1 from=$2 due=$3 aside=${4:-} code=0
    [ "$from" != none ] || code=6
    cp -a "$folder" "$WORK/before"
    leaves "$code" alone inspect "$folder" --json
    listing "$WORK/stdout" >"$WORK/listing"
    checks=$((checks + 1))
    [ "$(cat "$WORK/listing")" = "$due" ] ||
        fail "$name: inspect says \"$(cat "$WORK/listing")\" where \"$due\" was due"
    leaves "$code" alone inspect "$folder"
    if [ "$from" = none ]; then
        check "$name: inspect says so" grep -q '^None of the checkpoints can be used' "$WORK/stdout"
    else
        check "$name: inspect says so" grep -q "^A run on this folder goes on from $from:" "$WORK/stdout"
    fi
    check "$name: inspect changes nothing" diff -r --no-dereference "$folder" "$WORK/before"
    leaves "$code" rebuild out 2 --checkpoint "$folder"
    if [ "$from" != none ]; then
        says "resumed from checkpoint $from: "
        as_straight out
    else
        says "none of its checkpoints can be used"
    fi
    if [ -n "$aside" ]; then
        says "checkpoint $aside cannot be used and is kept as damaged-$aside: "
        check "$name: it is kept" test -e "$folder/damaged-$aside"
    else
        check "$name: nothing is set aside" test -z "$(find "$folder" -name 'damaged-*')"
    fi
    rm -rf "$folder" "$WORK/before" "$WORK/out"
    cp -a "$WORK/kept" "$folder"
}

chooses "a folder that is whole" $newer "$newer whole
$older whole
from $newer"

cp -a "$folder/$older/." "$folder/$newer"
chooses "an older one copied over the newer" $older \
    "$newer manifest.json: is of another generation.
$older whole
from $older" $newer

rm -r "${folder:?}/$newer"
mv "$folder/$older" "$folder/$newer"
chooses "the older one under the name of the newer" none \
    "$newer manifest.json: is of another generation.
lost $older
from None" $newer

rm -r "${folder:?}/$older" "${folder:?}/$newer"
cp -a "$WORK/stranger/$older" "$folder"
chooses "one of another run alone" none "$older manifest.json: is of another run.
lost $newer
from None" $older

# The one before it is not looked at, for the newer can be used.
rm -r "${folder:?}/$older"
cp -a "$WORK/stranger/$older" "$folder"
chooses "one of another run before it" $newer "$newer whole
$older manifest.json: is of another run.
from $newer"

# Without the attempt file the run is that of the newest that can be used.
rm "$folder/attempt"
chooses "no attempt file" $newer "$newer whole
$older whole
from $newer"
rm -r "$folder/attempt" "${folder:?}/$older"
cp -a "$WORK/stranger/$older" "$folder"
chooses "no attempt file, and two runs" $newer "$newer whole
$older whole
from $newer"

: >"$folder/$newer/strange"
chooses "a file that is none of its own" $older \
    "$newer $newer/strange: was not written there by this program.
$older whole
from $older" $newer

rm -r "${folder:?}/$newer"
echo "no folder" >"$folder/$newer"
chooses "a file in its place" $older \
    "$newer $newer: the folder cannot be opened: Not a directory.
$older whole
from $older" $newer

mkdir "$folder/generation-0002-000002"
chooses "one that is not finished" $newer "$newer whole
$older whole
from $newer"

# What jobs/rebuild.sh counts in is known, another file is not.
echo "1 2 3" >"$folder/job-attempts"
echo "1 2" >"$folder/job-attempts.tmp"
echo "?" >"$folder/job-notes"
chooses "files of the job's script" $newer "$newer whole
$older whole
others job-notes
from $newer"

passed
