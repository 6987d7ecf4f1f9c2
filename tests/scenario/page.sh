#!/bin/bash
# The page of the report, in a real headless browser: its numbers are those of the tables, its script
# draws what the program wrote, no text of a mart runs, and nobody's id is in it. Pictures of it stay
# in tests/browser/pictures of the build.
. "$(dirname "$0")/../support/lib.sh"

chromium=$(command -v "${CHROMIUM:-chromium}") || skip "Chromium is not installed"
for program in node npm; do
    command -v $program >/dev/null || skip "$program is not installed"
done
export CHROMIUM=$chromium

# The packages go to the build, once for each lock file. npm's cache serves where there is no network.
tools=$BUILD/tests/browser
mkdir -p "$tools"
cp "$SOURCE"/tests/browser/*.{mjs,json} "$tools"
if ! cmp -s "$tools/package-lock.json" "$tools/installed"; then
    (cd "$tools" && npm ci --no-audit --no-fund --ignore-scripts --prefer-offline) >"$WORK/log" 2>&1 ||
        fail "npm could not install the packages of tests/browser"
    cp "$tools/package-lock.json" "$tools/installed"
fi
check "packages take Debian's node" node "$tools/check_packages.mjs" "$tools/package-lock.json"

page() { # page NAME ARGS...: the page of the marts in $WORK/pages/NAME
    local name=$1
    shift
    leaves 0 alone report --from "$WORK/pages/$name" --html "$WORK/pages/$name.html" "$@"
}

mkdir "$WORK/pages"
leaves 0 alone generate --out "$WORK/export" --events 30000
leaves 0 alone rebuild --from "$WORK/export" --to "$WORK/pages/sample" --rejects "$WORK/rejects"
page sample
cp "$WORK/pages/sample.html" "$WORK/first.html"
page sample
same "$WORK/pages/sample.html" "$WORK/first.html"

# No line of the export names a learner whom the page names too.
find "$WORK/export" -type f -exec zcat -f {} + | python3 -c 'import json, re, sys
page = set(re.findall(r"[\w@.-]+", open(sys.argv[1], encoding="utf-8").read()))
ids = {str(value) for line in sys.stdin for key, value in json.loads(line).items()
       if key in ("user_id", "device_id", "amplitude_id") and value not in (None, "")}
found = sorted(one for one in ids if one in page and not one.isdigit())
sys.exit(f"{len(ids)} ids, in the page: {found[:5]}" if found or len(ids) < 100 else 0)' \
    "$WORK/pages/sample.html" || fail "the page holds an id"

# Marts that no sample has; of each the record is the sample's, which need not fit.
node "$tools/make_marts.mjs" "$WORK/pages"
record=$WORK/pages/sample/course_funnel_run.json
for folder in "$WORK"/pages/*/; do
    name=$(basename "$folder")
    [ "$name" != sample ] || continue
    cp "$record" "$folder"
    names=()
    [ ! -e "$WORK/pages/$name-names.csv" ] || names=(--names "$WORK/pages/$name-names.csv")
    if [ "$name" = hostile ]; then
        sed -i 's|"program_version":.*|"program_version": "<script>alert(5)</script>",|
            s|"source":.*|"source": "\\"><img src=x onerror=alert(6)>",|' "$folder/course_funnel_run.json"
    fi
    page "$name" "${names[@]}"
done

# A real course, where its data lies beside the checkout.
course=$DATA/futurelearn
if [ -d "$course" ]; then
    mkdir "$WORK/pages/futurelearn"
    cp "$course"/expected/*.csv "$record" "$WORK/pages/futurelearn"
    sed 1q "$WORK/pages/sample/course_funnel_changes.csv" \
        >"$WORK/pages/futurelearn/course_funnel_changes.csv"
    page futurelearn
else
    echo "without FutureLearn: its data is not at $course"
fi

# Out of PostgreSQL, and a schema whose name is hostile.
schema="<script>alert(8)</script>\"'"
start_postgres
leaves 0 alone rebuild --from "$WORK/export" --to "$CONNINFO" --schema "$schema" \
    --rejects "$WORK/rejects"
cp -r "$WORK/pages/sample" "$WORK/pages/schema"
leaves 0 alone report --from "$CONNINFO" --schema "$schema" --html "$WORK/pages/schema.html"

check "the README's picture is small" test "$(stat -c %s "$SOURCE/jobs/page.png")" -le 200000

# Every query of the dashboard and of dbt's sources runs, and says what the page says.
leaves 0 alone rebuild --from "$WORK/export" --to "$CONNINFO" --schema marts --rejects "$WORK/rejects"
queries=0
while read -r query; do
    queries=$((queries + 1))
    psql -XAt -v ON_ERROR_STOP=1 -c "$query" >"$WORK/query.$queries" ||
        fail "a query of jobs/grafana or jobs/dbt: $query"
    # Nothing changed in a first run.
    [[ $query == *course_funnel_changes* ]] ||
        check "it says something: $query" test -s "$WORK/query.$queries"
done < <(python3 "$SOURCE/tests/house/check-dashboards.py" --queries marts 1)
check "queries" test "$queries" -ge 12
python3 - "$WORK" <<'PYTHON' || fail "the dashboard's numbers are not the page's"
import re, sys
work = sys.argv[1]
page = open(f"{work}/pages/sample.html", encoding="utf-8").read()
page = page[page.index('data-id="1" aria'):].split("</article>")[0]
strip = dict(re.findall(r'<li data-j="(\w+)"><span class="fig"><b>([\d,]+)', page))
rows = re.findall(r'<tr data-j="\d+".*?<b>([\d,]+)</b>.*?<b>([\d,]+)</b>', page[:page.index("<tfoot>")], re.S)
shown = [strip["started"], strip["completed"], rows]
lines = open(f"{work}/query.5").read().split()
due = [open(f"{work}/query.1").read().strip(), open(f"{work}/query.2").read().strip(),
       [tuple(line.split("|")[1:]) for line in lines]]
if shown != due:
    sys.exit(f"{shown}\n{due}")
PYTHON

node "$tools/main.mjs" "$WORK/pages" "$tools/pictures" || fail "the page is not as it must be"
passed
