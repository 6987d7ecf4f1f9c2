#!/bin/bash
# Where a container lacks what Open MPI takes for granted: memory of other processes that may be read,
# room in /dev/shm, a name for the user id and a home. The run does without, or says before it starts
# what it needs.
. "$(dirname "$0")/../support/lib.sh"

leaves 0 alone generate --out "$WORK/in" --events 60000 --weeks 1 --users 3000 --courses 3 \
    --course-share 0.9 --format plain
rebuild=(rebuild --from "$WORK/in" --to "$WORK/marts" --rejects "$WORK/rejects")
leaves 0 alone "${rebuild[@]}"
mv "$WORK/marts" "$WORK/due"
published() {
    same_marts "$WORK/marts" "$WORK/due"
    rm -r "$WORK/marts"
    check "somebody is left" nobody_left
}
quiet() {
    check "only the program speaks" test -z "$(grep -v '^course-funnel: ' "$WORK/stderr")"
}
wrapped() { # wrapped COMMAND...: the program is started by it from now on
    printf '#!/bin/sh\nexec %s %s "$@"\n' "$*" "$BUILD/course-funnel" >"$WORK/program"
    chmod 755 "$WORK/program"
    PROGRAM=$WORK/program
}

# Memory of other processes may not be read; ranks are in user namespaces of their own.
wrapped "$BUILD/tests/no_peeking"
leaves 0 funnel 3 "${rebuild[@]}"
quiet
published
if unshare -U -r true 2>/dev/null; then
    wrapped unshare -U -r
    FUNNEL_TIMEOUT=60 leaves 0 funnel 3 "${rebuild[@]}"
    quiet
    published
fi
PROGRAM=$BUILD/course-funnel

# No root: then neither namespaces nor other users.
if [ "$(id -u)" != 0 ] || ! unshare -m true 2>/dev/null; then
    skip "no root, or no mount namespaces"
fi

# In /dev/shm, or where the user has it, is too little room.
small() { # small KB N: on N ranks with so much
    rm -rf "$WORK/marts"
    unshare -m sh -c 'mount -t tmpfs -o "size=$0k" none "$OMPI_MCA_btl_vader_backing_directory" && "$@"
        code=$?; find "$OMPI_MCA_btl_vader_backing_directory" -type f >"$LEFT"; exit $code' "$1" \
        timeout -k 10 60 mpirun --oversubscribe -n "$2" "$PROGRAM" "${rebuild[@]}" \
        </dev/null >"$WORK/stdout" 2>"$WORK/stderr"
}
export LEFT=$WORK/left
mkdir "$WORK/shm"
for folder in "$WORK/shm" /dev/shm; do
    export OMPI_MCA_btl_vader_backing_directory=$folder
    leaves 70 small 4000 3
    says "$folder has 4000 kB of room, and the 3 ranks of this host need 4608 kB there to talk"
    says "start fewer ranks a host"
    check "there is one message" test "$(grep -c '^course-funnel: ' "$WORK/stderr")" = 1
    check "something is left in $folder" test ! -s "$LEFT"
    check "nothing is published" test ! -e "$WORK/marts"
done
leaves 70 small 8000 16
says "the 16 ranks of this host need 11776 kB there"
leaves 0 small 12000 16
published
leaves 0 small 100 1
published
OMPI_MCA_btl=self,tcp leaves 0 small 100 2
published
export OMPI_MCA_btl_vader_backing_directory=$WORK/mpi

# A user id that nobody knows, without a home: alone, and by the script that starts mpirun.
mkdir "$WORK/open"
chmod 777 "$WORK/open" "$WORK/mpi"
nameless=(setpriv --reuid 12345 --clear-groups env -u HOME TMPDIR="$WORK/open")
rebuild=(rebuild --from "$WORK/in" --to "$WORK/open/marts" --rejects "$WORK/open/rejects")
cp "$BUILD/course-funnel" "$WORK/program" # may lie where that user does not come to
leaves 0 "${nameless[@]}" "$WORK/program" "${rebuild[@]}" >"$WORK/stdout" 2>"$WORK/stderr"
quiet
same_marts "$WORK/open/marts" "$WORK/due"
rm -r "$WORK/open/marts"
cp "$SOURCE/jobs/rebuild.sh" "$WORK/again"
leaves 0 env COURSE_FUNNEL="$WORK/program" "${nameless[@]}" bash "$WORK/again" --ranks 2 -- \
    "${rebuild[@]:1}" --checkpoint "$WORK/open/folder" >"$WORK/stdout" 2>"$WORK/stderr"
same_marts "$WORK/open/marts" "$WORK/due"
check "somebody is left" nobody_left

# rebuild.sh does not try again where there is no room.
cat >"$WORK/cramped" <<'SCRIPT'
#!/bin/bash
mount -t tmpfs -o size=4000k none "$OMPI_MCA_btl_vader_backing_directory" && exec "$@"
SCRIPT
OMPI_MCA_btl_vader_backing_directory=$WORK/shm leaves 70 unshare -m bash "$WORK/cramped" \
    env COURSE_FUNNEL="$BUILD/course-funnel" "$SOURCE/jobs/rebuild.sh" --ranks 2 -- \
    "${rebuild[@]:1}" --checkpoint "$WORK/open/folder" >"$WORK/stdout" 2>"$WORK/stderr"
check "one attempt" test "$(grep -c ': attempt ' "$WORK/stderr")" = 1
passed
