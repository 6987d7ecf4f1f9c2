// A reader's hands: pointer, keys, clicks, the fragment, a finger, a saved table.
import fs from "node:fs";
import path from "node:path";
import { check, same, sameTable } from "./checks.mjs";
import { day, mapRows } from "./expected.mjs";
import { parseCsv } from "./csv.mjs";
import * as view from "./view.mjs";
import { settle } from "./browser.mjs";

const card = page => page.evaluate(() => {
    const shown = document.querySelector("article:not([hidden]) .card");
    return [...shown.children].filter(part => !part.hidden).map(part => part.textContent);
});
const fragment = page => page.evaluate(() => decodeURIComponent(location.hash));
// Row and column of the map's cell that has the focus, with what describes it.
const focus = page => page.evaluate(() => {
    const cell = document.activeElement;
    const described = document.getElementById(cell.getAttribute("aria-describedby") || "");
    return cell.localName === "td"
        ? [cell.parentNode.sectionRowIndex, cell.cellIndex, described !== null] : cell.localName;
});

async function cell(page, row, column) {
    const handle = await page.evaluateHandle((r, k) =>
        document.querySelector("article:not([hidden]) .heat tbody").rows[r].cells[k], row, column);
    return handle.asElement();
}

async function checkPointer(page, course) {
    await (await cell(page, 2, 4)).hover();
    const [what, numbers] = await card(page);
    const rows = mapRows(course, "reached");
    check("hover: the card names lesson and cohort",
        what.endsWith(`cohort of ${rows[2][0]}`), what);
    check("hover: the card has the share", numbers.includes(`: ${rows[2][4]}\u202f%`), numbers);
    const box = await (await cell(page, 2, 4)).boundingBox();
    const at = await page.evaluate(() => {
        const { top, bottom } =
            document.querySelector("article:not([hidden]) .card").getBoundingClientRect();
        return { top, bottom, height: innerHeight };
    });
    check("hover: the card is seen", at.bottom <= at.height + 1 && at.top < at.height,
        JSON.stringify(at));
    check("hover: the card does not cover the cell", at.top >= box.y + box.height,
        JSON.stringify({ ...at, box }));
    await page.keyboard.press("Escape");
    check("Escape: the card is closed", (await card(page))[0].startsWith("Point at a cell"),
        (await card(page)).join(" "));
    await (await cell(page, 3, 5)).click();
    same("click: the cell has the focus", await focus(page), [3, 5, true]);
}

async function checkKeys(page, course) {
    await page.keyboard.press("ArrowRight");
    same("right", await focus(page), [3, 6, true]);
    await page.keyboard.press("ArrowDown");
    same("down", await focus(page), [4, 6, true]);
    const rows = mapRows(course, "reached");
    check("keys: the card follows", (await card(page))[1].includes(`: ${rows[4][6]}\u202f%`),
        (await card(page)).join(" "));
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowLeft");
    same("up and left", await focus(page), [3, 5, true]);
    await page.keyboard.press("Home");
    same("Home", await focus(page), [3, 2, true]);
    await page.keyboard.press("ArrowLeft");
    same("left of the first lesson nothing is", await focus(page), [3, 2, true]);
    await page.keyboard.press("End");
    same("End", await focus(page), [3, Math.min(course.lessons.length, 100) + 1, true]);
    await page.keyboard.down("Control");
    await page.keyboard.press("Home");
    await page.keyboard.up("Control");
    check("Control and Home: the first cell", (await focus(page))[1] === 2, await focus(page));
    // One stop: Tab leaves the map, Tab back returns to the same cell.
    const before = await focus(page);
    await page.keyboard.press("Tab");
    check("Tab leaves the map", (await focus(page)) !== before && typeof await focus(page) === "string",
        await focus(page));
    await page.keyboard.down("Shift");
    await page.keyboard.press("Tab");
    await page.keyboard.up("Shift");
    same("Tab back: the same cell", await focus(page), before);
    same("one cell alone is a stop", await page.evaluate(() =>
        document.querySelectorAll("article:not([hidden]) .heat td[tabindex]").length), 1);
}

