// Marts of made-up courses, as CSV: what a page must show and no sample has. Each learner goes up
// to some lesson and is counted as the program would count.
//   node make_marts.mjs FOLDER: one, none, young, named, hostile and large, a folder each
import fs from "node:fs";
import path from "node:path";
import { csvText } from "./csv.mjs";

const HEADS = {
    mart_course_funnel_cohorts: ["course_id", "cohort_week_start", "users_started",
        "users_completed_course", "course_completion_rate", "total_lessons"],
    mart_course_funnel_lessons: ["course_id", "cohort_week_start", "lesson_id", "users_started",
        "users_completed", "lesson_completion_rate", "funnel_retention_rate",
        "avg_time_spent_sec"],
    mart_course_funnel_steps: ["course_id", "cohort_week_start", "lesson_id", "observed_days",
        "users_reached", "users_stopped", "stop_rate", "completions_timed",
        "time_spent_p50_sec", "time_spent_p90_sec"],
    mart_course_funnel_completion: ["course_id", "cohort_week_start", "observed_days",
        "completed_within_7d", "completed_within_14d", "completed_within_30d",
        "completed_within_90d", "completed_timed", "completed_unordered",
        "days_to_complete_p50", "days_to_complete_p90"],
    mart_course_funnel_entry_points: ["course_id", "cohort_week_start", "entry_point",
        "users_started", "users_completed_course", "completion_rate"],
    course_funnel_changes: ["course_id", "cohort_week_start", "cell", "lesson_id", "change",
        "old_users_started", "new_users_started", "old_users_completed", "new_users_completed",
        "was_mature"],
};

const AS_OF = Date.UTC(2025, 5, 30); // a Monday
const DAY = 24 * 3600 * 1000;

function randomFrom(seed) {
    let state = seed;
    return () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state / 2 ** 32;
    };
}

function rate(part, whole) {
    if (whole === 0) return "";
    const millionths = Math.floor((2000000 * part + whole) / (2 * whole));
    return `${Math.floor(millionths / 1000000)}.${String(millionths % 1000000).padStart(6, "0")}`;
}

function week(back) {
    return new Date(AS_OF - (back + 1) * 7 * DAY).toISOString().slice(0, 10);
}

// What the learners of one cohort did: for each lesson how many started, completed, stopped.
function follow(course, learners, random) {
    const counts = course.lessons.map(() => ({ started: 0, completed: 0, reached: 0, stopped: 0 }));
    let finished = 0;
    for (let learner = 0; learner < learners; learner++) {
        let furthest = 0;
        while (furthest < course.lessons.length - 1 && random() < course.staying) furthest++;
        const finishes = furthest === course.lessons.length - 1 && random() < course.finishing;
        finished += finishes;
        counts[furthest].stopped += !finishes;
        for (let j = 0; j <= furthest; j++) {
            counts[j].reached++;
            // Some skip a lesson, never the one that they get to.
            const skipped = j < furthest && random() < 0.05;
            counts[j].started += !skipped;
            counts[j].completed += !skipped && (j < furthest || finishes);
        }
    }
    return { counts, finished };
}

function addCohort(rows, course, back, learners, random) {
    const key = [course.id, week(back)];
    const observed = back * 7;
    const { counts, finished } = follow(course, learners, random);
    const highest = counts.findLastIndex(count => count.reached > 0);
    const completed = counts.findLastIndex(count => count.completed > 0);
    rows.mart_course_funnel_cohorts.push([...key, learners, finished, rate(finished, learners),
        completed < 0 ? "" : course.lessons[completed]]);
    const within = [7, 14, 30, 90].map((days, k) => observed < days ? ""
        : Math.floor(finished * [0.2, 0.5, 0.8, 1][k]));
    const hasDays = finished > 0 && observed >= 28;
    rows.mart_course_funnel_completion.push([...key, observed, ...within, finished, 0,
        hasDays ? "14.500" : "", hasDays ? "38.250" : ""]);
    counts.forEach((count, j) => {
        // As in the marts: a lesson without any event has no row.
        if (count.started === 0) return;
        const lesson = [...key, course.lessons[j]];
        const median = 30 + 17 * j % 4000;
        rows.mart_course_funnel_lessons.push([...lesson, count.started, count.completed,
            rate(count.completed, count.started), rate(count.started, learners),
            count.completed > 0 ? `${median + 5}.000` : ""]);
        rows.mart_course_funnel_steps.push([...lesson, observed, count.reached, count.stopped,
            j === highest || observed < 28 ? "" : rate(count.stopped, count.reached),
            count.completed, count.completed > 0 ? `${median}.000` : "",
            count.completed > 0 ? `${2 * median}.500` : ""]);
    });
    // The first entry point has what the others leave.
    const parts = course.entries.map((_, k) => k === 0 ? 0 : Math.floor(learners / (k + 2)));
    parts[0] = learners - parts.reduce((sum, part) => sum + part, 0);
    course.entries.map((name, k) => [name, parts[k], k === 0 ? finished : 0])
        .filter(([, started]) => started > 0)
        .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        .forEach(([name, started, done]) => rows.mart_course_funnel_entry_points.push(
            [...key, name, started, done, rate(done, started)]));
}

