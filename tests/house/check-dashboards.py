#!/usr/bin/env python3
"""What other programs are told of the marts is made of the marts: jobs/dbt/sources.yml and
jobs/grafana/course-funnel.json, out of the table of marts and the SQL with its comments.

    check-dashboards.py            both files are what is made
    check-dashboards.py --fix      write them
    check-dashboards.py --queries SCHEMA COURSE
                                   every query of both, as it would be run, a line each
"""
import json
import os
import re
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
DBT = "jobs/dbt/sources.yml"
GRAFANA = "jobs/grafana/course-funnel.json"
VIEW = "mart_course_funnel_dropoff"
RUNS = "course_funnel_runs"


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


def shapes():
    """Names, columns and keys as marts_table.c has them."""
    text = read("src/marts/marts_table.c")
    columns = {}
    for name, body in re.findall(r"marts_column (\w+)\[\] = \{\n(.*?)\n\};", text, re.S):
        columns[name] = re.findall(r"COLUMN(?:_OR_NULL)?\(\w+,\s*\"?(\w+)", body)
    found = {}
    for name, list_name, keys in re.findall(r'SHAPE\("(\w+)",\s*(\w+),\s*(\d+)', text):
        found[name] = (columns[list_name], columns[list_name][:int(keys)])
    return found


def comments(text):
    """{(table, column or None): its comment}."""
    pattern = r"COMMENT ON (?:TABLE|VIEW|COLUMN) :schema\.(\w+)(?:\.(\w+))? IS\s*'((?:[^']|'')*)';"
    return {(table, column or None): said.replace("''", "'")
            for table, column, said in re.findall(pattern, text)}


def tables():
    """All that is published, with comments: [(name, [column], [key], {column that is never null})]."""
    said, found = {}, []
    marts = shapes()
    for name in [*marts, VIEW, RUNS]:
        text = read(f"src/publish/sql/{name}.sql")
        if name == RUNS:
            text += read("src/publish/sql/course_funnel_runs_columns.sql")
        said.update(comments(text))
        columns = [column for table, column in comments(text) if column]
        never_null = set(re.findall(r"^ +(\w+) .*(?:NOT NULL|PRIMARY KEY)", text, re.M))
        keys = re.findall(r"^ +(\w+) \w+ PRIMARY KEY", text, re.M) or re.findall(
            r"\w+", next(iter(re.findall(r"PRIMARY KEY \((.*)\)", text)), ""))
        if name in marts and (columns, keys) != marts[name]:
            sys.exit(f"{name}: columns or keys of its SQL and its comments are not those of "
                     "marts_table.c")
        found.append((name, columns, keys or marts["mart_course_funnel_lessons"][1], never_null))
    return found, said


def dbt(found, said):
    lines = [
        "# Made by tests/house/check-dashboards.py --fix out of the tables' own comments. Set the variable",
        "# course_funnel_schema where the marts are not in the schema public. dbt 1.10 or later.",
        "version: 2", "sources:", "  - name: course_funnel",
        "    description: Course-completion funnels by weekly cohort, published by course-funnel.",
        "    schema: \"{{ var('course_funnel_schema', 'public') }}\"",
        "    config:",
        "      loaded_at_query: select max(finished_at) from "
        f"\"{{{{ var('course_funnel_schema', 'public') }}}}\".{RUNS}",
        "      freshness:",
        "        warn_after: {count: 36, period: hour}",
        "        error_after: {count: 7, period: day}",
        "    tables:",
    ]
    for name, columns, keys, never_null in found:
        lines += [f"      - name: {name}",
                  f"        description: {json.dumps(said[name, None], ensure_ascii=False)}",
                  f"        meta: {{primary_key: [{', '.join(keys)}]}}",
                  "        columns:"]
        for column in columns:
            lines += [f"          - name: {column}",
                      f"            description: {json.dumps(said[name, column], ensure_ascii=False)}"]
            tests = ["unique"] if keys == [column] else []
            tests += ["not_null"] if column in keys or column in never_null else []
            if tests:
                lines.append(f"            data_tests: [{', '.join(tests)}]")
    return "\n".join(lines) + "\n"


# $schema and $course are variables of the dashboard. Weeks in which nobody started are in no sum.
COHORTS = '"${schema}".mart_course_funnel_cohorts'
COMPLETION = '"${schema}".mart_course_funnel_completion'
STEPS = '"${schema}".mart_course_funnel_steps'
ENTRIES = '"${schema}".mart_course_funnel_entry_points'
WEEKS = f"""SELECT cohort_week_start FROM {COHORTS}
  WHERE course_id = $course AND users_started > 0"""
