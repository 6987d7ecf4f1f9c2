#!/bin/bash
# The command line as --help and the README tell it: options, mistakes and their hints, dry runs,
# the log's formats and the closing summary.
. "$(dirname "$0")/../support/lib.sh"

mkdir "$WORK/input"
python3 -c 'import sys; from events import *
for n in range(200): sys.stdout.buffer.write(line(event(STARTED, f"u{n}", 1, n % 3)) + b"\n")' \
    >"$WORK/input/a.json"
# What is no events is left out, whatever is in it.
touch "$WORK/input/187520_2025-01-01_3_complete"
echo '{"event_type":"course_completed"' >"$WORK/input/-187520_2025-01-01_3.json.gz"
from=(--from "$WORK/input")
to=(--to "$WORK/marts" --rejects "$WORK/rejects")

# --version and --help.
leaves 0 alone --version
check "the version is the project's" test "$(cat "$WORK/stdout")" = \
    "course-funnel $(sed -n 's/^project(course-funnel VERSION \([0-9.]*\).*/\1/p' "$SOURCE/CMakeLists.txt")"
leaves 0 alone --help
commands=$(sed -n 's/^  \([a-z]\{1,\}\) .*/\1/p' "$WORK/stdout")
check "rebuild is a command" grep -qx rebuild <<<"$commands"
for command in $commands; do
    leaves 0 alone "$command" --help
    check "$command --help is on standard output alone" test ! -s "$WORK/stderr"
    check "$command --help shows usage" grep -q "course-funnel $command" "$WORK/stdout"
    cp "$WORK/stdout" "$WORK/$command.help"
done
# The texts are plain files, so the tables that are looked for by themselves are named there anew.
grep -oE '^#define TABLE_DEFAULT_[A-Z]+ "[^"]+"' "$SOURCE/include/course_funnel/table.h" |
    cut -d'"' -f2 >"$WORK/defaults"
check "two tables are looked for by themselves" test "$(wc -l <"$WORK/defaults")" = 2
while read -r table; do
    check "rebuild --help names $table" grep -q "(default:.* $table\|^ *$table where" \
        "$WORK/rebuild.help"
done <"$WORK/defaults"
leaves 0 funnel 3 rebuild --help
check "three ranks print the help once" test "$(grep -c '^usage: ' "$WORK/stdout")" = 1
check "and the same" cmp "$WORK/stdout" "$WORK/rebuild.help"

# --help is the one list of options. The README and its parts name options only where they explain
# something: no line of theirs is an entry of a list, and each option that they name exists.
parts=(README.md jobs/README.md src/README.md src/rules.md tests/README.md tests/bench/RESULTS.md
    tests/bench/model/README.md)
for script in jobs/{quickstart,install-deps,rebuild}.sh tests/run.sh tests/bench/run.sh; do
    "$SOURCE/$script" --help >"$WORK/$(tr / _ <<<"$script").help"
done
check "the READMEs name options that exist, and list none" python3 - "$SOURCE" "$WORK" \
    "${parts[@]}" <<'PYTHON'
import glob
import re
import sys

# Of other programs: mpirun, sbatch, docker, cmake and ctest.
known = set("""--oversubscribe --use-hwthread-cpus
    --nodes --ntasks-per-node --time --signal --requeue --job-name --dependency --output --shm-size
    --preset --build --install --test-dir --output-on-failure""".split())
ours = set()
for path in glob.glob(sys.argv[2] + "/*.help"):
    with open(path, encoding="utf-8") as file:
        ours |= set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", file.read()))
named, good = set(), True
for part in sys.argv[3:]:
    with open(f"{sys.argv[1]}/{part}", encoding="utf-8") as file:
        lines = file.read().split("\n")
    for before, line in zip([""] + lines, lines):
        options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", line))
        named |= options
        for option in sorted(options - ours - known):
            good = False
            print(f"{part}: there is no {option}", file=sys.stderr)
        # An entry begins with its option; a command that goes on from the line before is none.
        if re.match(r"\s*([|*+-]\s+|\d+[.)]\s+)?[`*]*--[a-z]", line) and not before.endswith("\\"):
            good = False
            print(f"{part}: an entry of a list of options: {line}", file=sys.stderr)
        # Exit codes stand in README.md alone.
        if part.endswith("README.md") and part != "README.md" and re.match(r"\| *\d+ *\|", line):
            good = False
            print(f"{part}: an entry of a list of exit codes: {line}", file=sys.stderr)
sys.exit(not (good and len(ours) > 30 and {"--from", "--to"} <= named))
PYTHON

# The codes that the program can leave with; the README has those of mpirun and scripts besides.
check "README and --help tell of the program's exit codes" python3 - "$SOURCE" "$WORK" <<'PYTHON'
import re
import sys

