// What a page must show, reckoned from the marts by a road of its own: whole numbers of any size,
// and the rules as the words of the page say them.
import path from "node:path";
import { readCsv } from "./csv.mjs";

const NONE = "–";
const MATURE_DAYS = 28;

export function count(number) {
    return Number(number).toLocaleString("en-US");
}

// Tenths, half up, with one decimal; below 0 with a real minus.
function decimal(tenths) {
    const size = tenths < 0n ? -tenths : tenths;
    return `${tenths < 0n ? "−" : ""}${size / 10n}.${size % 10n}`;
}

function tenths(part, whole) {
    return (2000n * BigInt(part) + BigInt(whole)) / (2n * BigInt(whole));
}

export function percent(part, whole) {
    return whole > 0 ? decimal(tenths(part, whole)) : NONE;
}

export function day(week) {
    return new Date(week + "T00:00:00Z")
        .toLocaleDateString("en-GB",
            { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" })
        .replace("Sept", "Sep").replaceAll(" ", "\u00a0");
}

// 90.5 -> "2 min": the largest unit of which there is one, or nearly.
export function span(seconds) {
    if (seconds === "") return NONE;
    const [size, name] = seconds < 59.5 ? [1, "s"] : seconds < 3570 ? [60, "min"]
        : seconds < 171000 ? [3600, "h"] : [86400, "days"];
    return `${Math.round(seconds / size)} ${name}`;
}

function days(value) {
    return value === "" ? NONE : decimal((BigInt(value.replace(".", "")) + 50n) / 100n);
}

function sum(list) {
    return list.reduce((all, value) => all + value, 0);
}

function keyOf(row, lesson = row.lesson_id) {
    return `${row.course_id}/${row.cohort_week_start}/${lesson}`;
}

// One cohort as the marts have it, for every lesson of the course. A lesson without a row was
// reached by as many as the next one that has a row.
function cohortOf(row, lessons, steps, exact, within) {
    const values = lessons.map(lesson => {
        const step = steps.get(keyOf(row, lesson));
        const start = exact.get(keyOf(row, lesson));
        return {
            hasRow: step !== undefined,
            reached: step ? Number(step.users_reached) : 0,
            stopped: step ? Number(step.users_stopped) : 0,
            isLostKnown: step ? step.stop_rate !== "" : true,
            median: step ? step.time_spent_p50_sec : "",
            nineInTen: step ? step.time_spent_p90_sec : "",
            started: start ? Number(start.users_started) : 0,
            completed: start ? Number(start.users_completed) : 0,
        };
    });
    const order = lessons.map((_, j) => j).sort((a, b) => lessons[b] - lessons[a]);
    let next = 0;
    let isBehindLast = true;
    for (const j of order) {
        if (values[j].hasRow) isBehindLast = false;
        else values[j].reached = next;
        if (!values[j].hasRow && isBehindLast) values[j].isLostKnown = false;
        next = values[j].reached;
    }
    return {
        week: row.cohort_week_start, started: Number(row.users_started),
        completed: Number(row.users_completed_course), within,
        isYoung: Number(within.observed_days) < MATURE_DAYS, values,
        base: values[order[order.length - 1]].reached,
    };
}

// Several cohorts added up; the times are those of the largest.
function together(cohorts, lessons) {
    const largest = cohorts.reduce((a, b) => b.started > a.started ? b : a);
    const last = lessons.indexOf(Math.max(...lessons));
    const values = lessons.map((_, j) => {
        const add = name => sum(cohorts.map(cohort => cohort.values[j][name]));
        return {
            reached: add("reached"), stopped: add("stopped"), started: add("started"),
            completed: add("completed"), median: largest.values[j].median,
            nineInTen: largest.values[j].nineInTen,
        };
    });
    const isYoung = cohorts[0].isYoung;
    // Nobody can go on from the highest lesson that anybody of them reached.
    const highest = Math.max(...lessons.filter((_, j) => values[j].reached > 0));
    values.forEach((value, j) => {
        value.isLostKnown = !isYoung && lessons[j] < highest;
    });
    return {
        started: sum(cohorts.map(cohort => cohort.started)),
        completed: sum(cohorts.map(cohort => cohort.completed)),
        base: sum(cohorts.map(cohort => cohort.base)), values, isYoung, largest, last, cohorts,
    };
}

// The courses of a folder of marts by id; order gives the ids of lessons as they are to stand.
export function readCourses(folder, order = {}) {
    const read = name => readCsv(path.join(folder, `mart_course_funnel_${name}.csv`));
    const byKey = rows => new Map(rows.map(row => [keyOf(row), row]));
    const lessonRows = read("lessons");
    const steps = byKey(read("steps"));
    const exact = byKey(lessonRows);
    const within = new Map(read("completion").map(row => [keyOf(row, ""), row]));
    const entries = read("entry_points");
    const courses = new Map();
    for (const row of read("cohorts")) {
        if (!courses.has(row.course_id)) {
            const mine = lessonRows.filter(lesson => lesson.course_id === row.course_id);
            const ids = [...new Set(mine.map(lesson => Number(lesson.lesson_id)))];
            ids.sort((a, b) => a - b);
            courses.set(row.course_id,
                { id: row.course_id, lessons: order[row.course_id] || ids, cohorts: [] });
        }
        const course = courses.get(row.course_id);
        if (row.users_started === "0") continue;
        course.cohorts.unshift(
            cohortOf(row, course.lessons, steps, exact, within.get(keyOf(row, ""))));
    }
    for (const course of courses.values()) {
        if (course.cohorts.length === 0) {
            courses.delete(course.id);
            continue;
        }
        const mature = course.cohorts.filter(cohort => !cohort.isYoung);
        course.total = together(mature.length > 0 ? mature : course.cohorts, course.lessons);
        const weeks = new Set(course.total.cohorts.map(cohort => cohort.week));
        course.entries = entries.filter(
            row => row.course_id === course.id && weeks.has(row.cohort_week_start));
    }
    return courses;
}

// The same for a choice of cohorts.
export function chosen(course, from, to) {
    const shown = course.cohorts.filter(
        cohort => (!from || cohort.week >= from) && (!to || cohort.week <= to));
    const mature = shown.filter(cohort => !cohort.isYoung);
    return { ...course, cohorts: shown, total: together(mature.length > 0 ? mature : shown, course.lessons) };
}

// Rows of the funnel as texts.
export function funnelRows(course, show) {
    const { total } = course;
    const here = total.values.map(value => show === "exact" ? value.started : value.reached);
    return total.values.map((value, j) => [
        count(here[j]), count(value.stopped), percent(here[j], total.base),
        j > 0 ? percent(here[j], here[j - 1]) : NONE, count(value.completed),
        span(value.median), span(value.nineInTen)]);
}

// Where most stopped, three at most, never the last lesson; nobody knows it of young cohorts.
export function worstLessons(course) {
    const { total } = course;
    if (total.isYoung) return [];
    return total.values.map((value, j) => [j, value.stopped])
        .filter(([j, stopped]) => j !== total.last && stopped > 0)
        .sort((a, b) => b[1] - a[1] || a[0] - b[0])
        .slice(0, 3).map(([j]) => j).sort((a, b) => a - b);
}

function mapCell(course, sums, j, map) {
    const value = sums.values[j];
    if (map === "lost") {
        const isKnown = value.isLostKnown && !sums.isYoung && value.reached > 0;
        return isKnown ? percent(value.stopped, value.reached) : NONE;
    }
    if (map === "reached" || sums.base === 0) return percent(value.reached, sums.base);
    const difference = tenths(value.reached, sums.base) -
        tenths(course.total.values[j].reached, course.total.base);
    return (difference > 0n ? "+" : "") + decimal(difference);
}

// Rows of the map as texts: the total, then cohorts, newest first.
export function mapRows(course, map) {
    return [course.total, ...course.cohorts].map((sums, r) => [
        r === 0 ? `All ${sums.isYoung ? "young" : "mature"}` : day(sums.week), count(sums.started),
        ...course.lessons.map((_, j) => mapCell(course, sums, j, map)),
        percent(sums.completed, sums.started)]);
}

// Wilson's interval of 95 %.
function range(part, whole) {
    const z = 1.959964;
    const p = part / whole;
    const middle = p + z * z / (2 * whole);
    const reach = z * Math.sqrt((p * (1 - p) + z * z / (4 * whole)) / whole);
    return [middle - reach, middle + reach]
        .map(end => Math.min(1, Math.max(0, end / (1 + z * z / whole))))
        .map(end => decimal(BigInt(Math.floor(end * 1000 + 0.5))))
        .join(NONE);
}

export function cohortRows(course) {
    return course.cohorts.map(({ week, started, completed, within }) => [
        day(week), count(started), count(completed), percent(completed, started),
        range(completed, started),
        ...["7d", "30d", "90d"].map(name => within[`completed_within_${name}`])
            .map(text => text === "" ? NONE : percent(Number(text), started)),
        days(within.days_to_complete_p50), days(within.days_to_complete_p90)]);
}

export function entryRows(course) {
    const doors = new Map();
    for (const row of course.entries) {
        const door = doors.get(row.entry_point) || { started: 0, completed: 0 };
        door.started += Number(row.users_started);
        door.completed += Number(row.users_completed_course);
        doors.set(row.entry_point, door);
    }
    const all = sum([...doors.values()].map(door => door.started));
    return [...doors].filter(([, door]) => door.started > 0)
        .sort(([a, left], [b, right]) =>
            right.started - left.started || Buffer.compare(Buffer.from(a), Buffer.from(b)))
        .map(([name, { started, completed }]) => [
            name, count(started), percent(started, all), count(completed),
            percent(completed, started), range(completed, started)]);
}