MATURE = f"""SELECT cohort_week_start FROM {COHORTS} JOIN {COMPLETION}
  USING (course_id, cohort_week_start)
  WHERE course_id = $course AND users_started > 0 AND observed_days >= 28"""
# A lesson without a row in a cohort was reached by as many as the next one that has a row.
REACHED = f"""SELECT cohort_week_start, lesson_id, coalesce(users_stopped, 0) AS stopped,
    coalesce(max(users_reached) OVER (PARTITION BY cohort_week_start ORDER BY lesson_id
      ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING), 0) AS reached
  FROM ({WEEKS}) AS weeks
  CROSS JOIN (SELECT DISTINCT lesson_id FROM {STEPS} WHERE course_id = $course) AS lessons
  LEFT JOIN (SELECT * FROM {STEPS} WHERE course_id = $course) AS steps
    USING (cohort_week_start, lesson_id)"""
# Title, kind of panel, unit, height, width, the table whose comment describes it, its query.
PANELS = [
    ("Started, mature cohorts", "stat", "short", 4, 6, "mart_course_funnel_cohorts",
     f"""SELECT sum(users_started) AS started FROM {COHORTS}
WHERE course_id = $course AND cohort_week_start IN ({MATURE})"""),
    ("Completed, mature cohorts", "stat", "short", 4, 6, "mart_course_funnel_cohorts",
     f"""SELECT sum(users_completed_course) AS completed FROM {COHORTS}
WHERE course_id = $course AND cohort_week_start IN ({MATURE})"""),
    ("Completion rate, mature cohorts", "stat", "percentunit", 4, 6, "mart_course_funnel_cohorts",
     f"""SELECT sum(users_completed_course)::numeric / nullif(sum(users_started), 0) AS rate
FROM {COHORTS}
WHERE course_id = $course AND cohort_week_start IN ({MATURE})"""),
    ("Last run", "stat", "dateTimeFromNow", 4, 6, RUNS,
     f"""SELECT extract(epoch FROM max(finished_at)) * 1000 AS finished_at
FROM "${{schema}}".{RUNS}"""),
    ("How far they get: mature cohorts", "barchart", "short", 11, 12, "mart_course_funnel_steps",
     f"""SELECT lesson_id::text AS lesson, sum(reached) AS reached, sum(stopped) AS stopped
FROM ({REACHED}) AS filled
WHERE cohort_week_start IN ({MATURE})
GROUP BY lesson_id ORDER BY lesson_id"""),
    ("Completion by cohort", "timeseries", "percentunit", 11, 12, "mart_course_funnel_completion",
     f"""SELECT c.cohort_week_start::timestamptz AS time, c.course_completion_rate AS ever,
  d.completed_within_30d::numeric / nullif(c.users_started, 0) AS within_30_days
FROM {COHORTS} AS c JOIN {COMPLETION} AS d USING (course_id, cohort_week_start)
WHERE course_id = $course AND c.users_started > 0 ORDER BY 1"""),
    ("Every cohort, every lesson: share of the cohort that reached it", "table", "percentunit", 12, 24,
     "mart_course_funnel_steps",
     f"""SELECT cohort_week_start AS week, lesson_id AS lesson,
  round(reached::numeric / nullif(max(reached) OVER (PARTITION BY cohort_week_start), 0), 3) AS share
FROM ({REACHED}) AS filled ORDER BY lesson_id, cohort_week_start DESC"""),
    ("Where learners leave", "table", "percentunit", 11, 12, VIEW,
     f"""SELECT lesson_id AS lesson, sum(previous_users_started) AS before,
  sum(users_started) AS here, sum(users_dropped) AS dropped
FROM "${{schema}}".{VIEW} WHERE course_id = $course AND previous_lesson_id IS NOT NULL
GROUP BY lesson_id ORDER BY dropped DESC LIMIT 20"""),
    ("Entry points: mature cohorts", "table", "percentunit", 11, 12, "mart_course_funnel_entry_points",
     f"""SELECT entry_point, sum(users_started) AS started, sum(users_completed_course) AS completed,
  sum(users_completed_course)::numeric / nullif(sum(users_started), 0) AS rate
FROM {ENTRIES} WHERE course_id = $course AND cohort_week_start IN ({MATURE})
GROUP BY entry_point ORDER BY started DESC"""),
    ("What the last run moved", "table", "short", 9, 12, "course_funnel_changes",
     """SELECT cohort_week_start AS week, cell, lesson_id AS lesson, change,
  old_users_started, new_users_started, old_users_completed, new_users_completed, was_mature
FROM "${schema}".course_funnel_changes
WHERE course_id = $course ORDER BY was_mature DESC NULLS LAST, 1 DESC"""),
    ("Runs", "table", "short", 9, 12, RUNS,
     f"""SELECT finished_at AS time, program_version, rules_version, as_of, lines_read, kept,
  cells_added, cells_changed, cells_removed
FROM "${{schema}}".{RUNS} ORDER BY attempt_at DESC LIMIT 30"""),
]
COURSES = f"SELECT DISTINCT course_id FROM {COHORTS} ORDER BY 1"
SOURCE = {"type": "grafana-postgresql-datasource", "uid": "${DS_POSTGRES}"}


