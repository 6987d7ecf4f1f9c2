#!/bin/bash
# What a checkpoint folder is refused for, by exit code and exact message; what inspect says of it.
. "$(dirname "$0")/../support/checkpoint.sh"

sample "$WORK/in" --events 5000 --format plain
straight
folder=$WORK/folder

# message: the error that the run ended with, the folder's name as FOLDER and the input's as IN
message() {
    sed -n '/^course-funnel: error: /,$p' "$WORK/stderr" | sed '/^----/,$d' |
        sed -e 's/^course-funnel: error: //' -e "s|$folder|FOLDER|g" -e "s|$WORK/in/187520|IN|g"
}

refused() { # refused CODE NAME MESSAGE ARGS...
    local code=$1 name=$2 due=$3
    shift 3
    leaves "$code" rebuild out 2 --checkpoint "$folder" "$@"
    checks=$((checks + 1))
    [ "$(message)" = "$due" ] || fail "$name: said \"$(message)\" where \"$due\" was due"
    check "$name: nothing was published" test ! -e "$WORK/out/mart_course_funnel_lessons.csv"
}

says_inspect() { # says_inspect CODE TEXT...: what inspect says of the folder
    local code=$1 text
    shift
    leaves "$code" alone inspect "$folder"
    for text; do
        checks=$((checks + 1))
        grep -qF -- "$text" "$WORK/stdout" || fail "inspect does not say \"$text\""
    done
    leaves "$code" alone inspect "$folder" --json
    check "inspect --json gives JSON" python3 -m json.tool "$WORK/stdout" /dev/null
}

fault ingest.round:6:0:stop leaves 75 rebuild out 2 --checkpoint "$folder"
fault ingest.round:2:0:stop leaves 75 rebuild out 2 --checkpoint "$folder"
cp -a "$folder" "$WORK/kept"
check "two generations are kept" test "$(find "$folder" -name 'generation-*' | wc -l)" = 2
says_inspect 0 "generation-0002-000001: whole" "generation-0001-000001: whole" \
    "A run on this folder goes on from generation-0002-000001"
check "inspect changes nothing" diff -r "$folder" "$WORK/kept"
check "inspect tells what the manifests say" python3 - "$folder" "$WORK/stdout" <<'SCRIPT'
import json, os, sys
folder, found = sys.argv[1], json.load(open(sys.argv[2]))
assert found["resumes_from"] == "generation-0002-000001" and not found["in_use"], found
assert [g["name"] for g in found["generations"]] == ["generation-0002-000001",
                                                     "generation-0001-000001"], found
for generation in found["generations"]:
    path = os.path.join(folder, generation["name"])
    with open(os.path.join(path, "manifest.json")) as file:
        manifest = json.load(file)
    assert generation["whole"] and generation["kind"] == "state"
    for name in "lines_read", "records_read", "other", "kept", "duplicates", "time_unusable":
        assert generation["counts"][name] == int(manifest[name]), name
    rejected = sum(int(count) for count in manifest["rejected"].values())
    assert generation["counts"]["rejected"] == rejected > 0
    assert 0 < generation["bytes_read"] == int(manifest["done_bytes"]) < generation["bytes_in_all"]
    assert generation["bytes_in_all"] == int(manifest["disk_bytes"])
    assert generation["pieces_done"] + generation["pieces_begun"] + generation["pieces_waiting"] \
        == generation["pieces_in_all"] == int(manifest["split_count"])
    assert generation["bytes"] == sum(os.path.getsize(os.path.join(path, name))
                                      for name in os.listdir(path) if name != "manifest.json")
    largest = generation["largest_key_groups"]
    assert len(largest) == 5 and generation["users"] > sum(g["users"] for g in largest) > 0
    assert largest == sorted(largest, key=lambda group: -group["bytes"])
newer, older = found["generations"]
assert newer["bytes_read"] > older["bytes_read"] and newer["users"] >= older["users"]
SCRIPT

# Another run's checkpoint: each difference is named.
stranger="FOLDER holds the checkpoint of another run, so this one cannot go on from it:"
way_out="Give the run what it had, name another --checkpoint folder, or throw away what is there with \
--restart."
first=$(find "$WORK/in" -type f | sort | sed -n 1p)
last=$(find "$WORK/in" -type f | sort | sed -n '$p')
name_first="IN/$(basename "$first")"
name_last="IN/$(basename "$last")"
bytes=$(stat -c %s "$first")
cp -p "$first" "$WORK/first"
cp -p "$last" "$WORK/last"

refused 3 options "$stranger
  --range-bytes: was 16777216, now is 4096