function numbers(count, first = 1) {
    return Array.from({ length: count }, (_, k) => first + k);
}

const HOSTILE = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(2)>",
    "' onmouseover='alert(3)", "</script><script>alert(4)</script>", "<!--<script>",
    "=HYPERLINK(\"x\")", "@SUM(1)", "+1+cmd", "\u202egnp.exe\u2066", "&lt;b&gt;&amp;",
    "{{script}}", "\\u003cscript\\u003e", "]]>"];

const COURSES = {
    one: [{ id: 1, lessons: numbers(12), weeks: [6], learners: 240, staying: 0.9, finishing: 0.8,
        entries: ["home"] }],
    none: [{ id: 1, lessons: numbers(20), weeks: [12, 11, 10, 9, 8, 7, 6, 5, 4], learners: 150,
        staying: 0.85, finishing: 0, entries: ["home", "search"] }],
    young: [{ id: 1, lessons: numbers(20), weeks: [3, 2, 1, 0], learners: 120, staying: 0.9,
        finishing: 0.7, entries: ["home", "mail"] }],
    named: [{ id: 5, lessons: numbers(24), weeks: [9, 8, 7, 6, 5, 4, 3, 2, 1], learners: 200,
        staying: 0.95, finishing: 0.8, entries: ["home", "search", "mail"] }],
    hostile: [
        { id: 1, lessons: numbers(HOSTILE.length), weeks: [30, 20, 10, 2], learners: 90,
            staying: 0.9, finishing: 0.7, entries: HOSTILE },
        { id: 2147483647, lessons: [1, 7, 2147483647], weeks: [8, 1], learners: 7, staying: 0.5,
            finishing: 0.5, entries: HOSTILE.slice(0, 1) },
    ],
    large: [{ id: 1, lessons: numbers(300), weeks: numbers(200, 0).reverse(), learners: 80,
        staying: 0.995, finishing: 0.6, entries: ["home", "search", "mail"] }],
};

const NAMES_HEAD = ["course_id", "lesson_id", "title", "module", "position"];
// Lesson 5 stands before lesson 4: what is reached does not fall from row to row.
const NAMES = [
    NAMES_HEAD, [5, "", "Reading the sky", "", ""],
    ...numbers(24).map(j => [5, j, `Evening ${j}`, `Part ${Math.ceil(j / 6)}`,
        j === 4 ? 5 : j === 5 ? 4 : j]),
];
const HOSTILE_NAMES = [
    NAMES_HEAD,
    [1, "", HOSTILE[3], "", ""],
    [2147483647, "", HOSTILE[0] + HOSTILE[8], "", ""],
    ...HOSTILE.map((text, j) => [1, j + 1, text, HOSTILE[4 * Math.floor(j / 4)], j + 1]),
];

for (const [name, courses] of Object.entries(COURSES)) {
    const folder = path.join(process.argv[2], name);
    const rows = Object.fromEntries(Object.entries(HEADS).map(([table, head]) => [table, [head]]));
    const random = randomFrom(21);
    for (const course of courses) {
        for (const back of course.weeks) {
            addCohort(rows, course, back, course.learners - back % 7, random);
        }
    }
    if (name === "hostile") {
        rows.course_funnel_changes.push(
            [1, week(10), "cohort", 0, "changed", 80, 87, 50, 51, "t"],
            [1, week(2), "lesson", 1, "added", "", 88, "", 80, "f"]);
    }
    fs.mkdirSync(folder, { recursive: true });
    for (const [table, lines] of Object.entries(rows)) {
        fs.writeFileSync(path.join(folder, table + ".csv"), csvText(lines));
    }
}
fs.writeFileSync(path.join(process.argv[2], "named-names.csv"), csvText(NAMES));
fs.writeFileSync(path.join(process.argv[2], "hostile-names.csv"), csvText(HOSTILE_NAMES));