with open(sys.argv[1] + "/include/course_funnel/failure.h", encoding="utf-8") as file:
    enum = re.search(r"enum exit_code \{(.*?)\};", file.read(), flags=re.S)[1]
codes = sorted(map(int, re.findall(r"= (\d+)", enum)))
with open(sys.argv[1] + "/README.md", encoding="utf-8") as file:
    section = re.search(r"^## Exit codes\n(.*?)^#", file.read(), flags=re.S | re.M)[1]
told = sorted(map(int, re.findall(r"^\| (\d+) \|", section, flags=re.M)))
with open(sys.argv[2] + "/rebuild.help", encoding="utf-8") as file:
    text = re.search(r"^exit codes: (.*)", file.read(), flags=re.S | re.M)[1]
helped = sorted(map(int, re.findall(r"\d+", text)))
print("program", codes, "README", told, "--help", helped, file=sys.stderr)
sys.exit(not (len(codes) > 5 and codes == helped and set(codes) <= set(told)))
PYTHON

# mistake WHAT TEXT ARGS...: refused with 2, a message that has TEXT, and a hint
mistake() {
    local what=$1 text=$2
    shift 2
    leaves 2 alone "$@"
    check "$what: the message has $text" grep -qF -- "$text" "$WORK/stderr"
    check "$what: there is a hint" grep -qE -- '--help|^usage: ' "$WORK/stderr"
    check "$what: standard output is empty" test ! -s "$WORK/stdout"
}
mistake "nothing" "usage: "
mistake "no such command" '"rebiuld"' rebiuld
for command in $commands; do
    mistake "an option that $command lacks" --from-nowhere "$command" --from-nowhere
    # inspect takes one word, the others none.
    mistake "$command with a word too many" surplus "$command" surplus surplus
done
mistake "no source" --from rebuild "${to[@]}"
mistake "no target" --to rebuild "${from[@]}"
mistake "an empty source" --from rebuild --from "" "${to[@]}"
mistake "an empty target" --to rebuild "${from[@]}" --to ""
for option in --keep-learners --extend; do
    mistake "$option without a folder" "$option is for checkpoints" rebuild "${from[@]}" "${to[@]}" "$option"
    mistake "$option of two marts alone" "$option keeps all" rebuild "${from[@]}" "${to[@]}" \
        --checkpoint "$WORK/none" --tables marts "$option"
done
mistake "--settle without --extend" "--settle is for --extend" rebuild "${from[@]}" "${to[@]}" \
    --checkpoint "$WORK/none" --settle 60
mistake "a target twice" --to rebuild "${from[@]}" "${to[@]}" --to "$WORK/other"
for twice in --allow-empty --restart --dry-run "--schema s" "--max-reject-share 1" "--connections 1" \
    "--statement-timeout 9" "--checkpoint x" "--checkpoint-interval 5" "--mean-time-to-interrupt 5" \
    "--log-format text" "--max-line-bytes 1M" "--max-ratio 9" "--range-bytes 1M"; do
    # shellcheck disable=SC2086
    mistake "$twice twice" "${twice%% *} is given twice." rebuild "${from[@]}" "${to[@]}" $twice $twice
done
mistake "report twice" "--cohorts is given twice." report --from x --cohorts 5 --cohorts=6
mistake "generate twice" "--seed is given twice." generate --out "$WORK/marts" --seed 1 --seed 1
mistake "inspect twice" "--json is given twice." inspect --json x --json
mistake "a word behind other options" stray rebuild "${from[@]}" "${to[@]}" stray
while read -r option value; do
    mistake "$option $value" "$option" rebuild "${from[@]}" "${to[@]}" "$option" "$value"
done <<'TABLE'
--max-reject-share 1.01
--max-reject-share -0.1
--max-reject-share nan
--max-reject-share 5%
--max-line-bytes 0
--max-line-bytes 64Q
--max-line-bytes -1
--max-line-bytes 99999999999999999999
--max-ratio 0
--max-ratio 1.5
--patience 0
--range-bytes 0
--range-bytes 16MB
--range-bytes 0x10
--log-format xml
TABLE
for option in from to schema rejects max-reject-share log-format max-line-bytes max-ratio \
    range-bytes; do
    mistake "--$option without its value" "--$option" rebuild "${from[@]}" "--$option"