$way_out" --range-bytes 4K
echo '{}' >>"$first"
refused 3 "a file that grew" "$stranger
  $name_first: had $bytes bytes, now has $((bytes + 3))
$way_out"
cp -p "$WORK/first" "$first"
touch "$first"
refused 3 "a file that was touched" "$stranger
  $name_first: was changed since (its time of change is another)
$way_out"
cp -p "$WORK/first" "$first"
mv "$last" "${last%.json}.x"
refused 3 "another name" "$stranger
  $name_last: was read, and is not among the input now
  ${name_last%.json}.x: is new
$way_out"
mv "${last%.json}.x" "$last"

# A checkpoint of another format: of a program to come.
rm -rf "$folder"
COURSE_FUNNEL_FAULT_NUMBERS=$COURSE_FUNNEL_FAULT_NUMBERS,manifest.version=99 \
    fault ingest.round:2:0:stop leaves 75 rebuild out 2 --checkpoint "$folder"
version=$("$PROGRAM" --version | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1)
format=$(sed -n 's/#define MANIFEST_FORMAT_VERSION //p' "$SOURCE/include/course_funnel/manifest.h")
refused 3 "another format" "FOLDER/generation-0001-000001/manifest.json: it is of version 99 of the \
format, and this program ($version) reads version $format. Go on with the program that wrote it, or start \
over with --restart."
says_inspect 3 "it is of version 99 of the format" \
    "A run on this folder refuses to go on from generation-0001-000001 and stops."
check "it is not thrown away" test -d "$folder/generation-0001-000001"
# Also where the one before it is of this format.
mv "$folder/generation-0001-000001" "$WORK/to-come"
rm -rf "$folder"
fault ingest.round:2:0:stop leaves 75 rebuild out 2 --checkpoint "$folder"
COURSE_FUNNEL_FAULT_NUMBERS=$COURSE_FUNNEL_FAULT_NUMBERS,manifest.version=99 \
    fault ingest.round:2:0:stop leaves 75 rebuild out 2 --checkpoint "$folder"
says_inspect 3 "generation-0001-000001: whole" \
    "A run on this folder refuses to go on from generation-0002-000001 and stops."
leaves 3 rebuild out 2 --checkpoint "$folder"
# One of other rules: no state mixes what two programs read.
rm -rf "$folder"
COURSE_FUNNEL_FAULT_NUMBERS=$COURSE_FUNNEL_FAULT_NUMBERS,manifest.rules=99 \
    fault ingest.round:2:0:stop leaves 75 rebuild out 2 --checkpoint "$folder"
rules=$(sed -n 's/#define RULES_VERSION //p' "$SOURCE/include/course_funnel/rules.h")
refused 3 "other rules" "FOLDER/generation-0001-000001/manifest.json: what it holds was read by \
version 99 of the rules, which tell what counts, and this program ($version) has version $rules. Go \
on with the program that wrote it, or start over with --restart."
says_inspect 3 "was read by version 99 of the rules" \
    "A run on this folder refuses to go on from generation-0001-000001 and stops."
check "it is not thrown away either" test -d "$folder/generation-0001-000001"
rm -rf "$folder"
cp -a "$WORK/kept" "$folder"

# Damage: the newer generation is set aside and the older one used.
manifest=$folder/generation-0002-000001/manifest.json
printf 'x' | dd of="$manifest" bs=1 seek=30 conv=notrunc status=none
says_inspect 0 "generation-0002-000001: cannot be used" "its digest is not that of its text" \
    "A run on this folder goes on from generation-0001-000001"
leaves 0 rebuild out 3 --checkpoint "$folder"
says "checkpoint generation-0002-000001 cannot be used and is kept as damaged-generation-0002-000001: \
$manifest: its digest is not that of its text."
says "resumed from checkpoint generation-0001-000001"
as_straight out
check "the damaged one is kept" test -d "$folder/damaged-generation-0002-000001"
says_inspect 0 "damaged-generation-0002-000001: was set aside"
rm -rf "$folder" "$WORK/out"
cp -a "$WORK/kept" "$folder"

# All are damaged: it says so, and does not start over.
truncate -s 100 "$manifest"
rm "$folder"/generation-0001-000001/groups-0000-*.h5
says_inspect 6 "None of the checkpoints can be used. A run on this folder stops; with --restart"
refused 6 "all damaged" "FOLDER: none of its checkpoints can be used: \
FOLDER/generation-0001-000001/groups-0000-2047.h5: cannot be opened: No such file or directory. They \
are kept there as damaged-generation-*. --restart throws them away and reads the whole input anew."
refused 6 "all damaged, again" "FOLDER: none of its checkpoints can be used. They are kept there as \
damaged-generation-*. --restart throws them away and reads the whole input anew."
leaves 0 rebuild out 2 --checkpoint "$folder" --restart
as_straight out
rm -rf "$folder" "$WORK/out"
cp -a "$WORK/kept" "$folder"

