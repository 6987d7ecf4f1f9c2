#!/usr/bin/env bash
# CSV files by temporary name and rename: whole or not at all, and tidy.
. "$(dirname "$0")/../support/publish.sh"
export PROBE_TABLES=marts # Until all files are renamed, below.

listing() {
    ls -A "$1" | paste -sd ' '
}
three="course_funnel_run.json mart_course_funnel_cohorts.csv mart_course_funnel_lessons.csv"

mkdir "$work/there"
SHIM_FOLDERS_SYNCED=$work/synced LD_PRELOAD=$(dirname "$probe")/shim.so \
    run "$probe" check "$work/there/new/deep"
check "each new directory is made to last in its parent" \
    "$code $(grep -xF -e "$work/there" -e "$work/there/new" "$work/synced" | paste -sd ' ')" \
    "0 $work/there $work/there/new"
run "$probe" check "$work/new/deep/er"
check "a directory is made" "$code" 0
check "and the check leaves nothing in it" "$(listing "$work/new/deep/er")" ""
run "$probe" publish "$work/new/deep/er" x 1 20
check "files are published" "$code$err" 0
check "these three" "$(listing "$work/new/deep/er")" "$three"
check "with mode 0644" "$(stat -c %a "$work/new/deep/er/"* | sort -u)" 644
(umask 077 && "$probe" publish "$work/masked" x 1 20 >/dev/null)
check "or less, as the umask says" "$(stat -c %a "$work/masked/"* | sort -u)" 600
(umask 002 && "$probe" publish "$work/shared" x 1 20 >/dev/null)
check "or more" "$(stat -c %a "$work/shared/"* | sort -u)" 664
check "lines end in LF and there is no BOM" \
    "$(head -c 9 "$work/masked/mart_course_funnel_cohorts.csv")$(grep -c $'\r' "$work/masked/mart_course_funnel_cohorts.csv")" course_id0
run "$probe" report --from "$work/masked"
check "the report finds the rows to be those of the record" "$code$err" 0

# A folder of one letter was not made, so that nothing could be written to it.
cd "$work"
run "$probe" publish o x 1 20
check "a folder's name of one letter" "$code$err" 0
cd "$repository"

# A file that is replaced keeps its mode and group, and a symbolic link stays one. Two of the links
# lead to one folder, and one stays in that of the marts.
mkdir "$work/links" "$work/there/a" "$work/there/b"
ln -s ../there/a/cohorts "$work/links/mart_course_funnel_cohorts.csv"
ln -s hop "$work/links/mart_course_funnel_lessons.csv"
ln -s "$work/there/a/lessons" "$work/links/hop"
ln -s record "$work/links/course_funnel_run.json"
echo old >"$work/there/a/cohorts"
chmod 640 "$work/there/a/cohorts"
group=$(id -g)
if [ "$(id -u)" = 0 ]; then
    group=4711
    chgrp "$group" "$work/there/a/cohorts"
fi
# What attempts that died have left there.
touch "$work/there/a/.course-funnel-tmp.mart_course_funnel_cohorts.csv.4711"
SHIM_FOLDERS_SYNCED=$work/synced_links LD_PRELOAD=$(dirname "$probe")/shim.so \
    run "$probe" publish "$work/links" x 1 20
check "files are published through links" "$code$err" 0
check "which stay" "$(find "$work/links" -type l | wc -l)" 4
check "there are files only where they lead" \
    "$(listing "$work/links") $(listing "$work/there/a")" \
    "course_funnel_run.json hop mart_course_funnel_cohorts.csv mart_course_funnel_lessons.csv record cohorts lessons"
check "the mode and group of one that was there are kept, a new one follows the umask" \
    "$(stat -c '%a %g' "$work/there/a/cohorts") $(stat -c %a "$work/there/a/lessons")" "640 $group 644"
check "the folder where they lead is made to last" \
    "$(grep -cxF "$work/there/a" "$work/synced_links" | sed 's/[1-9][0-9]*/some/')" some
