#!/bin/bash
# Input that cannot be read whole ends the run with 4 and one message that names the file, and the
# marts that were there stay as they were. bad_input.py makes the files.
. "$(dirname "$0")/../support/lib.sh"

# All ranks leave together, so there is nobody for mpirun to be patient with.
export OMPI_MCA_odls_base_sigkill_timeout=0

python3 "$SOURCE/tests/support/bad_input.py" "$WORK/bad"
target=$WORK/target
leaves 0 funnel 2 rebuild --from "$WORK/bad/zstd/a.json" --to "$target" --rejects "$WORK/rejects"
cp -r "$target" "$WORK/before"

untouched() {
    check "$1: the target is as it was" diff -r "$target" "$WORK/before"
    check "$1: no parts of rejects stay" test -z "$(find "$WORK" -name '*.part-*')"
}

# refused NAME TEXT ARGS...: a run that is refused with 4 and TEXT in one line, on 1 and 3 ranks
refused() {
    local name=$1 text=$2 ranks
    shift 2
    for ranks in 1 3; do
        leaves 4 funnel "$ranks" rebuild "$@" --to "$target" --rejects "$WORK/rejects"
        says "$text"
        untouched "$name"
    done
}

for folder in "$WORK"/bad/*; do
    name=$(basename "$folder")
    limits=()
    hint=
    case $name in
    line_too_long) limits=(--max-line-bytes 1M) hint=--max-line-bytes ;;
    gzip_bomb | zip_bomb) limits=(--max-ratio 100) hint=--max-ratio ;;
    nested_bomb) hint=--max-ratio ;;
    esac
    refused "$name" "$(echo "$folder"/bad*)" --from "$folder" "${limits[@]}"
    if [ -n "$hint" ]; then
        says "$hint"
        # Raised, the limit lets the same file through.
        leaves 0 funnel 1 rebuild --from "$folder" --to "$WORK/other" --rejects "$WORK/rejects" \
            --max-ratio 10000000
    fi
done

# Names that lead nowhere.
mkdir "$WORK/names"
cp "$WORK/bad/zstd/a.json" "$WORK/names"
refused "nothing there" "$WORK/names/none.json" --from "$WORK/names/none.json"
refused "nothing matches" "$WORK/names/*.gz" --from "$WORK/names/*.gz"
refused "one of several" "$WORK/names/none.json" --from "$WORK/names/a.json" \
    --from "$WORK/names/none.json"
refused "a file taken for a folder" "$WORK/names/a.json/b.json" --from "$WORK/names/a.json/b.json"
ln -s "$WORK/names/none.json" "$WORK/names/dangling.json"
refused "a link that leads nowhere" "$WORK/names/dangling.json" --from "$WORK/names"
rm "$WORK/names/dangling.json"
mkfifo "$WORK/names/pipe.json"
refused "a pipe" "$WORK/names/pipe.json" --from "$WORK/names/pipe.json"
rm "$WORK/names/pipe.json"

# Files and folders that the user may not read, deep in a folder and by a glob. Permissions do not
# stop root, who tries it as another user.
mine=$WORK/mine
mkdir -p "$mine/in/folder" "$mine/mpi"
cp "$PROGRAM" "$mine/program"
cp "$WORK/names/a.json" "$mine/in"
cp "$WORK/names/a.json" "$mine/in/folder/b.json"
as=(env)
if [ "$(id -u)" = 0 ]; then
    chown -R nobody "$mine"
    as=(runuser -u nobody -- env)
fi
not_allowed() { # not_allowed NAME MODE FROM: refused as long as NAME has the mode 000
    chmod 000 "$mine/in/$1"
    leaves 4 unprivileged "$3"
    says "$mine/in/$1"
    says "Permission denied"
    chmod "$2" "$mine/in/$1"
    check "$1: nothing was published" test -z "$(find "$mine/out" -name '*.csv')"
    check "$1: no parts of rejects stay" test -z "$(find "$mine" -name '*.part-*')"
}
unprivileged() {
    (cd "$mine" && timeout -k 10 60 "${as[@]}" OMPI_MCA_orte_tmpdir_base="$mine/mpi" \
        OMPI_MCA_btl_vader_backing_directory="$mine/mpi" ./program rebuild --from "$1" --to out) \
        </dev/null >"$WORK/stdout" 2>"$WORK/stderr"
}
not_allowed folder/b.json 644 in
not_allowed folder 755 in
not_allowed a.json 644 'in/*'
leaves 0 unprivileged in

# A dry run finds what can be found without reading.
leaves 4 funnel 2 rebuild --dry-run --from "$WORK/names/none.json" --to "$target" \
    --rejects "$WORK/rejects"
untouched "a dry run"

# Files that change under the reader.
mkdir "$WORK/moving"
big=$WORK/moving/big.json
last=$WORK/moving/zz.json
make_files() {
    rm -f "$WORK"/moving/*
    long_file "$big" 200000000
    cp "$WORK/bad/zstd/a.json" "$last"
}
changed() { # changed NAME FILE ACTION, with a reader in the midst of $big
    local ranks
    for ranks in 1 3; do
        make_files
        leaves 4 while_reading "$big" "$3" "$ranks" rebuild --from "$WORK/moving" --to "$target" \
            --rejects "$WORK/rejects"
        says "$2"
        untouched "$1"
    done
}
changed "grows" "$big" "echo >>'$big'"
changed "shrinks" "$big" "truncate -s 150000000 '$big'"
changed "shrinks to nothing" "$big" "truncate -s 0 '$big'"
changed "written over" "$big" "printf x | dd of='$big' bs=1 conv=notrunc status=none"
changed "written over, its time put back" "$big: was changed after it was listed" \
    "touch -r '$big' '$WORK/time'; printf x | dd of='$big' bs=1 conv=notrunc status=none
    touch -r '$WORK/time' '$big'"
changed "another in its place" "$last" "cp '$last' '$last.new'; mv '$last.new' '$last'"
changed "vanishes" "$last" "rm '$last'"
passed