def grafana(said):
    panels, x, y, tall = [], 0, 0, 0
    for number, (title, kind, unit, height, width, table, query) in enumerate(PANELS, 1):
        if x + width > 24:
            x, y, tall = 0, y + tall, 0
        panels.append({
            "id": number, "title": title, "type": kind, "description": said[table, None],
            "datasource": SOURCE, "gridPos": {"h": height, "w": width, "x": x, "y": y},
            "fieldConfig": {"defaults": {"unit": "short"}, "overrides": overrides(kind, unit)},
            "options": {}, "transformations": matrix(title),
            "targets": [{"refId": "A", "datasource": SOURCE, "rawQuery": True, "editorMode": "code",
                         "format": "time_series" if kind == "timeseries" else "table",
                         "rawSql": query}],
        })
        x, tall = x + width, max(tall, height)
    variables = [
        {"name": "schema", "label": "Schema", "type": "textbox", "query": "public",
         "current": {"text": "public", "value": "public"}},
        {"name": "course", "label": "Course", "type": "query", "datasource": SOURCE,
         "query": COURSES, "refresh": 1, "sort": 3},
    ]
    dashboard = {
        "__inputs": [{"name": "DS_POSTGRES", "label": "PostgreSQL with the marts",
                      "type": "datasource", "pluginId": "grafana-postgresql-datasource"}],
        "title": "Course funnel", "uid": "course-funnel", "schemaVersion": 39, "editable": True,
        "description": said["mart_course_funnel_cohorts", None],
        "time": {"from": "now-2y", "to": "now"}, "timezone": "utc",
        "templating": {"list": variables}, "panels": panels,
    }
    return json.dumps(dashboard, indent=2, ensure_ascii=False) + "\n"


def overrides(kind, unit):
    """Shares are shown as such; the other columns of a table are counts, dates or texts."""
    names = "^(share|rate|[0-9]+)$" if kind == "table" else ".*"
    properties = [{"id": "unit", "value": unit}]
    if kind == "table" and unit == "percentunit":
        properties += [{"id": "custom.cellOptions", "value": {"type": "color-background"}},
                       {"id": "color", "value": {"mode": "continuous-blues"}},
                       {"id": "min", "value": 0}, {"id": "max", "value": 1}]
    return [{"matcher": {"id": "byRegexp", "options": names}, "properties": properties}]


def matrix(title):
    """Rows of week, lesson and share as a table of weeks by lessons."""
    if not title.startswith("Every cohort"):
        return []
    return [{"id": "groupingToMatrix",
             "options": {"rowField": "week", "columnField": "lesson", "valueField": "share"}}]


def queries(schema, course):
    """Of the files as they are, with the variables filled in."""
    dashboard = json.loads(read(GRAFANA))
    found = [target["rawSql"] for panel in dashboard["panels"] for target in panel["targets"]]
    found += [one["query"] for one in dashboard["templating"]["list"] if one["type"] == "query"]
    found += [re.sub(r"\{\{.*?\}\}", "${schema}", line)
              for line in re.findall(r"loaded_at_query: (.*)", read(DBT))]
    for query in found:
        print(query.replace("${schema}", schema).replace("$course", course).replace("\n", " "))


def main():
    if sys.argv[1:2] == ["--queries"]:
        queries(*sys.argv[2:])
        return
    found, said = tables()
    for path, text in ((DBT, dbt(found, said)), (GRAFANA, grafana(said))):
        if sys.argv[1:] == ["--fix"]:
            with open(os.path.join(TOP, path), "w", encoding="utf-8") as file:
                file.write(text)
        elif read(path) != text:
            sys.exit(f"{path} is not what the marts are: tests/house/check-dashboards.py --fix")
    print(f"{len(found)} tables, {len(PANELS)} panels")


main()
