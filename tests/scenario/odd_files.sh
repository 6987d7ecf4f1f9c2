#!/bin/bash
# No input is read as less than it is: files that are no export, cut off, full of holes or of two
# archives, on every road and in every place. odd_files.py makes them and says what is due.
. "$(dirname "$0")/../support/lib.sh"

seed=${COURSE_FUNNEL_SEED:-$RANDOM}
echo "seed $seed"
fast_folder
python3 "$SOURCE/tests/support/odd_files.py" make "$seed" "$FAST"
export OMPI_MCA_odls_base_sigkill_timeout=0 # mpirun takes a second more to end a run that failed.

# histories RANKS RANGE_BYTES EXPECTED [leave-out]
histories() {
    local ranks=$1 range=$2 expected=$3
    shift 3
    timeout -k 10 300 mpirun --oversubscribe -n "$ranks" "$BUILD/tests/ingest_probe" \
        "$FAST/list" "$WORK/rejects" "$range" "$@" </dev/null >"$WORK/results" 2>"$WORK/stderr" ||
        fail "the probe ended with $?"
    check "seed $seed, $ranks ranks, ranges of $range $*" \
        python3 "$SOURCE/tests/support/odd_files.py" judge "$FAST/$expected" "$WORK/results"
}
histories 1 1048576 expected
histories 1 4096 expected
histories 3 4096 expected
histories 1 1048576 expected.leave-out leave-out
histories 3 4096 expected.leave-out leave-out

# The whole program: what it says, and what stands in the record.
mkdir "$WORK/in"
python3 - "$WORK/in" <<'PYTHON'
import sys
from events import STARTED, event, line
with open(sys.argv[1] + "/good.json", "wb") as file:
    for n in range(2000):
        file.write(line(event(STARTED, f"u{n}", 1, n % 5)) + b"\n")
PYTHON
cp "$WORK/in/good.json" "$WORK/good.json"
leaves 0 funnel 1 rebuild --from "$WORK/in" --to "$WORK/marts" --rejects "$WORK/rejects"
cp -r "$WORK/marts" "$WORK/before"
echo '<html>' >"$WORK/in/page.json"
python3 -c 'print("{\"a\":\"course_completed\"}\n" * 40000)' >"$WORK/in/long.json"
: >"$WORK/in/empty.json"
mkdir "$WORK/elsewhere"
ln -s "$WORK/elsewhere" "$WORK/in/link"
for hour in {1..9}; do
    : >"$WORK/in/100_2025-07-01_${hour}_complete"
done
printf '\050\265\057\375....' >"$WORK/in/packed.zst"
leaves 4 funnel 3 rebuild --from "$WORK/in" --to "$WORK/marts" --rejects "$WORK/rejects" \
    --range-bytes 64K
says "$WORK/in/packed.zst: holds zstd"
rm "$WORK/in/packed.zst"
leaves 4 funnel 3 rebuild --from "$WORK/in" --to "$WORK/marts" --rejects "$WORK/rejects" \
    --range-bytes 64K
says "is no export of events"
says "--leave-out-foreign"
check "nothing was published" diff -r "$WORK/marts" "$WORK/before"
leaves 0 funnel 2 rebuild --dry-run --from "$WORK/in" --to "$WORK/marts" --rejects "$WORK/rejects"
says "$WORK/in/page.json: its first line is no event; it looks like HTML"
says "$WORK/in/empty.json: is empty"
printf '\050\265\057\375....' >"$WORK/in/packed.zst"
for ranks in 1 3; do
    leaves 0 funnel "$ranks" rebuild --from "$WORK/in" --to "$WORK/marts" --rejects "$WORK/rejects" \
        --range-bytes 64K --leave-out-foreign --max-reject-share 0
    for file in page.json long.json packed.zst; do
        check "$file is left out by name" grep -q "/in/$file: .*left out" "$WORK/stderr"
        check "$file stands in the summary" grep -q "/in/$file: .*left out" "$WORK/stdout"
    done
    says "$WORK/in/empty.json: is empty"
    check "the link stands in the summary" grep -q "/in/link: symbolic link" "$WORK/stdout"
    check "the markers are one line" test "$(grep -c _complete "$WORK/stderr")" = 1
    for count in '"files_empty":	1' '"files_left_out":	3' '"lines_read":	2000' '"kept":	2000'; do
        check "$count" grep -q "$count," "$WORK/marts/course_funnel_run.json"
    done
    check "no rejects" test ! -s "$WORK/rejects"
    same_marts "$WORK/marts" "$WORK/before"