done
secret=hunter2hunter2
mistake "a password in conninfo" password rebuild "${from[@]}" --to "host=/none password=$secret"
check "and it is not shown" test "$(cat "$WORK/stdout" "$WORK/stderr" | grep -c "$secret")" = 0
mistake "a password in a URI" password rebuild "${from[@]}" --to "postgresql://u:$secret@h/d"
check "and it is not shown" test "$(cat "$WORK/stdout" "$WORK/stderr" | grep -c "$secret")" = 0
leaves 2 funnel 3 rebuild "${from[@]}" "${to[@]}" --max-ratio 0
says "--max-ratio"
check "a mistake makes nothing" test ! -e "$WORK/marts" -a ! -e "$WORK/rejects"

# A dry run: every check, and nothing published.
mkdir "$WORK/marts"
leaves 0 funnel 2 rebuild --dry-run "${from[@]}" "${to[@]}"
check "the plan names the target" grep -qF "$WORK/marts" "$WORK/stdout"
check "the plan names the input" grep -qF "$WORK/input/a.json" "$WORK/stdout"
check "nothing is published" test -z "$(ls -A "$WORK/marts")"
check "no rejects are written" test ! -e "$WORK/rejects"
says "187520_2025-01-01_3_complete: marker of a finished hour, left out"
says "-187520_2025-01-01_3.json.gz: merged identities, not events, left out"
leaves 4 funnel 2 rebuild --dry-run --from "$WORK/none" "${to[@]}"
says "$WORK/none"
leaves 5 funnel 2 rebuild --dry-run "${from[@]}" --to "host=$WORK/none dbname=x" \
    --rejects "$WORK/rejects"
says "$WORK/none"
leaves 5 funnel 2 rebuild --dry-run "${from[@]}" --to "$WORK/marts" \
    --rejects "$WORK/none/rejects.ndjson"
says "$WORK/none"

