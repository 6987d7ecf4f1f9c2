#!/bin/bash
# The same events give the same bytes: for any number of ranks, order and names of files, ways to
# store them and sizes of pieces.
. "$(dirname "$0")/../support/lib.sh"

seed=${COURSE_FUNNEL_SEED:-$(date +%s)}
echo "COURSE_FUNNEL_SEED=$seed"
plain=$WORK/plain
sample=(--users 1500 --courses 7 --lessons 20 --events 40000 --course-share 0.5 --weeks 9
    --dirt 0.02 --hostile 0.01 --duplicates 0.03 --late 0.05 --seed "$seed")
funnel 2 generate --out "$plain" "${sample[@]}" --format plain || fail "no sample"

# rebuild NAME RANKS ARGS...: the marts into $WORK/marts/NAME, the rejects into NAME.rejects there
mkdir "$WORK/marts"
rebuild() {
    local name=$1 ranks=$2
    shift 2
    leaves 0 funnel "$ranks" rebuild "$@" --to "$WORK/marts/$name" --rejects "$WORK/marts/$name.rejects" \
        --max-reject-share 1
}
rebuild one 1 --from "$plain"
counts "$WORK/marts/one/course_funnel_run.json" >"$WORK/marts/one.counts"
reject_list --short "$WORK/marts/one.rejects" >"$WORK/marts/one.short"
check "the sample has rejects" test -s "$WORK/marts/one.short"
check "the sample has duplicates" grep -q '^duplicates,[1-9]' "$WORK/marts/one.counts"
check "the sample has marts" test "$(wc -l <"$WORK/marts/one/mart_course_funnel_lessons.csv")" -gt 100

same_counts() { # same_counts NAME: as the first run
    counts "$WORK/marts/$1/course_funnel_run.json" >"$WORK/counts"
    same "$WORK/counts" "$WORK/marts/one.counts"
}
same_run() { # same_run NAME: marts, counts and what was rejected
    same_marts "$WORK/marts/$1" "$WORK/marts/one"
    same_counts "$1"
    reject_list --short "$WORK/marts/$1.rejects" >"$WORK/short"
    same "$WORK/short" "$WORK/marts/one.short"
}

for ranks in 2 3 5 8; do
    rebuild "ranks$ranks" "$ranks" --from "$plain"
    same_run "ranks$ranks"
    same "$WORK/marts/ranks$ranks.rejects" "$WORK/marts/one.rejects"
done

rebuild small_ranges 3 --from "$plain" --range-bytes 4K
same_run small_ranges
same "$WORK/marts/small_ranges.rejects" "$WORK/marts/one.rejects"

# Files named one by one, backwards and one of them twice.
named=()
while read -r file; do
    named+=(--from "$file")
done < <(find "$plain" -type f | sort -r)
rebuild backwards 3 "${named[@]}" --from "$(find "$plain" -type f | head -n 1)"
same_run backwards
same "$WORK/marts/backwards.rejects" "$WORK/marts/one.rejects"

# Other names, so that the files come in another order.
mkdir "$WORK/renamed"
number=0
while read -r file; do
    cp "$file" "$WORK/renamed/$(printf '%s' "$seed$number" | md5sum | cut -c 1-8).json"
    number=$((number + 1))
done < <(find "$plain" -type f | sort)
rebuild renamed 3 --from "$WORK/renamed"
same_run renamed

# Cut anew: all lines shuffled, then dealt out to other files.
mkdir "$WORK/cut"
find "$plain" -type f -print0 | sort -z | xargs -0 sed -s -e '$a\' |
    python3 -c '
import random, sys
lines = sys.stdin.buffer.readlines()
random.Random(int(sys.argv[1])).shuffle(lines)
sys.stdout.buffer.writelines(lines)' "$seed" >"$WORK/all.json"
split -n l/7 "$WORK/all.json" "$WORK/cut/part."
rebuild cut 3 --from "$WORK/cut"
same_run cut
rebuild one_file 3 --from "$WORK/all.json" --range-bytes 64K
same_run one_file

mkdir "$WORK/gzip" "$WORK/members"
for file in "$WORK"/cut/part.*; do
    gzip -c "$file" >"$WORK/gzip/$(basename "$file").json.gz"
done
# Several members in one file, which end in the midst of lines.
split -b 100003 "$WORK/all.json" "$WORK/members.part."
for file in "$WORK"/members.part.*; do
    gzip -c "$file"
done >"$WORK/members/all.json.gz"
rebuild gzip 3 --from "$WORK/gzip/*.gz"
same_run gzip
rebuild members 2 --from "$WORK/members"
same_run members

# An archive as the Export API gives it: gzip files in a folder; and one of plain files.
(cd "$WORK" && zip -qr export.zip gzip && zip -qr plain.zip cut)
rebuild zip 3 --from "$WORK/export.zip"
same_run zip
rebuild zip_of_plain 2 --from "$WORK/plain.zip"
same_run zip_of_plain

# All ways at once, each with a part of the events; a wrong ending says nothing.
mkdir "$WORK/mixed"
cp "$WORK"/cut/part.a[ab] "$WORK/mixed"
cp "$WORK/gzip/part.ac.json.gz" "$WORK/mixed/part.ac.json"
(cd "$WORK" && zip -q mixed/others.gz cut/part.a[defg])
rebuild mixed 3 --from "$WORK/mixed"
same_run mixed

# generate's own ways of storing.
for format in gzip zip; do
    funnel 3 generate --out "$WORK/own.$format" "${sample[@]}" --format "$format" ||
        fail "no sample as $format"
    rebuild "from.$format" 3 --from "$WORK/own.$format"
    same_run "from.$format"
done
passed
