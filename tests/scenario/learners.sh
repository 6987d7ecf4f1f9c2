#!/bin/bash
# The learners behind the numbers: for each cell and WHO as many lines as the cell counts, and the same
# as the raw lines say; user ids that are meant to break a reader; files that are for their owner alone
# and never written over; and no user id anywhere else.
. "$(dirname "$0")/../support/lib.sh"
export COURSE_FUNNEL_SEED=${COURSE_FUNNEL_SEED:-$RANDOM}
RANDOM=$COURSE_FUNNEL_SEED
echo "COURSE_FUNNEL_SEED=$COURSE_FUNNEL_SEED"

keep() { # keep NAME ARGS...: a run whose learners are kept, to $WORK/NAME.marts and $WORK/NAME
    local name=$1
    shift
    leaves 0 funnel "$((RANDOM % 4 + 1))" rebuild --to "$WORK/$name.marts" --checkpoint "$WORK/$name" \
        --keep-learners --rejects "$WORK/$name.rejects" "$@"
}
held_against() { # held_against MODE NAME ARGS...: see learners.py
    local mode=$1 name=$2
    shift 2
    check "lists of $name by $mode" python3 "$SOURCE/tests/support/learners.py" "$mode" "$PROGRAM" \
        "$WORK/$name" "$@" >"$WORK/log"
    cat "$WORK/log"
}
learners() { # learners ARGS...: of course 1 of the hostile ones
    alone learners --checkpoint "$WORK/hostile" --course 1 "$@"
}

# Users and entry points that are meant to break who reads them, on days of which two are not over.
mkdir "$WORK/hostile.events"
python3 - "$WORK/hostile.events/a.json" <<'PYTHON'
import json
import random
import sys
from events import *

random.seed(22)
marker = "marker-of-somebody"
users = [marker, "a,b", 'a"b', '"', '""', ",", "'", "\\", "\\.", "\\N", "NULL", "a\nb", "a\n\\.\nb", "\n", "\r\n",
         "a\0b", "\0", "a\x7fb", "a\tb", "\x85", "\xa0", " a ", "=1+1", "+1", "-1", "@a", "é", "e\u0301",
         "\U0001f600", "\ufeff", "\ufffe", "\u2028", "\udcff", "a\udcc3", "\udced\udca0\udc80",
         "\udcc0\udc80", "x" * 700, "\udcff" * 1001, "user_id", "(none)", "%s", "a;b", "\x1b[31m"]
entries = [None, "", "home", "(other)", "a,\"b\"", "=1+1", "é" * 200, "a\nb", "\0", "\\.", "a\udcff"]
with open(sys.argv[1], "wb") as file:
    for user in users:
        for _ in range(random.randrange(1, 6)):
            kind = random.choice([STARTED, STARTED, COMPLETED, FINISHED])
            record = event(kind, user, random.choice([1, 1, 1, -7]), None if kind == FINISHED
                           else random.randrange(-1, 5), event_time=
                           f"2025-0{random.choice([5, 6, 7])}-{random.randrange(1, 31):02} 10:00:00.5")
            if kind == STARTED:
                record["event_properties"]["entry_point"] = random.choice(entries)
            file.write(json.dumps(record, ensure_ascii=random.random() < .3 and not any(
                "\udc80" <= c <= "\udcff" for c in json.dumps(record, ensure_ascii=False)))
                .encode(errors="surrogateescape") + b"\n")
    file.write(line(event(STARTED, marker, 1, 1)) + b"\n")
PYTHON
keep hostile --from "$WORK/hostile.events" --as-of 2025-07-20
check "all lines are kept" test ! -s "$WORK/hostile.rejects"
held_against cells hostile "$WORK/hostile.marts"
held_against lines hostile 2025-07-20 "$WORK/hostile.events/a.json"
check "broken clocks are there" grep -q '^[1-9][0-9]* left out' "$WORK/log"

# A database takes the list as it is, and the users and entry points are those that Python reads.
start_postgres
umask 000
leaves 0 learners --who stopped --out "$WORK/list"
umask 022
check "the list is its owner's" test "$(stat -c %a "$WORK/list")" = 600
check "nothing else is left beside it" test -z "$(find "$WORK" -maxdepth 1 -name 'list.*')"
leaves 0 learners --who stopped --out -
same "$WORK/stdout" "$WORK/list"
install -m 644 "$WORK/list" "$WORK/copied"
psql -XAtqc "create table learners (user_id text, user_id_base64 text, cohort_week_start date not null,
    first_start timestamptz, last_event timestamptz not null, furthest_lesson integer,
    course_completed_at timestamptz, entry_point text not null)" \
    -c "copy learners from '$WORK/copied' (format csv, header)"
psql -XAtqc "select encode(coalesce(convert_to(user_id, 'UTF8'), decode(user_id_base64, 'base64')), 'hex')
    from learners order by 1" | LC_ALL=C sort >"$WORK/users.found"