run "$probe" report --from "$work/links"
check "and the files are of one run" "$code$err" 0
exec 7<"$work/there/a"
flock -n 7
run "$probe" publish "$work/links" x 1 20
check "two runs that publish to one folder by links keep apart" "$code" 5
check_match "and say so" "$err" "Another run publishes to $work/links/mart_course_funnel_cohorts.csv"
exec 7<&-
ln -sf ../there/a/match "$work/links/course_funnel_session_match.csv"
echo "of an earlier run" >"$work/there/a/match"
run "$probe" publish "$work/links" x 1 20
check "what an earlier run said of sessions goes where its link leads" \
    "$code$err $(listing "$work/there/a")" "0 cohorts lessons"
check "the link stays" "$(readlink "$work/links/course_funnel_session_match.csv")" ../there/a/match
# What no file can be put to is refused before any work, and left as it is.
refused_link() { # refused_link LEADS_TO WHAT
    ln -sfn "$1" "$work/links/mart_course_funnel_lessons.csv"
    run "$probe" check "$work/links"
    check "a link to $1 is refused by the check" "$code" 5
    check_match "and the message tells why" "$err" "$2"
    check "and nothing is left behind" "$(listing "$work/there/a")" "cohorts lessons"
}
mkfifo "$work/there/fifo"
refused_link ../there/fifo "$work/links/mart_course_funnel_lessons.csv is not a regular file"
refused_link ../there/b "is not a regular file"
refused_link mart_course_funnel_lessons.csv "Too many levels of symbolic links"
refused_link nowhere/lessons "No such file or directory"
check "a FIFO stays" "$(stat -c %F "$work/there/fifo")" fifo
if [ "$(id -u)" = 0 ]; then
    # Of a group that its new owner is not in.
    install -d -o nobody "$work/foreign"
    install -o nobody -g 4711 -m 640 /dev/null "$work/foreign/mart_course_funnel_cohorts.csv"
    chmod 755 "$work"
    cp "$probe" "$work/probe"
    run runuser -u nobody -- "$work/probe" check "$work/foreign"
    check "a group that cannot be kept is refused by the check" "$code" 5
    check_match "by name" "$err" "Cannot keep the mode and group of $work/foreign/mart_course_funnel_cohorts.csv"
    check "and nothing is left behind there" "$(listing "$work/foreign")" mart_course_funnel_cohorts.csv
fi