done

# What is no file, and what to do.
no_file() { # no_file CODE TEXT FROM
    leaves "$1" alone rebuild --from "$3" --to "$WORK/marts" --rejects "$WORK/rejects"
    says "$2"
}
no_file 4 "standard input is not read" -
no_file 4 "only files are read" s3://bucket/events/
no_file 4 "only files are read" https://amplitude.com/api/2/export
no_file 2 "there is no file or folder of this name" date=2025-07-02
mkfifo "$WORK/pipe"
no_file 4 "which a pipe or a device does not allow" "$WORK/pipe"

# Two projects.
mkdir "$WORK/projects"
cp "$WORK/good.json" "$WORK/projects/100_2025-07-01_1#0.json"
cp "$WORK/good.json" "$WORK/projects/100_2025-07-01_2#0.json"
leaves 0 funnel 1 rebuild --from "$WORK/projects" --to "$WORK/other" --rejects "$WORK/rejects"
check "one project is no matter" test "$(grep -c projects, "$WORK/stderr")" = 0
cp "$WORK/good.json" "$WORK/projects/200_2025-07-01_1#0.json"
leaves 0 funnel 1 rebuild --from "$WORK/projects" --to "$WORK/other" --rejects "$WORK/rejects"
says "files of 2 Amplitude projects are read as one history: 2 files of 100, 1 of 200"

# Files as people had them, where they are at hand.
odd=$(realpath "$DATA/odd-exports")
if [ -d "$odd" ]; then
    for kind in failed-html failed-json newline-zip csv array array-pretty wrapped zlib upper-keys; do
        leaves 4 funnel 2 rebuild --from "$odd/good.json" --from "$odd/$kind" --to "$WORK/real" \
            --rejects "$WORK/rejects"
        says "$(echo "$odd/$kind"/*)"
    done
    leaves 4 funnel 2 rebuild --from "$odd/good-half.json" --from "$odd/upper-keys-half" \
        --to "$WORK/real" --rejects "$WORK/rejects"
    says "$odd/upper-keys-half/sf.json"
    for kind in empty-zip empty-gz; do
        leaves 0 funnel 2 rebuild --from "$odd/good.json" --from "$odd/$kind" --to "$WORK/real" \
            --rejects "$WORK/rejects"
        says "$(echo "$odd/$kind"/*): is empty"
        check "$kind: all the others" \
            grep -q '^7,2025-06-30,396,' "$WORK/real/mart_course_funnel_cohorts.csv"
        check "$kind is counted" grep -q '"files_empty":	1,' "$WORK/real/course_funnel_run.json"
    done
fi
# A file whose inode number is another each time is the same file, as over sshfs.
if [ "$(id -u)" = 0 ] && [ -w /dev/fuse ] && /usr/bin/python3 -c 'import fusepy' 2>/dev/null; then
    mkdir "$WORK/below" "$WORK/fuse"
    cp "$WORK/good.json" "$WORK/below/good.json"
    /usr/bin/python3 "$SOURCE/tests/support/fuse_hangs.py" "$WORK/below" "$WORK/fuse" "$WORK/none" \
        new-inodes >"$WORK/log" 2>&1 &
    keeper=$!
    unmount() {
        umount "$WORK/fuse" && wait "$keeper"
    }
    before_cleaning=unmount
    for ((tries = 0; tries < 100; tries++)); do
        ! grep -qF "$WORK/fuse" /proc/mounts || break
        sleep 0.1
    done
    check "the number changes" test "$(stat -c %i "$WORK/fuse/good.json")" != \
        "$(stat -c %i "$WORK/fuse/good.json")"
    leaves 0 funnel 2 rebuild --from "$WORK/fuse" --to "$WORK/other" --rejects "$WORK/rejects" \
        --range-bytes 64K
    same_marts "$WORK/other" "$WORK/before"
    check "it is unmounted" unmount
    before_cleaning=:
fi
passed
