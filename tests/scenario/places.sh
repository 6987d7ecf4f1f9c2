#!/bin/bash
# Where a run may write: never over its own input, over anything but a regular file, or where the next
# run would find it as input.
. "$(dirname "$0")/../support/lib.sh"

unmount() {
    umount "$WORK/out/small"
}

mkdir -p "$WORK/in/deep" "$WORK/out"
python3 -c 'from events import *
print(line(event(STARTED, "u", 1, 1)).decode())
print("{\"event_type\":\"course_completed\"")' >"$WORK/in/a.json"
cp "$WORK/in/a.json" "$WORK/whole.json"
marts=$WORK/out/marts
options=(--max-reject-share 1)

refused() { # refused TEXT ARGS...
    local text=$1
    shift
    leaves 2 alone rebuild "${options[@]}" "$@"
    says "$text"
    same "$WORK/in/a.json" "$WORK/whole.json"
    check "nothing is published: $text" test ! -e "$marts/mart_course_funnel_cohorts.csv"
}
rejects() { # rejects PLACE: refused as a place of rejects, by the text $due
    refused "--rejects $1: $due" --from "$WORK/in/a.json" --to "$marts" --rejects "$1"
}

# A file that is read, by whatever name.
due="is one of the files that are read"
rejects "$WORK/in/a.json"
ln "$WORK/in/a.json" "$WORK/out/hard"
rejects "$WORK/out/hard"
ln -s ../in/a.json "$WORK/out/soft"
refused "--rejects $WORK/in/a.json: $due" --from "$WORK/in/a.json" --to "$marts" \
    --rejects "$WORK/out/soft"
check "the link is still there" test -L "$WORK/out/soft"

# No regular file.
due="is not a regular file, and would be replaced by one."
mkfifo "$WORK/out/fifo"
rejects "$WORK/out/fifo"
check "the FIFO is still there" test -p "$WORK/out/fifo"
ln -s fifo "$WORK/out/to_fifo"
refused "--rejects $WORK/out/fifo: $due" --from "$WORK/in/a.json" --to "$marts" \
    --rejects "$WORK/out/to_fifo"
mkdir -p "$WORK/out/folder/rejects.ndjson"
refused "--rejects $WORK/out/folder/rejects.ndjson: $due" --from "$WORK/in/a.json" --to "$marts" \
    --rejects "$WORK/out/folder"
if [ "$(id -u)" = 0 ]; then
    mknod "$WORK/out/null" c 1 3
    rejects "$WORK/out/null"
    check "the device is still there" test -c "$WORK/out/null"
fi
due="is a symbolic link that can't be followed"
ln -s nowhere "$WORK/out/dangling"
rejects "$WORK/out/dangling"

# A link to a regular file is followed.
echo old >"$WORK/out/there"
ln -s ../out/there "$WORK/out/link"
leaves 0 funnel 2 rebuild "${options[@]}" --from "$WORK/in" --to "$marts" --rejects "$WORK/out/link"
check "the link is still one" test -L "$WORK/out/link"
check "what it leads to has the reject" grep -q '"reason":"not_json"' "$WORK/out/there"
rm -r "$marts"

# A place that takes no rejects is refused before anything is read, and by a dry run too.
unusable() { # unusable TEXT RUN...: so is $WORK/out/small/rejects, by a run started in that way
    local text=$1 dry
    shift
    for dry in "" --dry-run; do
        leaves 5 "$@" rebuild "${options[@]}" --from "$WORK/in" --to "$marts" \
            --rejects "$WORK/out/small/rejects" $dry
        says "$WORK/out/small/rejects: the rejects cannot be $text"
        check "nothing was read: $text" test "$(grep -c reading "$WORK/stderr")" = 0
    done
}
as_nobody() {
    OMPI_MCA_orte_tmpdir_base=$WORK/mpi.nobody OMPI_MCA_btl_vader_backing_directory=$WORK/mpi.nobody \
        runuser -u nobody -- "$WORK/program/course-funnel" "$@" >"$WORK/stdout" 2>"$WORK/stderr"
}
mkdir "$WORK/out/small"
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=4k none "$WORK/out/small" 2>/dev/null; then
    before_cleaning=unmount
    echo full >"$WORK/out/small/filler"
    unusable "written: No space left on device" alone
    check "nothing is left behind" test "$(ls -A "$WORK/out/small")" = filler
    umount "$WORK/out/small"
    before_cleaning=:
    # Another user's file, where nobody may replace those of others.
    mkdir "$WORK/program"
    cp "$PROGRAM" "$WORK/program"
    chmod 1777 "$WORK/out/small"
    install -d -o nobody "$marts" "$WORK/mpi.nobody"
    echo kept >"$WORK/out/small/rejects"
    unusable "put in place of another user's: Operation not permitted" as_nobody
    check "it is kept" test "$(cat "$WORK/out/small/rejects")" = kept
    check "nothing is left behind there" test "$(ls -A "$WORK/out/small")" = rejects
    rm -r "$marts"
else
    echo "left out: places that take no rejects (needs root and mount)"
fi

# Places that --from walks. The working directory is one, and the rejects go there by default.
walked="which --from walks"
cd "$WORK/in"
refused "--to .: lies in ., $walked" --from . --to .
refused "--rejects rejects.ndjson: lies in ., $walked" --from . --to "$marts"
refused "--rejects rejects.ndjson: lies in .., $walked" --from .. --to /proc/none
refused "--to deep/new/marts: lies in $WORK/in, $walked" --from "$WORK/in" --to deep/new/marts
refused "--to deep: lies in $WORK/in, $walked" --from "$WORK/i?" --to deep
ln -s ../in "$WORK/out/in"
refused "--to $WORK/out/in/marts: lies in $WORK/in, $walked" --from "$WORK/in" \
    --to "$WORK/out/in/marts" --rejects "$WORK/out"
refused "--checkpoint points: lies in ., $walked" --from . --to "$marts" --rejects "$WORK/rejects" \
    --checkpoint points
check "nothing was made there" test "$(ls -A "$WORK/in")" = "a.json
deep"

# Files that are named, hidden places and places beside are fine.
leaves 0 funnel 2 rebuild "${options[@]}" --from a.json --to . --checkpoint points
cp mart_course_funnel_lessons.csv "$WORK/lessons.csv"
find . -mindepth 1 ! -name a.json -delete
mkdir .points
for run in first second; do
    leaves 0 funnel 2 rebuild "${options[@]}" --from . --to .out/marts --rejects .rejects \
        --checkpoint .points/"$run"
    same .out/marts/mart_course_funnel_lessons.csv "$WORK/lessons.csv"
done
leaves 0 funnel 2 rebuild "${options[@]}" --from "$WORK/in" --to "$WORK/in.marts" \
    --rejects "$WORK/in.rejects"
passed