# What somebody copied back, and what is damaged once more: under a name of its own.
cp -a "$folder/generation-0002-000001" "$folder/damaged-generation-0002-000001"
truncate -s 100 "$manifest"
leaves 0 rebuild out 2 --checkpoint "$folder"
says "checkpoint generation-0002-000001 cannot be used and is kept as \
damaged-generation-0002-000001.2: "
as_straight out
rm -rf "$folder" "$WORK/out"
cp -a "$WORK/kept" "$folder"

# A committed generation whose manifest is gone is no unfinished one.
rm "$manifest"
says_inspect 0 "generation-0002-000001: was written, and it or its manifest is gone" \
    "A run on this folder goes on from generation-0001-000001"
leaves 0 rebuild out 2 --checkpoint "$folder"
says "checkpoint generation-0002-000001 cannot be used and is kept as damaged-generation-0002-000001: \
$manifest: was written and is gone."
says "resumed from checkpoint generation-0001-000001"
as_straight out
rm -rf "$folder" "$WORK/out"
cp -a "$WORK/kept" "$folder"
rm "$folder"/generation-*/manifest.json
refused 6 "all manifests gone" "FOLDER: none of its checkpoints can be used: \
FOLDER/generation-0001-000001/manifest.json: was written and is gone. They are kept there as \
damaged-generation-*. --restart throws them away and reads the whole input anew."
rm -rf "$folder"
cp -a "$WORK/kept" "$folder"
rm -r "$folder"/generation-*
says_inspect 6 "None of the checkpoints can be used."
refused 6 "all generations gone" "FOLDER: none of its checkpoints can be used: \
FOLDER/generation-0001-000001: was written and is gone. --restart throws them away and reads the \
whole input anew."
rm -rf "$folder"
cp -a "$WORK/kept" "$folder"

# Storage that cannot be read for now costs nothing that was kept.
as_kept() {
    check "all generations are as they were" \
        diff -r -x attempt -x lock -x rejects "$folder" "$WORK/kept"
}
fault durable.open_folder:1:0:ESTALE leaves 6 rebuild out 2 --checkpoint "$folder"
says "$folder/generation-000"
says ": the folder cannot be opened: Stale file handle."
as_kept
fault generation.verified:1+:1:EIO leaves 6 rebuild out 2 --checkpoint "$folder"
says "checkpoint generation-0002-000001 cannot be read now and is passed over: "
says "They are left as they are. Run again when the storage is well;"
as_kept
fault generation.verified:1:1:EIO,ingest.round:1:0:kill leaves 137 rebuild out 2 --checkpoint "$folder"
says "resumed from checkpoint generation-0001-000001"
as_kept
leaves 0 rebuild out 2 --checkpoint "$folder"
says "resumed from checkpoint generation-0002-000001"
as_straight out
rm -rf "$folder" "$WORK/out"
cp -a "$WORK/kept" "$folder"

# A second job is refused while the first one lives, and names it.
COURSE_FUNNEL_FAULT=ingest.round:1+:0:wait funnel 2 rebuild --from "$WORK/in" --to "$WORK/first.out" \
    --rejects "$WORK/first.rejects" --max-reject-share 1 --checkpoint "$folder" &
first_job=$!
for ((tries = 0; tries < 100; tries++)); do
    grep -q "attempt 3" "$folder/lock" && break
    sleep 0.05
done
holder=$(cat "$folder/lock")
code=0
timeout 60 "$PROGRAM" rebuild --from "$WORK/in" --to "$WORK/out" --rejects "$WORK/out.rejects" \
    --checkpoint "$folder" 2>"$WORK/second.stderr" || code=$?
check "the second job ends with 6, not $code" test "$code" = 6
check "it names the first" grep -qF "$folder is in use by another job that lives: $holder. Wait for \
it, stop it, or name another --checkpoint folder." "$WORK/second.stderr"
code=0
"$PROGRAM" inspect "$folder" >"$WORK/inspected" || code=$?
check "inspect works meanwhile" test "$code" = 0
check "and tells of the job" grep -qF "in use by a job that lives: $holder" "$WORK/inspected"
wait "$first_job" || fail "the first job was disturbed"
rm -rf "$WORK/out"
mv "$WORK/first.out" "$WORK/out"
mv "$WORK/first.rejects" "$WORK/out.rejects"
as_straight out
rm -rf "$WORK/out"

