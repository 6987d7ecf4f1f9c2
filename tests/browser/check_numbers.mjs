// The numbers on the page are those of the tables: every cell of the map in each of its three ways,
// in every window; the rows of the funnel both ways; cohorts, entry points, the line of five, the
// card of each cell; also for a choice of cohorts. First as the program wrote them, then as the
// script draws them.
import { same, sameTable } from "./checks.mjs";
import * as due from "./expected.mjs";
import * as view from "./view.mjs";
import { settle } from "./browser.mjs";

const ROWS = 26;
const COLUMNS = 100;
const ENTRIES = 12;

function strip(course) {
    const { total } = course;
    return shown => shown.map(([which]) => {
        const number = which === "started" ? total.started
            : which === "completed" ? total.completed : total.values[which].reached;
        return [which, due.count(number), `${due.percent(number, total.started)}\u202f%`];
    });
}

function checkHead(what, course, is) {
    const { total } = course;
    const numbers = is.head.split(" in ")[0].match(/[\d,]+/)[0];
    same(`${what}: learners of the headline`, numbers, due.count(total.started));
    if (total.completed > 0) {
        const part = total.started < 20 ? "" : ` (${due.percent(total.completed, total.started)}\u202f%)`;
        const said = `, ${due.count(total.completed)}${part} completed the course`;
        same(`${what}: completions of the headline`, is.head.includes(said), true);
    } else {
        same(`${what}: none completed`, is.head.startsWith("None of "), true);
    }
    same(`${what}: what is so far`, is.head.endsWith(" so far."), total.isYoung);
}

// What stands in the document at first: of many cohorts and lessons a part.
export async function checkWritten(what, page, courses) {
    same(`${what}: courses`, (await view.articleIds(page)).sort(), [...courses.keys()].sort());
    for (const course of courses.values()) {
        const is = await view.article(page, course.id);
        const name = `${what}, course ${course.id}`;
        const isById = course.lessons.every((id, j) => j === 0 || id > course.lessons[j - 1]);
        checkHead(name, course, is);
        sameTable(`${name}: strip`, is.strip, strip(course)(is.strip));
        sameTable(`${name}: funnel`, is.funnel,
            due.funnelRows(course, isById ? "reached" : "exact").slice(0, COLUMNS));
        same(`${name}: worst`, is.worst, due.worstLessons(course).filter(j => j < COLUMNS));
        same(`${name}: end of the funnel`, [is.end[1], is.end[3]],
            [due.count(course.total.completed),
                due.percent(course.total.completed, course.total.base)]);
        sameTable(`${name}: map`, is.map, due.mapRows(course, "reached").slice(0, ROWS + 1)
            .map(row => [...row.slice(0, 2), ...row.slice(2, -1).slice(0, COLUMNS), row.at(-1)]));
        same(`${name}: young`, is.young,
            [course.total, ...course.cohorts].slice(0, ROWS + 1).map(sums => sums.isYoung));
        sameTable(`${name}: cohorts`, is.cohorts, due.cohortRows(course).slice(0, ROWS));
        const entries = due.entryRows(course);
        sameTable(`${name}: entry points`, is.entries,
            entries.length < 2 ? [] : entries.slice(0, ENTRIES)
                .map(row => [row[0].replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, ""),
                    ...row.slice(1)]));
    }
}

// Press the button that moves the window until it can't be pressed.
async function turn(page, id, value) {
    const moved = await page.evaluate((course, name) => {
        const button = document.querySelector(
            `article[data-id="${course}"] .more button[value="${name}"]`);
        if (!button || button.disabled) return false;
        button.click();
        return true;
    }, id, value);
    if (moved) await settle(page);
    return moved;
}

async function checkMap(what, page, course, map) {
    const rows = due.mapRows(course, map);
    for (let first = 0; ; first = Math.min(first + ROWS, course.cohorts.length - ROWS)) {
        const is = await view.article(page, course.id);
        sameTable(`${what}: map of ${map} from cohort ${first}`, is.map,
            [rows[0], ...rows.slice(1 + first, 1 + first + ROWS)]);
        if (!await turn(page, course.id, "older")) break;
    }
}

// Runs in the page: what the card says of each cell of the map in turn.
function readCards(id) {
    const article = document.querySelector(`article[data-id="${id}"]`);
    const card = article.querySelector(".card .nums");
    return [...article.querySelectorAll(".heat tbody tr")].map(row =>
        [...row.querySelectorAll("td[class]")].map(cell => {
            cell.dispatchEvent(
                new PointerEvent("pointerover", { bubbles: true, pointerType: "mouse" }));
            return card.textContent;
        }));
}

function cardText(course, sums, j, isTotal) {
    const value = sums.values[j];
    const points = due.mapRows({ ...course, cohorts: [sums], lessons: course.lessons }, "difference");
    const against = isTotal ? "" : `, ${points[1][j + 2]} points against the total`;
    return `Reached by ${due.count(value.reached)} of ${due.count(sums.base)}: ` +
        `${due.percent(value.reached, sums.base)}\u202f%${against}. ` +
        `${sums.isYoung ? "Last seen" : "Stopped"} here: ${due.count(value.stopped)}. ` +
        `Started ${due.count(value.started)}, completed ${due.count(value.completed)}. ` +
        `Median ${due.span(value.median)}, 9 in 10 within ${due.span(value.nineInTen)}.`;
}

export async function checkDrawn(what, page, courses) {
    for (const course of courses.values()) {
        const name = `${what}, course ${course.id}, drawn`;
        for (const map of ["lost", "difference", "reached"]) {
            await view.go(page, `course=${course.id}&map=${map}`);
            await settle(page);
            await checkMap(name, page, course, map);
        }
        for (const show of ["exact", "reached"]) {
            await view.go(page, `course=${course.id}&show=${show}`);
            await settle(page);
            const is = await view.article(page, course.id);
            sameTable(`${name}: funnel of ${show}`, is.funnel, due.funnelRows(course, show));
        }
        const cards = await page.evaluate(readCards, course.id);
        sameTable(`${name}: cards`, cards, [course.total, ...course.cohorts.slice(0, ROWS)].map(
            (sums, r) => course.lessons.map((_, j) => cardText(course, sums, j, r === 0))));
        await checkChoice(name, page, course);
    }
}

// A range of cohorts: the middle half of them.
async function checkChoice(name, page, course) {
    const to = course.cohorts[Math.floor(course.cohorts.length / 4)].week;
    const from = course.cohorts[Math.floor(course.cohorts.length * 3 / 4)].week;
    const part = due.chosen(course, from, to);
    await view.go(page, `course=${course.id}&from=${from}&to=${to}`);
    await settle(page);
    const is = await view.article(page, course.id);
    checkHead(`${name}, ${from} to ${to}`, part, is);
    sameTable(`${name}, ${from} to ${to}: strip`, is.strip, strip(part)(is.strip));
    sameTable(`${name}, ${from} to ${to}: map`, is.map, due.mapRows(part, "reached").slice(0, ROWS + 1));
    const isById = course.lessons.every((id, j) => j === 0 || id > course.lessons[j - 1]);
    sameTable(`${name}, ${from} to ${to}: funnel`, is.funnel,
        due.funnelRows(part, isById ? "reached" : "exact"));
    same(`${name}, ${from} to ${to}: worst`, is.worst, due.worstLessons(part));
}