# Twice, and too late.
target=$work/again
attempt=$("$probe" check "$target")
id=$("$probe" publish "$target" x 1 20 "$attempt")
inodes=$(stat -c %i "$target"/* | paste -sd ' ')
run "$probe" publish "$target" x 1 20 "$attempt" "$id"
check "the same run twice changes no file" "$code $(stat -c %i "$target"/* | paste -sd ' ')" "0 $inodes"
# Rows that were lost or changed since were taken for published.
before=$(cat "$target"/mart_*.csv | md5sum)
for harm in 'rm "$target/mart_course_funnel_lessons.csv"' \
    'echo 1 >>"$target/mart_course_funnel_cohorts.csv"' \
    'touch "$target/course_funnel_session_match.csv"'; do
    eval "$harm"
    run "$probe" publish "$target" x 1 20 "$attempt" "$id"
    check "the same run mends what was done by $harm" \
        "$code $(cat "$target"/mart_*.csv | md5sum) $(listing "$target")" "0 $before $three"
done
inodes=$(stat -c %i "$target"/* | paste -sd ' ')
for more in 0 -1; do
    run "$probe" publish "$target" x 2 20 "$((attempt + more))" "$id"
    check "the same run with other rows changes no file" \
        "$code $(stat -c %i "$target"/* | paste -sd ' ')" "7 $inodes"
    check_match "and the message tells so" "$err" "The run $id has published to $target already, with other rows"
done
run "$probe" publish "$target" x 2 20 "$((attempt - 1))"
check "a stale attempt is refused" "$code $(stat -c %i "$target"/* | paste -sd ' ')" "7 $inodes"
check_match "and the message names the later one" "$err" "run $id"
echo '{"run_id": "cut off' >"$target/course_funnel_run.json"
run "$probe" publish "$target" x 2 20
check "a record that is damaged does not stop a run" "$code$err" 0

# Leftovers of dead attempts go, whatever else is there stays.
attempt=$("$probe" check "$target")
touch "$target/.course-funnel-tmp.mart_course_funnel_cohorts.csv.4711" \
    "$target/.course-funnel-tmp.check" "$target/mine.txt" "$target/.hidden"
run "$probe" publish "$target" x 3 20 "$attempt"
check "leftovers are removed" "$code $(listing "$target" | tr ' ' '\n' | sort | paste -sd ' ')" \
    "0 $(printf '%s\n' .hidden $three mine.txt | sort | paste -sd ' ')"

# Killed at random moments: the files are always of one run, or the report says that they are not.
torn=0
for i in $(seq 1 15); do
    "$probe" publish "$target" x $((i % 2 + 1)) 400 >/dev/null 2>&1 &
    publisher=$!
    sleep "0.0$(printf %02d $((RANDOM % 40)))"
    kill -9 "$publisher" 2>/dev/null || true
    wait "$publisher" 2>/dev/null || true
    run "$probe" report --from "$target"
    [ "$code" = 0 ] || check "kill $i: the files can be read" "$code $err" 0
    case $err in
    "") ;;
    *"not those that the record"*) torn=$((torn + 1)) ;;
    *) check "kill $i: the report's words" "$err" "" ;;
    esac
done
run "$probe" publish "$target" x 1 20
check "after 15 kills ($torn between two renames) publishing goes on" "$code" 0
check "and tidies up" "$(listing "$target" | tr ' ' '\n' | grep -c course-funnel-tmp || true)" 0

# Killed at each rename of a publication, each time with other marts than lie there: a reader that
# finds the record as it was knows by its digests that the files are not of that run. First three
# files, then all of them, then three in place of all: what goes is there until no record names it.
shim=$(dirname "$probe")/shim.so
seven="course_funnel_changes.csv course_funnel_run.json mart_course_funnel_cohorts.csv mart_course_funnel_completion.csv mart_course_funnel_entry_points.csv mart_course_funnel_lessons.csv mart_course_funnel_steps.csv"
inodes_of() { # inodes_of FILE...: of those that are there
    stat -c '%i %n' "$@" 2>/dev/null || true
}
kill_at_renames() { # kill_at_renames BEFORE AFTER COUNT FILES: tables of the old run, of the new one
    local before=$1 after=$2 count=$3 files=$4 at attempt old record seen now how name
    for at in $(seq 1 $((count + 1))); do
        how="from $before to $after, killed at rename $at"
        PROBE_TABLES=$before run "$probe" publish "$target" x 1 20
        check "$how: there are marts" "$code$err" 0
        old=$(cat "$target"/*.csv | md5sum)
        record=$(cat "$target/course_funnel_run.json")
        seen=$(inodes_of "$target"/*.csv)
        attempt=$("$probe" check "$target") # Renames a file by itself, so it comes before.
        PROBE_TABLES=$after SHIM_KILL_AT_RENAME=$at LD_PRELOAD=$shim \
            run "$probe" publish "$target" x 2 20 "$attempt"
        if [ "$at" -gt "$count" ]; then
            check "$how: there are $count renames" "$code$err" 0
            check "$how: no other files are left" "$(listing "$target")" "$files"
            break
        fi
        check "$how" "$code" 137
        check "$how: the record is the old one" "$(cat "$target/course_funnel_run.json")" "$record"
        now=$(inodes_of "$target"/*.csv)
        check "$how: so many files are new, and none is gone" \
            "$(diff <(echo "$seen") <(echo "$now") | grep -c '^>' || true) $(comm -23 \
                <(echo "$seen" | cut -d' ' -f2) <(echo "$now" | cut -d' ' -f2) | wc -l)" "$((at - 1)) 0"
        for name in "$target"/*.csv; do
            check "$how: $name is whole" "$(head -c 9 "$name") $(tail -c 1 "$name" | od -An -c | tr -d ' ')" \
                'course_id \n'
        done
        run "$probe" report --from "$target"
        check "$how: the report can be made" "$code" 0
        if [ "$at" = 1 ]; then
            check "$how: all is as it was" "$(cat "$target"/*.csv | md5sum)$err" "$old"
        else
            check_match "$how: the report warns" "$err" "not those that the record of run"
        fi
        PROBE_TABLES=$after run "$probe" publish "$target" x 2 20
        check "$how: the next run publishes" "$code$err" 0
        run "$probe" report --from "$target"
        check "$how: and the files are of one run" "$code$err" 0
        check "$how: nothing is left behind" "$(listing "$target")" "$files"
    done
}
rm "$target/mine.txt" "$target/.hidden"
kill_at_renames marts marts 3 "$three"
kill_at_renames all all 7 "$seven"
kill_at_renames all marts 3 "$three"
# Between the record and the removal.
PROBE_TABLES=all "$probe" publish "$work/all" x 1 20 >/dev/null
cp "$work/all/mart_course_funnel_steps.csv" "$target"
run "$probe" report --from "$target"
check "files that no record names do not disturb a reader" "$code$err" 0

# Two at once: one goes ahead, the other says so; the files are of one run.
codes=
publishers=()
for seed in 1 2 3; do
    "$probe" publish "$target" x $seed 400 >"$work/two.$seed" 2>&1 &
    publishers+=($!)
done
for publisher in "${publishers[@]}"; do
    code=0
    wait "$publisher" || code=$?
    codes="$codes$code"
done
check_match "of three at once one publishes ($codes)" "$codes" 0
check "and none fails but for the others" \
    "$(cat "$work"/two.* | grep -v -e '^[0-9a-f-]*$' -e 'Another run publishes' -e 'A later attempt' || true)" ""
run "$probe" report --from "$target"
check "and the files are of one run" "$code$err" 0

# What cannot be written to.
touch "$work/file"
run "$probe" check "$work/file"
check "a file in place of the directory" "$code" 5
check_match "is named" "$err" "Cannot open the directory $work/file: Not a directory"
run "$probe" check "$work/file/deeper"
check "a directory below a file" "$code" 5
run "$probe" check ""
check "an empty name" "$code" 2
mkdir -p "$work/closed"
chmod 555 "$work/closed"
chmod 755 "$work"
if [ "$(id -u)" = 0 ]; then
    cp "$probe" "$work/probe"
    run runuser -u nobody -- "$work/probe" check "$work/closed"
else
    run "$probe" check "$work/closed"
fi
check "a directory without the right to write" "$code" 5
check_match "says so" "$err" "Permission denied"

# The check's file is cut short, and what the system says of it is not left over from before.
mkdir "$work/limited"
run sh -c 'prlimit --fsize=3 "$@" 2>&1 >/dev/null | cat' "$probe" "$probe" check "$work/limited"
check "a write that stops short is not called a success" "$out" \
    "Cannot write a file in $work/limited: Input/output error. The published files are as they were. Check the path and its permissions, then run again."

# A full disk leaves the old files as they were. It takes a mount, so root.
if [ "$(id -u)" = 0 ] && mkdir "$work/small" && mount -t tmpfs -o size=96k none "$work/small" 2>/dev/null; then
    run "$probe" publish "$work/small" x 1 5
    check "a small disk takes small marts" "$code$err" 0
    # As a run with a table of sessions leaves it; these runs have none.
    echo "of an earlier run" >"$work/small/course_funnel_session_match.csv"
    sums=$(cd "$work/small" && md5sum ./*)
    run "$probe" publish "$work/small" x 2 400
    check "a full disk ends in code 5" "$code" 5
    check_match "says so" "$err" "No space left on device. The published files are as they were. Make room"
    check "leaves the old files" "$(cd "$work/small" && md5sum ./*)" "$sums"
    check "and nothing else" "$(listing "$work/small")" "${three/mart/course_funnel_session_match.csv mart}"
    run "$probe" publish "$work/small" x 2 5
    check "what an earlier run said of sessions goes with the next that succeeds" \
        "$code$err $(listing "$work/small")" "0 $three"
    dd if=/dev/zero of="$work/small/filler" bs=4k 2>/dev/null || true
    run "$probe" check "$work/small"
    check "a disk that is full from the start is refused by the check" "$code" 5
    mount -o remount,ro "$work/small"
    run "$probe" check "$work/small"
    check "a read-only disk is refused" "$code" 5
    check_match "says so" "$err" "read-only"
    umount "$work/small"
else
    echo "left out: a full disk (needs root and mount)"
fi
finish