# The log: text with the program's name before it, or one JSON object a line.
leaves 0 alone rebuild "${from[@]}" "${to[@]}"
check "every line has the program's name" test -z "$(grep -v '^course-funnel: ' "$WORK/stderr")"
json_log() { # json_log ERRORS: all lines are objects, as many of them errors
    check "JSON lines, $1 errors" python3 -c '
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
assert lines and all({"time", "level", "message"} <= set(line) for line in lines), lines
assert sum(line["level"] == "error" for line in lines) == int(sys.argv[2]), lines' \
        "$WORK/stderr" "$1"
}
leaves 0 funnel 3 rebuild --log-format json "${from[@]}" "${to[@]}"
json_log 0
gzip -c "$WORK/input/a.json" >"$WORK/whole.gz"
head -c 100 "$WORK/whole.gz" >"$WORK/input/\"bad\".gz"
leaves 4 alone rebuild --log-format json "${from[@]}" "${to[@]}"
json_log 1
rm "$WORK"/input/*bad*

# A wrong option behind --log-format is told in that format, on one rank and on several.
leaves 2 alone rebuild --log-format json --foo
json_log 2
leaves 2 funnel 2 rebuild --log-format json "${from[@]}" "${to[@]}" --max-ratio 0
sed -i '/^{/!d' "$WORK/stderr" # mpirun has its say too
json_log 2
leaves 2 alone rebuild --foo --log-format json
says 'course-funnel: error: There is no option "--foo".'

# Sources that hold no file, or none that is read.
mkdir -p "$WORK/void/deep"
empty=(--to "$WORK/empty.marts" --rejects "$WORK/rejects")
leaves 7 funnel 2 rebuild --from "$WORK/void" "${empty[@]}"
says "There is no file to read in $WORK/void, so the marts would be empty. Nothing was published; \
--allow-empty publishes all the same."
leaves 7 funnel 2 rebuild --from "$WORK"/input/*187520* "$WORK/void" "${empty[@]}"
says "There is no file to read in $WORK/input/-187520_2025-01-01_3.json.gz and all else that --from \
names: what is there is left out, as the warnings above say, so the marts would be empty."
leaves 0 funnel 2 rebuild --from "$WORK/void" "${empty[@]}" --allow-empty

# Sources as they may be given: several after one --from, and a glob.
leaves 0 funnel 2 rebuild --from "$WORK/input/a.json" "$WORK/input" "${to[@]}"
cp "$WORK/marts/mart_course_funnel_lessons.csv" "$WORK/once.csv"
leaves 0 funnel 2 rebuild --from "$WORK/inp*/*.json" "${to[@]}"
same "$WORK/marts/mart_course_funnel_lessons.csv" "$WORK/once.csv"
# Folders of partitions have names that could be conninfo texts; what is there wins.
mkdir -p "$WORK/hive/date=2025-07-01" "$WORK/hive/run=1"
cp "$WORK/input/a.json" "$WORK/hive/date=2025-07-01"
(cd "$WORK/hive"
    for source in date=2025-07-01 date=2025-07-01/a.json 'date=*' 'date=*/*.json'; do
        rm -f run=1/*
        leaves 0 funnel 2 rebuild --from "$source" --to run=1 --rejects "$WORK/rejects"
        same run=1/mart_course_funnel_lessons.csv "$WORK/once.csv"
    done
    leaves 0 alone report --from run=1
    leaves 2 alone rebuild --from date=2025-07-02 --to run=1 --rejects "$WORK/rejects"
    says "there is no file or folder of this name"
    # Columns may stand behind such a folder, which is no source in PostgreSQL.
    leaves 2 alone rebuild --from 'host=a password=b' --events-table s.t --from 'date=*' \
        --column uuid=x --from host=c --events-table s.u --to run=1 --rejects "$WORK/rejects"
    says "The connection to PostgreSQL is given with a password in it")
# The rejects go to ./rejects.ndjson unless told otherwise, or into a folder that is there.
mkdir "$WORK/folder"
leaves 0 funnel 2 rebuild "${from[@]}" --to "$WORK/marts" --rejects "$WORK/folder"
check "rejects in a folder" test -e "$WORK/folder/rejects.ndjson"
(cd "$WORK" && funnel 2 rebuild --from input --to marts)
check "rejects here" test -e "$WORK/rejects.ndjson"

# The closing summary has the counts of the run's record.
leaves 0 funnel 2 generate --out "$WORK/sample" --users 300 --events 5000 --course-share 0.6 \
    --dirt 0.1 --duplicates 0.1 --seed 5
leaves 0 funnel 3 rebuild --from "$WORK/sample" "${to[@]}" --max-reject-share 1
check "the summary's counts are the record's" python3 - "$WORK" <<'PYTHON'
import json
import re
import sys

with open(sys.argv[1] + "/marts/course_funnel_run.json") as file:
    record = json.load(file)
with open(sys.argv[1] + "/stdout", encoding="utf-8") as file:
    summary = file.read()
rejected = {name: value for name, value in record.items() if name.startswith("rejected_")}
wanted = {"lines read": record["lines_read"], "records read": record["records_read"],
          "other": record["other"],
          "rejected": sum(rejected.values()), "kept": record["kept"],
          "duplicates": record["duplicates"], "time unusable": record["time_unusable"]}
wanted.update({name.removeprefix("rejected_"): value for name, value in rejected.items() if value})
good = record["records_read"] == record["other"] + sum(rejected.values()) + record["kept"]
good = good and min(wanted.values()) > 0
for name, value in wanted.items():
    match = re.search(rf"\b{name}\s+([\d,]+)", summary)
    if not match or int(match[1].replace(",", "")) != value:
        good = False
        print(f"{name}: {value} in the record, {match and match[1]} in the summary",
              file=sys.stderr)
sys.exit(not good)
PYTHON
check "the summary tells of phases" python3 - "$WORK/stdout" <<'PYTHON'
import re
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    lines = file.read().split("\n")
head = next(at for at, line in enumerate(lines) if line.endswith("slowest of 3 ranks"))
phases = {}
for line in lines[head + 1:head + 6]:
    name, took, least, mean, most, rank = re.fullmatch(
        r"  (\w+) +([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+)   rank (\d)", line).groups()
    assert float(least) <= float(mean) <= float(most) <= float(took) < 60 and int(rank) < 3, line
    phases[name] = float(most)
assert list(phases) == ["plan", "read", "match", "reduce", "publish"], phases
assert phases["read"] > 0, phases
PYTHON
check "the summary says where the rejects are" \
    grep -qE "^    rejected +[0-9,]+  kept in $WORK/rejects$" "$WORK/stdout"

# A summary that nobody can read does not undo the publication, and does not go unsaid.
rm "$WORK"/marts/*.csv
leaves 0 sh -c '"$@" >/dev/full 2>"$0"' "$WORK/stderr" "$PROGRAM" rebuild "${from[@]}" "${to[@]}"
says "standard output cannot be written"
check "it is published" test -e "$WORK/marts/mart_course_funnel_cohorts.csv"

# Nothing else that is printed is lost in silence.
lost() { # lost ARGS...
    leaves 5 sh -c '"$@" >/dev/full 2>"$0"' "$WORK/stderr" "$PROGRAM" "$@"
    says "Standard output cannot be written: No space left on device."
}
lost --version
lost --help
for command in rebuild inspect report learners generate; do
    lost $command --help
done
lost rebuild "${from[@]}" "${to[@]}" --dry-run
lost report --from "$WORK/marts"
lost generate --out "$WORK/generated" --events 100
leaves 0 alone rebuild "${from[@]}" "${to[@]}" --checkpoint "$WORK/folder"
lost inspect "$WORK/folder"
lost inspect "$WORK/folder" --json
passed
