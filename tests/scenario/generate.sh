#!/bin/bash
# The sample export: the same bytes for any number of ranks and in any format, lines that are what
# the counts say, and no folder of somebody else's touched.
. "$(dirname "$0")/../support/lib.sh"

seed=${COURSE_FUNNEL_SEED:-$(date +%s)}
echo "COURSE_FUNNEL_SEED=$seed"
sample=(--events 30000 --course-share 0.5 --weeks 5 --dirt 0.3 --duplicates 0.1 --late 0.1
    --app 4711 --file-lines 100 --seed "$seed")

# One rank without mpirun, several with it.
leaves 0 alone generate --out "$WORK/one" "${sample[@]}" --format plain
cp "$WORK/stdout" "$WORK/one.counts"
for ranks in 2 3; do
    leaves 0 funnel "$ranks" generate --out "$WORK/ranks$ranks" "${sample[@]}" --format plain
    check "$ranks ranks write the same" diff -r "$WORK/one" "$WORK/ranks$ranks"
    check "$ranks ranks count the same" diff "$WORK/one.counts" "$WORK/stdout"
done
leaves 0 alone generate --out "$WORK/other" --format plain "${sample[@]:0:${#sample[@]}-1}" "$((seed + 1))"
check "another seed writes others" test "$(cat "$WORK/one"/*/* | md5sum)" != \
    "$(cat "$WORK/other"/*/* | md5sum)"

# Names as Amplitude has them; an hour over --file-lines goes to more files.
check "all names are Amplitude's" test -z "$(find "$WORK/one" -type f |
    grep -vE '/4711/4711_2025-[0-9]{2}-[0-9]{2}_(1?[0-9]|2[0-3])#[0-9]+\.json$')"
check "a large hour has a second file" test -n "$(compgen -G "$WORK/one/4711/*#1.json")"
check "files end at --file-lines" test "$(wc -l "$WORK"/one/4711/* | grep -v total |
    awk '$1 > most { most = $1 } END { print most }')" -eq 100

# Each line lies in the file of the hour in which it was uploaded.
python3 - "$WORK/one" <<'EOF' || fail "lines lie in files of other hours"
import glob, os, re, sys
for path in glob.glob(sys.argv[1] + "/*/*"):
    day, hour = re.search(r"_(\d{4}-\d\d-\d\d)_(\d+)#", os.path.basename(path)).groups()
    for line in open(path, "rb"):
        found = re.search(rb'"server_upload_time":"(.{13})', line)
        if found and found[1].decode() != f"{day} {int(hour):02d}":
            sys.exit(f"{path}: {found[1].decode()}")
EOF
checks=$((checks + 1))

# "About how many lines", with the usual learners and with others; and a few of them are still some.
about() { # about LEAST MOST OPTION...
    local lines
    rm -rf "$WORK/about"
    leaves 0 alone generate --out "$WORK/about" --seed "$seed" "${@:3}"
    lines=$(awk '$1 == "lines" { print $2 }' "$WORK/stdout")
    check "$lines lines, where $1 to $2 were due: ${*:3}" test "$lines" -ge "$1" -a "$lines" -le "$2"
}
about 1 200 --events 1
about 1 300 --events 10
about 6000 15000 --events 10000
about 9000 11000 --events 10000 --course-share 0
about 80000 120000 --events 100000
about 80000 120000 --events 100000 --course-share 1
about 70000 130000 --events 100000 --users 1000
about 80000 120000 --events 100000 --users 20000 --weeks 40

# The first and the last year that --start takes.
for start in 0002-01-01 9970-12-31; do
    about 600 1700 --events 1000 --course-share 0 --start "$start" --weeks 1040
done

# The other formats hold the same lines.
leaves 0 funnel 2 generate --out "$WORK/gzip" "${sample[@]}"
leaves 0 funnel 2 generate --out "$WORK/zip" "${sample[@]}" --format zip --level 3
leaves 0 alone generate --out "$WORK/zip1" "${sample[@]}" --format zip --level 3
check "an archive is all there is" test "$(ls -A "$WORK/zip")" = 4711.zip
check "an archive has the same bytes again" cmp "$WORK/zip/4711.zip" "$WORK/zip1/4711.zip"
mkdir "$WORK/unzipped"
python3 -m zipfile -e "$WORK/zip/4711.zip" "$WORK/unzipped"
for folder in gzip unzipped; do
    find "$WORK/$folder" -name '*.gz' -exec gzip -d {} +
    check "$folder is the same text" diff -r "$WORK/one" "$WORK/$folder"
done

# The judge reads every line by the rules and must find what the program says it damaged.
count_of() {
    awk -v name="$1" '$1 == name { print $2 }' "$2"
}
python3 "$SOURCE/tests/support/judge_export.py" "$WORK/one" >"$WORK/judged"
for name in lines rejected_not_json rejected_not_an_event rejected_no_user rejected_no_time rejected_bad_properties \
    rejected_no_course rejected_no_lesson time_unusable; do
    check "$name as counted" test "$(count_of "$name" "$WORK/one.counts")" = \
        "$(count_of "$name" "$WORK/judged")"
    check "there are $name" test "$(count_of "$name" "$WORK/judged")" -gt 0
done
kept=$(awk '/^(course_|twice)/ { sum += $2 } /^(rejected_|made_other)/ { sum -= $2 } END { print sum }' \
    "$WORK/one.counts")
check "the rest is kept" test "$(count_of kept "$WORK/judged")" = "$kept"

# Nothing of somebody else's is touched.
leaves 2 funnel 2 generate --out "$WORK/one" "${sample[@]}"
says "holds something already"
leaves 5 alone generate --out "$WORK/no/such/parent" "${sample[@]}"
says "Could not make the folder"
leaves 2 funnel 2 generate --out "$WORK/new" --dirt 2
says "--dirt takes a share from 0 to 1"
check "a wrong option makes no folder" test ! -e "$WORK/new"
leaves 2 funnel 2 generate --out "$WORK/new" --events 10 --users 1000
says "No line comes of --events 10 for --users 1000"
leaves 2 alone generate --out "$WORK/new" --start 9971-01-01
says "--start takes a date such as 2025-01-06, of the years 0002 to 9970, not"
check "nor does one that leads to nothing" test ! -e "$WORK/new"
leaves 0 funnel 2 generate --help
check "help names every option once" test "$(grep -c '^  --' "$WORK/stdout")" -eq 18

# A full disk is an error that names the file, and leaves no half of one behind.
mkdir "$WORK/small"
if mount -t tmpfs -o size=1m none "$WORK/small" 2>/dev/null; then
    trap 'umount "$WORK/small"; clean_up' EXIT
    leaves 5 alone generate --out "$WORK/small/sample" --events 20000 --weeks 1 --format plain
    says "Could not write to"
    check "no temporary file is left" test -z "$(find "$WORK/small" -name '*.tmp')"
else
    echo "no full disk is tried: mounting a small one takes root"
fi
passed