async function checkChoices(page, course) {
    const id = course.id;
    await page.click(`article[data-id="${id}"] input[value="lost"] + span`);
    check("a click on Lost is in the fragment", (await fragment(page)).includes("map=lost"),
        await fragment(page));
    const week = course.cohorts[Math.min(2, course.cohorts.length - 1)].week;
    await page.select(`article[data-id="${id}"] select[name="to"]`, week);
    check("so is the last cohort", (await fragment(page)).includes(`to=${week}`), await fragment(page));
    await settle(page);
    const is = await view.article(page, id);
    same("the map begins with it", is.map[1][0], day(week));
    await page.select(`article[data-id="${id}"] select[name="with"]`, course.cohorts[0].week);
    const marks = await page.evaluate(() =>
        document.querySelectorAll("article:not([hidden]) .funnel i.t[class*=' a']").length);
    check("another cohort is a mark on each bar", marks > 0, `${marks} marks`);
    const hash = await fragment(page);
    await page.reload();
    same("the fragment outlives a reload", await fragment(page), hash);
    await settle(page);
    same("and so does what it says", (await view.article(page, id)).map, is.map);
    await page.click(`article[data-id="${id}"] button.all`);
    check("All cohorts takes it back", !/from|to|with/.test(await fragment(page)),
        await fragment(page));
    await view.go(page, "course=none&from=x&map=%3Cimg%3E&show=1&with=__proto__&to=constructor");
    await settle(page);
    check("a fragment that says nothing shows the default",
        (await page.$$("article:not([hidden])")).length === 1);
}

async function checkCourses(page, courses) {
    if (courses.size < 2) return;
    const order = () => page.evaluate(() =>
        [...document.querySelectorAll("#courses tbody tr")].map(row => row.dataset.id));
    const started = [...courses.values()].sort((a, b) => b.total.started - a.total.started);
    same("courses: most learners first", await order(), started.map(course => course.id));
    await page.click("#courses th:nth-child(5) button");
    const completed = id => courses.get(id).total.completed;
    const down = (await order()).map(completed);
    same("courses by completions", down, [...down].sort((a, b) => b - a));
    await page.focus("#courses th:nth-child(5) button");
    await page.keyboard.press("Enter");
    const up = (await order()).map(completed);
    same("a key turns the order", up, [...up].sort((a, b) => a - b));
    same("the head says so", await page.$eval("#courses th:nth-child(5)",
        head => head.getAttribute("aria-sort")), "ascending");
    const other = (await order())[1];
    await page.click(`#courses tr[data-id="${other}"] a`);
    same("a click on a course shows it alone", await page.evaluate(() =>
        [...document.querySelectorAll("article:not([hidden])")].map(one => one.dataset.id)), [other]);
    check("and is in the fragment", (await fragment(page)).includes(`course=${other}`));
    await page.goBack().catch(() => {});
}

async function waitForFile(folder) {
    for (let tries = 0; tries < 100; tries++) {
        const [file] = fs.readdirSync(folder).filter(name => name.endsWith(".csv"));
        if (file) return path.join(folder, file);
        await new Promise(resolve => setTimeout(resolve, 20));
    }
    return undefined;
}

// A table saved as CSV is the table as shown, and no spreadsheet runs what stands in it.
async function checkSaved(page, folder, section, rows) {
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { recursive: true });
    await page.session.send("Browser.setDownloadBehavior",
        { behavior: "allow", downloadPath: folder, eventsEnabled: false });
    await page.click(`article:not([hidden]) .${section} button.csv`);
    const file = await waitForFile(folder);
    if (!check(`${section} is saved`, file !== undefined)) return;
    const saved = parseCsv(fs.readFileSync(file, "utf8").replace(/^\ufeff/, ""));
    const plain = text => /^[\d,]+$/.test(text) ? text.replaceAll(",", "")
        : text === "–" ? "" : text.replace(/^−/, "-");
    sameTable(`${section}, saved`, saved.slice(1).map(row => row.slice(1)),
        rows.map(row => row.slice(1).map(plain)));
    check(`${section}, saved: no formula`, saved.flat().every(text => !/^[=@]|^[+-](?!\d)/.test(text)),
        saved.flat().find(text => /^[=@]/.test(text)));
}

export async function checkUse(page, courses, folder) {
    const course = courses.get(await page.$eval("article:not([hidden])", one => one.dataset.id));
    await checkPointer(page, course);
    await checkKeys(page, course);
    await view.go(page, `course=${course.id}`);
    await settle(page);
    await checkSaved(page, path.join(folder, "saved"), "heat",
        mapRows(course, "reached").slice(0, 27));
    await checkChoices(page, course);
    await view.go(page, "");
    await checkCourses(page, courses);
}
