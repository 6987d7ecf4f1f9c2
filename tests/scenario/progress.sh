#!/bin/bash
# What the user sees while a run reads: a line that is drawn anew on a terminal, also where mpirun
# stands between, and a plain line every 30 seconds anywhere else. And in the end, which rank it was
# that all others waited for.
. "$(dirname "$0")/../support/lib.sh"
. "$SOURCE/tests/support/slow.sh"

mkdir "$WORK/export"
long_file "$WORK/export/long.json" 5000000
slow_program 4000000
arguments=(rebuild --from "$WORK/export" --to "$WORK/marts" --rejects "$WORK/rejects"
    --range-bytes 256K)

on_terminal() { # on_terminal COMMAND...: what was shown is in $WORK/shown
    timeout -k 10 60 python3 "$SOURCE/tests/support/terminal.py" "$@" >"$WORK/shown"
}

# drawn RANKS: the progress was drawn, it got on, no log line was joined to it, and nothing is left.
drawn() {
    check "the progress is drawn on a terminal ($1)" python3 - "$WORK/shown" <<'PYTHON'
import re
import sys

with open(sys.argv[1], "rb") as file:
    shown = file.read().decode()
form = r"\r\x1b\[Kread ([\d.]+) %, \d+ lines/s, [\d.]+ MB/s, (?:\d+ s|unknown) left(?=\r\x1b\[K)"
shares = [float(share) for share in re.findall(form, shown)]
print(shares, file=sys.stderr)
assert len(shares) >= 2 and shares == sorted(shares) and 0 < shares[0] < 50 < shares[-1]
left = re.sub(form, "", shown).replace("\r\x1b[K", "").split("\r\n")
assert not any(line.startswith("read ") or line.endswith(" left") for line in left), left
marks = [line for line in left if "course-funnel: " in line]
assert marks and all(line.startswith("course-funnel: ") for line in marks), marks
assert any("kept" in line for line in left), left
PYTHON
}
leaves 0 on_terminal "$SLOW" "${arguments[@]}"
drawn "no mpirun"
for ranks in 1 2; do
    leaves 0 on_terminal mpirun -n $ranks "$SLOW" "${arguments[@]}" --checkpoint "$WORK/folder.$ranks" \
        --checkpoint-interval 0.3
    check "checkpoints were written meanwhile" grep -q "checkpoint generation-" "$WORK/shown"
    drawn "mpirun on $ranks"
done

# A folder of many files, and storage that is slow to show them: that is told too.
mkdir "$WORK/export/many"
for ((number = 0; number < 150; number++)); do
    head -c 300 /dev/zero | tr '\0' ' ' >"$WORK/export/many/$number.json"
done
slow_program 40000
many=(rebuild --from "$WORK/export/many" --to "$WORK/marts" --rejects "$WORK/rejects" --allow-empty)
leaves 0 on_terminal mpirun -n 2 "$SLOW" "${many[@]}"
check "the look at the files is drawn" python3 - "$WORK/shown" <<'PYTHON'
import re
import sys

with open(sys.argv[1], "rb") as file:
    shown = file.read().decode()
looked = [int(at) for at in re.findall(r"\r\x1b\[Klooked at (\d+) of 150 files(?=\r\x1b\[K)", shown)]
print(looked, file=sys.stderr)
assert len(looked) >= 2 and looked == sorted(looked) and looked[0] < 75
PYTHON
SHIM_CLOCK_SPEED=100 PROGRAM=$SLOW leaves 0 alone "${many[@]}"
check "and said elsewhere" grep -qE '^course-funnel: looked at [0-9]+ of 150 files$' "$WORK/stderr"
rm -r "$WORK/export/many"
slow_program 4000000

# Nothing is drawn where only a part goes to a terminal, nor among lines for machines.
leaves 0 on_terminal sh -c 'exec "$@" 2>'"$WORK/stderr" - mpirun -n 2 "$SLOW" "${arguments[@]}"
leaves 0 on_terminal mpirun -n 2 sh -c 'exec "$@" 2>>'"$WORK/stderr" - "$SLOW" "${arguments[@]}"
check "a log in a file has no drawing" test -z "$(grep -a -e $'\r' -e " left$" "$WORK/stderr")"
check "but lines" test "$(grep -c '^course-funnel: reading ' "$WORK/stderr")" = 2
leaves 0 on_terminal mpirun -n 2 "$SLOW" "${arguments[@]}" --log-format json
check "JSON has no drawing" test -z "$(grep -a $'\033' "$WORK/shown")"

# One rank reads slowly, and the summary names it.
printf '#!/bin/sh\n[ "$OMPI_COMM_WORLD_RANK" = 1 ] && exec %s "$@"\nexec %s "$@"\n' "$SLOW" "$PROGRAM" \
    >"$WORK/one_is_slow"
chmod +x "$WORK/one_is_slow"
PROGRAM=$WORK/one_is_slow leaves 0 funnel 3 "${arguments[@]/256K/64K}"
check "rank 1 is named as the slowest" grep -qE '^  read .* rank 1$' "$WORK/stdout"
check "the others worked for less than half of its time" \
    awk '$1 == "read" && NF == 7 { exit !($3 < $5 / 2 && $5 <= $2) }' "$WORK/stdout"

# Elsewhere a line every 30 seconds, of a clock that runs 100 times as fast.
export SHIM_CLOCK_SPEED=100
for format in text json; do
    PROGRAM=$SLOW leaves 0 alone "${arguments[@]}" --log-format $format
    check "lines of progress ($format)" python3 - "$WORK/stderr" $format <<'PYTHON'
import json
import re
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    lines = file.read().splitlines()
if sys.argv[2] == "json":
    lines = [json.loads(line)["message"] for line in lines]
else:
    lines = [line.removeprefix("course-funnel: ") for line in lines]
lines = [line for line in lines if line.startswith("read ")]
print(lines, file=sys.stderr)
form = r"read [\d.]+ %, \d+ lines/s, [\d.]+ MB/s, (\d+ h \d\d min|\d+ min \d\d s|\d+ s) left"
assert 2 <= len(lines) <= 6 and all(re.fullmatch(form, line) for line in lines)
PYTHON
done
passed