# A job whose lock is lost, as with the network of its host: a later attempt begins, and the first one
# keeps no more, nor does it publish.
overtaken() { # overtaken WAIT INTERVAL TEXT [COMMAND]: the first job waits there; TEXT in a file says
    # that it does. COMMAND is what the later attempt does, else all.
    local first_job code=0 tries
    rm -rf "$folder" "$WORK/out" "$WORK/out.rejects" "$WORK/first.out"
    COURSE_FUNNEL_FAULT=$1:wait mpirun --oversubscribe -n 2 "$PROGRAM" rebuild --from "$WORK/in" \
        --to "$WORK/first.out" --rejects "$WORK/first.rejects" --max-reject-share 1 \
        --checkpoint "$folder" --checkpoint-interval "$2" </dev/null >/dev/null 2>"$WORK/first.stderr" &
    first_job=$!
    for ((tries = 0; tries < 200; tries++)); do
        ! grep -qs -- "$3" "$folder"/lock "$folder"/generation-*/manifest.json || break
        sleep 0.05
    done
    rm "$folder/lock"
    if [ $# -gt 3 ]; then
        $4
    else
        leaves 0 rebuild out 2 --checkpoint "$folder"
        as_straight out
    fi
    wait "$first_job" || code=$?
    check "the first job ends with 6, not $code" test "$code" = 6
    check "it says why" grep -qF "$folder: attempt 2 of this run has begun, so attempt 1, which this job \
is, keeps and publishes nothing more." "$WORK/first.stderr"
    check "it publishes nothing" test ! -e "$WORK/first.out/mart_course_funnel_lessons.csv"
    check "what the later one kept is there" alone inspect "$folder"
    [ $# -gt 3 ] || return 0
    check "all of it" diff -r -x lock "$folder" "$WORK/later"
    leaves 0 rebuild out 2 --checkpoint "$folder"
    says "resumed from checkpoint generation-0002-"
    as_straight out
}
fault_numbers=$COURSE_FUNNEL_FAULT_NUMBERS

# The first one has just committed when it is cut off: what the later one keeps meanwhile stays.
COURSE_FUNNEL_FAULT_NUMBERS=$fault_numbers,fault.wait_us=9000000
later_attempt_keeps() {
    fault ingest.round:7:0:stop leaves 75 rebuild out 2 --checkpoint "$folder" \
        --checkpoint-interval 0.000001
    cp -a "$folder" "$WORK/later"
}
overtaken store.after_commit:3:0 0.000001 '"generation":3' later_attempt_keeps
rm -rf "$WORK/later"
COURSE_FUNNEL_FAULT_NUMBERS=$fault_numbers
overtaken ingest.round:2+:0 0.5 "attempt 1"
COURSE_FUNNEL_FAULT_NUMBERS=$fault_numbers,fault.wait_us=5000000
overtaken checkpoint.prune:1:0 1000 '"kind":"sums"'
COURSE_FUNNEL_FAULT_NUMBERS=$fault_numbers
rm -rf "$WORK/out"

# Folders that cannot serve are refused before any work.
refused_folder() { # refused_folder NAME MESSAGE
    refused 6 "$1" "$2"
}
rm -rf "$folder"
mkdir -m 0777 "$folder"
refused_folder "others may write" \
    "FOLDER: others may write to it (mode 0777). Take that from them: chmod go-w."
rmdir "$folder"
echo x >"$folder"
refused_folder "a file" "FOLDER: the folder cannot be opened: Not a directory."
rm "$folder"
saved=$folder
folder=$WORK/no/such
refused_folder "no parent" "FOLDER: the checkpoint folder cannot be made: No such file or directory."
folder=$saved
for point in durable.open durable.write durable.fsync durable.close durable.rename; do
    COURSE_FUNNEL_FAULT=$point:1:0:EIO leaves 6 rebuild out 2 --checkpoint "$folder"
    check "$point: the probe tells" grep -q "$folder/probe.*: Input/output error" "$WORK/stderr"
done
COURSE_FUNNEL_FAULT=store.lock:1:0:ENOLCK leaves 6 rebuild out 2 --checkpoint "$folder"
says "$folder/lock: cannot be locked: No locks available. Name a folder on storage that knows fcntl \
locks."
says_inspect 6 "There is no checkpoint. A run on this folder reads all input."
leaves 6 alone inspect "$folder"
check "nothing is missing in an empty folder" test "$(grep -c missing "$WORK/stdout")" = 0
leaves 6 alone inspect "$WORK/nowhere"
leaves 2 alone inspect
leaves 2 rebuild out 2 --restart
says "--restart is for checkpoints, and --checkpoint names no folder."
leaves 2 rebuild out 2 --checkpoint "$folder" --checkpoint-interval 0
says "--checkpoint-interval takes a number above 0 and up to 1000000, not \"0\"."
passed
