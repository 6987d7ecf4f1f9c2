#!/bin/bash
# Where a container lacks what Open MPI takes for granted: memory of other processes that may be read,
# room in /dev/shm, a name for the user id and a home. The run does without, or says before it starts
# what it needs. And where memory is limited: it says in time that its state will not fit.
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
unset OMPI_MCA_btl_vader_backing_directory

# Memory is limited by a cgroup. A state that grows by a MB with each MB of the input does not fit; one
# whose users are all seen in the first half does, though for long it looks as if it would not.
python3 - "$WORK" <<'PYTHON'
import os, sys
from events import *
before, after = line(event(STARTED, "@", 1, 1)).split(b"@")
def write(name, users, times):
    os.mkdir(f"{sys.argv[1]}/{name}")
    with open(f"{sys.argv[1]}/{name}/events.json", "wb") as file:
        for user in list(range(users)) * times:
            file.write(before + b"%0600d" % user + after + b"\n")
write("growing", 400000, 1)
write("seen", 160000, 2)
PYTHON
cgroup=/sys/fs/cgroup/memory$(awk -F: '$2 ~ /(^|,)memory(,|$)/ {print $3}' /proc/self/cgroup)/course-funnel-$$
leave_cgroup() { [ ! -d "$cgroup" ] || rmdir "$cgroup"; }
before_cleaning=leave_cgroup
limits=(made_up)
if mkdir "$cgroup" 2>/dev/null && echo 250M >"$cgroup/memory.limit_in_bytes"; then
    limits+=(real)
fi
real() { # real COMMAND...: in a cgroup of version 1
    bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$cgroup" "$@"
}
made_up() { # made_up COMMAND...: sees a tree that looks like one of version 2
    unshare -m bash -c 'mount -t tmpfs none /sys/fs/cgroup && echo 262144000 >/sys/fs/cgroup/memory.max &&
        exec "$@"' bash "$@"
}
limited() { # limited LIMIT NAME: reads that input; LIMIT may be env, which is none
    rm -rf "$WORK/marts"
    "$1" timeout -k 10 60 mpirun --oversubscribe -n 2 "$PROGRAM" rebuild --from "$WORK/$2" \
        --to "$WORK/marts" --rejects "$WORK/rejects" </dev/null >"$WORK/stdout" 2>"$WORK/stderr"
}
will_not_fit() {
    says 'warning: Memory will not suffice if the rest of the input'
    says 'will not fit into memory: the 2 ranks on '
    says 'MB, and 262 MB are allowed there (/sys/fs/cgroup/memory'
    says 'Raise that limit, or use more nodes.'
    check "it is said before most is read" grep -qE 'rest of the input \(([4-9].) %\) will not' "$WORK/stderr"
    check "it needs more" test "$(sed -n 's/.* need at least \([0-9]*\) MB.*/\1/p' "$WORK/stderr")" -ge 262
    check "nothing is published" test -z "$(ls "$WORK/marts")"
    check "somebody is left" nobody_left
}
leaves 0 limited env growing
check "nothing is said of memory" test "$(grep -ci memory "$WORK/stderr")" = 0
for limit in "${limits[@]}"; do
    leaves 70 limited "$limit" growing
    will_not_fit
    leaves 0 limited "$limit" seen
done

# What is kept of learners is held against that before any of it is loaded; and it is right: where a
# night may begin, it is not killed.
night() { # night LIMIT: as limited
    "$1" timeout -k 10 60 mpirun --oversubscribe -n 2 "$PROGRAM" rebuild --from "$WORK/growing" --to "$WORK/nights" \
        --rejects "$WORK/rejects" --checkpoint "$WORK/folder" --extend </dev/null >"$WORK/stdout" 2>"$WORK/stderr"
}
kept() { find "$WORK/folder" "$WORK/nights" -type f ! -name lock ! -name attempt -printf '%p %s %T@\n' | sort; }
refused() { # refused LIMIT MB
    if [ "$1" = real ]; then
        echo 0 >"$cgroup/memory.force_empty"
        echo 0 >"$cgroup/memory.max_usage_in_bytes"
    fi
    leaves 70 night "$1"
    [ "$1" != real ] || check "nothing of it was loaded" test "$(cat "$cgroup/memory.max_usage_in_bytes")" -lt 100000000
    says 'What is kept of learners will not fit into memory: the 2 ranks on '
    says "MB, and $2 MB are allowed there (/sys/fs/cgroup/memory"
    needed=$(sed -n 's/.* need at least \([0-9]*\) MB, and .*/\1/p' "$WORK/stderr")
    check "it needs more than $2" test "$needed" -gt "$2"
    kept >"$WORK/kept.after"
    same "$WORK/kept.before" "$WORK/kept.after"
    check "somebody is left" nobody_left
}
leaves 0 night env
python3 -c 'from events import *
print(line(event(STARTED, "u", 1, 1)).decode())' >"$WORK/growing/more.json"
kept >"$WORK/kept.before"
check "a state is kept" grep -q '/folder/generation-0001-000001/groups-' "$WORK/kept.before"
for limit in "${limits[@]}"; do
    refused "$limit" 262
done
leaves 0 alone rebuild --from "$WORK/growing" --to "$WORK/nights" --rejects "$WORK/rejects" \
    --checkpoint "$WORK/folder" --extend --dry-run
state_mb=$(($(sed -n 's/^  memory for it *\([0-9,]*\)  bytes.*/\1/p' "$WORK/stdout" | tr -d ,) / 1000000))
check "a dry run says what it takes" test "$state_mb" -gt 262 -a "$state_mb" -lt "$needed"
if [ "$limit" = real ]; then
    echo $((needed * 1000000 - 16000000)) >"$cgroup/memory.limit_in_bytes"
    refused real $(($(cat "$cgroup/memory.limit_in_bytes") / 1000000))
    echo $((needed * 1000000 + 16000000)) >"$cgroup/memory.limit_in_bytes"
    leaves 0 night real
    check "all are counted" grep -q ',400001,' "$WORK/nights/mart_course_funnel_cohorts.csv"
fi
leaves 70 made_up env COURSE_FUNNEL="$PROGRAM" "$SOURCE/jobs/rebuild.sh" --ranks 2 -- --from "$WORK/growing" \
    --to "$WORK/marts" --rejects "$WORK/rejects" --checkpoint "$WORK/kept" >"$WORK/stdout" 2>"$WORK/stderr"
check "one attempt" test "$(grep -c ': attempt ' "$WORK/stderr")" = 1
passed