python3 "$SOURCE/tests/support/learners.py" users "$WORK/list" | LC_ALL=C sort >"$WORK/users"
same "$WORK/users.found" "$WORK/users"
check "there are many" test "$(wc -l <"$WORK/users")" -gt 20
psql -XAtqc "copy learners to '$WORK/postgres/out' (format csv, header, force_quote (user_id, user_id_base64, entry_point))"
python3 - "$WORK/list" "$WORK/postgres/out" <<'PYTHON'
import csv, sys
one, other = ([(row["user_id"], row["user_id_base64"], row["furthest_lesson"], row["entry_point"])
               for row in csv.DictReader(open(path, newline="", encoding="utf-8"))] for path in sys.argv[1:])
assert one == other and len(one) > 20, (one, other)
PYTHON

# Never over another file, nor through a link, and nothing half done.
cp "$WORK/list" "$WORK/list.before"
ln -s "$WORK/nowhere" "$WORK/link"
for file in "$WORK/list" "$WORK/link" "$WORK" /dev/null "$WORK/missing/list"; do
    leaves 5 learners --who started --out "$file"
done
same "$WORK/list" "$WORK/list.before"
check "nothing came by the link" test ! -e "$WORK/nowhere"
leaves 5 sh -c '"$@" >/dev/full 2>"$0"' "$WORK/stderr" "$PROGRAM" learners \
    --checkpoint "$WORK/hostile" --course 1 --who started
says "Standard output cannot be written"

# Mistakes are told with what is there.
mistake() { # mistake TEXT ARGS...
    local text=$1
    shift
    leaves 2 learners "$@"
    says "$text"
    check "nothing is listed" test ! -s "$WORK/stdout"
}
mistake "--who WHO is missing"
mistake "not \"left\"" --who left
mistake "goes with --lesson; for the course: --who finished" --who completed
mistake "goes with --lesson" --who reached
mistake "goes without --lesson; for a lesson: --who completed" --who finished --lesson 1
mistake "goes without --lesson" --who unfinished --lesson 1
mistake "There are the lessons -1, 0, 1, 2, 3, 4." --who started --lesson 5
mistake "There are the cohorts 2025-04-28, " --who started --cohort 2020-01-06
mistake "2025-07-01 is none" --who started --cohort 2025-07-01
leaves 2 alone learners --checkpoint "$WORK/hostile" --course 2 --who started
says "There are the courses -7, 1."
leaves 3 alone learners --checkpoint "$WORK/hostile.marts" --course 1 --who started
says "--keep-learners"
leaves 6 alone learners --checkpoint "$WORK/nowhere" --course 1 --who started

# A bit that flipped is damage, not a shorter list.
cp -r "$WORK/hostile" "$WORK/damaged"
python3 - "$WORK"/damaged/generation-*1/groups-* <<'PYTHON'
import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(5000)
    byte = file.read(1)[0]
    file.seek(5000)
    file.write(bytes([byte ^ 1]))
PYTHON
leaves 6 alone learners --checkpoint "$WORK/damaged" --course 1 --who started
check "nothing is listed of it" test ! -s "$WORK/stdout"

# Nowhere else is anybody named: in what the run wrote and said, and what others show of it.
{
    cat "$WORK"/hostile.marts/*
    leaves 0 funnel 2 rebuild --from "$WORK/hostile.events" --as-of 2025-07-20 --to "$CONNINFO" --rejects "$WORK/rejects"
    cat "$WORK/stdout" "$WORK/stderr"
    leaves 0 alone report --from "$WORK/hostile.marts"
    cat "$WORK/stdout" "$WORK/stderr"
    leaves 0 alone report --from "$WORK/hostile.marts" --html "$WORK/page.html"
    cat "$WORK/page.html" "$WORK/stdout" "$WORK/stderr"
    leaves 0 alone inspect "$WORK/hostile" --json
    cat "$WORK/stdout" "$WORK/stderr"
    pg_dump "$CONNINFO" --exclude-table=learners
} >"$WORK/shown"
check "something was shown" test "$(wc -l <"$WORK/shown")" -gt 300
check "nobody is named" test "$(grep -c marker-of-somebody "$WORK/shown")" = 0
check "but in the list" grep -q marker-of-somebody "$WORK/list"

# A dirty sample, one of corners, and a real course.
leaves 0 alone generate --out "$WORK/generated" --events 60000 --courses 3 --lessons 8 --weeks 6 \
    --dirt 0.05 --hostile 0.05 --duplicates 0.02 --seed "$COURSE_FUNNEL_SEED"
keep dirty --from "$WORK/generated" --max-reject-share 1
held_against cells dirty "$WORK/dirty.marts"
if [ -d "$DATA/answers" ]; then
    keep corners --from "$DATA/answers/events" --as-of "$(cat "$DATA/answers/as_of")"
    held_against cells corners "$WORK/corners.marts"
    # The marts have rows of 1000 texts of this course.
    leaves 0 alone learners --checkpoint "$WORK/corners" --course 104 --who started
    check "each has the own text" test "$(sed 's/.*,"//' "$WORK/stdout" | sort -u | wc -l)" -ge 1006
fi
if [ -d "$DATA/futurelearn" ]; then
    python3 "$DATA/futurelearn/futurelearn_to_amplitude.py" "$WORK/plain" \
        "3=$DATA/futurelearn/run3_step_activity.csv.gz,$DATA/futurelearn/run3_enrolments.csv.gz"
    keep real --from "$WORK/plain"
    held_against cells real "$WORK/real.marts"
    held_against lines real "$(date -u +%F)" "$WORK"/plain/*
fi
passed
