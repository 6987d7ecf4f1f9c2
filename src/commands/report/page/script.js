"use strict";
// The page is whole without this: it redraws what the program wrote for other choices. The program
// makes numbers by functions of the same names. Texts are written as text only.

const NONE = "\u2013"; // ASCII alone: its hash holds however the page is served
const MATURE_DAYS = 28;
const FEW = 20;
const ROWS = 26;
const COLUMNS = 100;

function count(number) {
    return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}

function plural(number, word) {
    return count(number) + " " + word + (number === 1 ? "" : "s");
}

// Tenths of a percent, half up, in whole numbers; null where there is no whole.
function tenths(part, whole) {
    return whole > 0 ? Math.floor((2000 * part + whole) / (2 * whole)) : null;
}

function one(value) {
    if (value === null) return NONE;
    const size = Math.abs(value);
    return (value < 0 ? "\u2212" : "") + Math.floor(size / 10) + "." + size % 10;
}

function share(part, whole) {
    return one(tenths(part, whole));
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun",
                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function day(week) {
    const [year, month, date] = week.split("-");
    return [Number(date), MONTHS[month - 1], year].join("\u00a0");
}

// Name, seconds of one, and from how many thousandths of a second on the next unit is taken.
const UNITS = [["s", 1, 59500], ["min", 60, 3570000], ["h", 3600, 171000000],
               ["days", 86400, Infinity]];

function span(thousandths) {
    if (thousandths < 0) return NONE;
    const [name, seconds] = UNITS.find(unit => thousandths < unit[2]);
    return Math.floor(thousandths / (1000 * seconds) + 0.5) + " " + name;
}

// Classes for a width: the page's policy allows no style of an element's own.
function width(part, whole) {
    const value = Math.min(1000, Math.max(part > 0 ? 1 : 0, tenths(part, whole)));
    return `a${Math.floor(value / 10)} b${value % 10}`;
}

// Which cohorts are shown, and which of them added up: the mature ones, or all where none is.
function pick(course, from, to) {
    const shown = [...course.weeks.keys()].filter(
        i => (!from || course.weeks[i] >= from) && (!to || course.weeks[i] <= to));
    const mature = shown.filter(i => course.observedDays[i] >= MATURE_DAYS);
    return { shown, added: mature.length > 0 ? mature : shown };
}

// Several cohorts together. Percentiles do not add up: the largest cohort's.
function total(course, added) {
    const sum = list => added.reduce((all, i) => all + list[i], 0);
    const sums = matrix => course.ids.map((_, j) => added.reduce((so, i) => so + matrix[i][j], 0));
    let largest = added[0];
    for (const i of added) {
        if (course.learners[i] > course.learners[largest]) largest = i;
    }
    const reached = sums(course.reached);
    const ids = course.ids.filter((_, j) => reached[j] > 0);
    return {
        cohorts: added.length,
        isYoung: added.every(i => course.observedDays[i] < MATURE_DAYS),
        learners: sum(course.learners), finishers: sum(course.finishers),
        base: reached[course.lowest] || 0, reached, highest: Math.max(...ids),
        stopped: sums(course.stopped), started: sums(course.started),
        completed: sums(course.completed),
        median: course.median[largest], nineInTen: course.nineInTen[largest], largest,
    };
}

function single(course, i) {
    return { ...total(course, [i]), largest: i };
}

// The three lessons behind which most stopped; never the last, and of young cohorts nobody knows.
function worst(course, sums) {
    if (sums.isYoung) return [];
    return [...sums.stopped.keys()]
        .filter(j => j !== course.last && sums.stopped[j] > 0)
        .sort((a, b) => sums.stopped[b] - sums.stopped[a] || a - b)
        .slice(0, 3);
}

function kind(sums) {
    return sums.isYoung ? "young" : "mature";
}

function head(course, sums) {
    const where = sums.cohorts === 1
        ? `the ${kind(sums)} cohort of ${day(course.weeks[sums.largest])}`
        : `${sums.cohorts} ${kind(sums)} cohorts`;
    const who = plural(sums.learners, "learner") + " in " + where;
    const part = sums.learners < FEW ? "" : ` (${share(sums.finishers, sums.learners)}\u202f%)`;
    return (sums.finishers > 0 ? `Of ${who}, ${count(sums.finishers)}${part}` : `None of ${who}`) +
        " completed the course" + (sums.isYoung ? " so far." : ".");
}

function scope(course, sums) {
    let text = `${plural(sums.cohorts, kind(sums) + " cohort")}; ` +
        `a full bar is ${plural(sums.base, "learner")}.`;
    if (sums.cohorts > 1) text += ` Times: the largest cohort, ${day(course.weeks[sums.largest])}.`;
    return text;
}

// In tenths: from where on the next of the nine steps of colour is taken; of differences four a
// side.
const CUTS = {
    reached: [111, 222, 333, 444, 556, 667, 778, 889],
    lost: [5, 10, 20, 30, 50, 80, 120, 200],
    difference: [20, 50, 100, 200],
};

function step(value, cuts) {
    return cuts.filter(cut => value >= cut).length;
}

// A cell of the map: its class and its text.
function cell(course, sums, all, j, map) {
    const reached = tenths(sums.reached[j], sums.base);
    if (map === "lost") {
        // As stop_rate: not of young cohorts, and not where nobody got any further.
        if (sums.isYoung || course.ids[j] >= sums.highest) return ["z", NONE];
        const lost = tenths(sums.stopped[j], sums.reached[j]);
        return [sums.stopped[j] > 0 ? "l" + (1 + step(lost, CUTS.lost)) : "z", one(lost)];
    }
    if (reached === null) return ["z", NONE];
    if (map === "reached") {
        return [sums.reached[j] > 0 ? "h" + (1 + step(reached, CUTS.reached)) : "z", one(reached)];
    }
    const difference = reached - tenths(all.reached[j], all.base);
    const steps = step(Math.abs(difference), CUTS.difference);
    return ["d" + (5 + (difference < 0 ? -steps : steps)),
            (difference > 0 ? "+" : "") + one(difference)];
}

function clamp(value, low, high) {
    return Math.max(low, Math.min(high, value));
}

function find(selector, within = document) {
    return within.querySelector(selector);
}

function findAll(selector, within = document) {
    return [...within.querySelectorAll(selector)];
}

// Touch what changes alone.
function put(element, text) {
    if (element.textContent !== text) element.textContent = text;
}

function setClass(element, name) {
    if (element.className !== name) element.className = name;
}

const SHOWS = ["reached", "exact"];
const MAPS = ["reached", "lost", "difference"];
const articles = findAll("article");
const read = {}; // courses by id, once they were asked for
let chosen; // what the fragment says: course, from, to, with, show, map
let course, article, picked, all; // of the course that is shown
let firstRow, firstColumn; // the window of the map
let current; // the cell of the map that has the focus: { cohort (-1: all), lesson }
let laterTexts = [];
let laterTimer;

function dataOf(id) {
    read[id] = read[id] || JSON.parse(find("#data-" + id).textContent);
    return read[id];
}

function articleOf(id) {
    return articles.find(element => element.dataset.id === id);
}

function defaultShow(id) {
    return dataOf(id).isById ? "reached" : "exact";
}

// #course=1&from=2016-09-05&map=lost
function readFragment() {
    const query = new URLSearchParams(location.hash.slice(1));
    const wanted = { course: (articleOf(query.get("course")) || articles[0]).dataset.id };
    for (const name of ["from", "to", "with"]) {
        if (dataOf(wanted.course).weeks.includes(query.get(name))) wanted[name] = query.get(name);
    }
    if (SHOWS.includes(query.get("show"))) wanted.show = query.get("show");
    if (MAPS.includes(query.get("map"))) wanted.map = query.get("map");
    show(wanted);
}

function show(wanted) {
    chosen = { map: "reached", ...wanted };
    chosen.show = chosen.show || defaultShow(chosen.course);
    if (chosen.from && chosen.to && chosen.from > chosen.to) {
        [chosen.from, chosen.to] = [chosen.to, chosen.from];
    }
    firstRow = firstColumn = 0;
    current = { cohort: -1, lesson: 0 };
    draw();
}

function choose(change) {
    const wanted = { ...chosen, ...change };
    if (change.course) wanted.show = undefined;
    const usual = { show: defaultShow(wanted.course), map: "reached" };
    const fragment = ["course", "from", "to", "with", "show", "map"]
        .filter(name => wanted[name] && wanted[name] !== usual[name])
        .map(name => name + "=" + wanted[name])
        .join("&");
    try {
        history.replaceState(null, "", "#" + fragment);
    } catch {
        location.hash = fragment; // in a frame without a place of its own
    }
    show(wanted);
}

function draw() {
    course = dataOf(chosen.course);
    article = articleOf(chosen.course);
    picked = pick(course, chosen.from, chosen.to);
    all = total(course, picked.added);
    for (const element of articles) element.hidden = element !== article;
    for (const row of findAll("#courses tbody tr")) {
        row.setAttribute("aria-current", row.dataset.id === chosen.course);
    }
    put(find(".head", article), head(course, all));
    const isRange = Boolean(chosen.from || chosen.to);
    find(".lead", article).hidden = isRange; // it speaks of all cohorts
    find(".rest-note", article).hidden = !isRange;
    drawChoices();
    drawStrip();
    drawFunnel();
    drawMap();
    for (const row of findAll(".cohorts tr[data-w]", article)) {
        row.classList.toggle("out", !picked.shown.includes(course.weeks.indexOf(row.dataset.w)));
    }
}

function drawChoices() {
    const usual = { from: course.weeks[course.weeks.length - 1], to: course.weeks[0], with: "" };
    for (const select of findAll("select", article)) {
        select.value = chosen[select.name] || usual[select.name];
    }
    for (const input of findAll("input", article)) {
        input.checked = input.value === chosen[input.dataset.k];
    }
    find(".all", article).hidden = !(chosen.from || chosen.to || chosen.with);
}

function drawStrip() {
    const named = { started: all.learners, completed: all.finishers };
    for (const item of findAll(".strip li", article)) {
        const which = item.dataset.j;
        const number = which in named ? named[which] : all.reached[which];
        put(find("b", item), count(number));
        put(find("em", item), share(number, all.learners) + "\u202f%");
        setClass(find("i", item), width(number, all.learners));
    }
}

function drawFunnel() {
    const which = chosen.show === "exact" ? "started" : "reached";
    const values = all[which];
    const isWorst = worst(course, all);
    const most = Math.max(1, ...all.stopped.filter((_, j) => j !== course.last));
    const other = chosen.with && single(course, course.weeks.indexOf(chosen.with));
    put(find(".what", article),
        which === "started" ? "Started this lesson" : "Reached this or a later lesson");
    put(find(".key2", article), which === "started" ? "started it" : "reached");
    put(find(".stopped", article), all.isYoung ? "Last seen here" : "Stopped here for good");
    put(find(".sum", article),
        scope(course, all) + (other ? ` The mark: the cohort of ${day(chosen.with)}.` : ""));
    for (const row of findAll(".funnel tr[data-j]", article)) {
        const j = Number(row.dataset.j);
        const [reachedBar, completedBar, mark, stoppedBar] = findAll("i", row);
        put(find("b", row.cells[1]), count(values[j]));
        setClass(reachedBar, "r " + width(values[j], all.base));
        setClass(completedBar, "c " + width(all.completed[j], all.base));
        setClass(mark, other ? "t " + width(other[which][j], other.base) : "t");
        put(find("b", row.cells[2]), count(all.stopped[j]));
        setClass(stoppedBar, "x " + width(j === course.last ? 0 : all.stopped[j], most));
        put(row.cells[3], share(values[j], all.base));
        put(row.cells[4], j > 0 ? share(values[j], values[j - 1]) : NONE);
        put(row.cells[5], count(all.completed[j]));
        put(row.cells[6], span(all.median[j]));
        put(row.cells[7], span(all.nineInTen[j]));
        setClass(row, isWorst.includes(j) ? "worst" : "");
    }
    const end = find(".funnel tfoot tr", article);
    put(find("b", end), count(all.finishers));
    setClass(find("i", end), "c " + width(all.finishers, all.base));
    put(end.cells[3], share(all.finishers, all.base));
}

// The rows are used again: what moves is the window.
function drawMap() {
    const box = find(".heat", article);
    const table = find("table", box);
    const body = table.tBodies[0];
    const rows = picked.shown.slice(firstRow, firstRow + ROWS);
    const columns = Math.min(COLUMNS, course.titles.length);
    while (body.rows.length > rows.length + 1) body.deleteRow(-1);
    while (body.rows.length < rows.length + 1) body.append(body.rows[0].cloneNode(true));
    box.dataset.map = chosen.map;
    if (course.titles.length > columns) drawHeads(table.tHead, columns);
    laterTexts = [];
    [-1, ...rows].forEach((cohort, r) => drawMapRow(body.rows[r], cohort, columns));
    clearTimeout(laterTimer);
    // In narrow cells texts are not seen and cost most of the time: they may follow the colours.
    if (columns > 30) laterTimer = setTimeout(putLaterTexts, 200);
    else putLaterTexts();
    drawMoves(box, rows.length, columns);
    for (const element of findAll("td[tabindex]", box)) {
        element.removeAttribute("tabindex");
        element.removeAttribute("aria-describedby");
    }
    currentCell().tabIndex = 0;
    currentCell().setAttribute("aria-describedby", "card-" + chosen.course);
}

function drawMapRow(row, cohort, columns) {
    const isTotal = cohort < 0;
    const sums = isTotal ? all : single(course, cohort);
    const names = [isTotal && "total", sums.isYoung && "young", sums.learners < FEW && "few"];
    setClass(row, names.filter(name => name).join(" "));
    put(find("span", row.cells[0]), isTotal ? `All ${kind(sums)}` : day(course.weeks[cohort]));
    find("abbr", row.cells[0]).hidden = !sums.isYoung;
    put(find("i", row.cells[1]), count(sums.learners));
    put(row.cells[columns + 2], share(sums.finishers, sums.learners));
    for (let k = 0; k < columns; k++) {
        const [name, text] = cell(course, sums, all, firstColumn + k, chosen.map);
        setClass(row.cells[k + 2], course.modules[firstColumn + k] ? name + " m" : name);
        laterTexts.push([row.cells[k + 2], text]);
    }
}

function putLaterTexts() {
    for (const [element, text] of laterTexts.splice(0)) put(element, text);
}

function drawMoves(box, rows, columns) {
    const can = {
        newer: firstRow > 0,
        older: firstRow + ROWS < picked.shown.length,
        earlier: firstColumn > 0,
        later: firstColumn + columns < course.titles.length,
    };
    for (const button of findAll(".more button", box)) button.disabled = !can[button.value];
    for (const output of findAll("output", box)) {
        put(output, `Cohorts ${firstRow + 1}${NONE}${firstRow + rows} of ${picked.shown.length}, ` +
            `lessons ${firstColumn + 1}${NONE}${firstColumn + columns} of ${course.titles.length}`);
    }
}

// The heads of another window of lessons.
function drawHeads(head, columns) {
    const [modules, lessons] = head.rows;
    for (let k = 0; k < columns; k++) {
        const element = lessons.cells[k + 2];
        const j = firstColumn + k;
        put(element.children[0], course.titles[j]);
        put(element.children[1], course.marks[j]);
        setClass(element, course.modules[j] ? "m" : "");
    }
    let element = find("th", modules);
    if (!element) return;
    for (const other of findAll("th", modules).slice(1)) other.remove();
    let begin = firstColumn;
    while (begin > 0 && !course.modules[begin]) begin--;
    put(element.firstChild, course.modules[begin]);
    element.colSpan = 1;
    for (let j = firstColumn + 1; j < firstColumn + columns; j++) {
        if (!course.modules[j]) {
            element.colSpan++;
            continue;
        }
        const next = element.cloneNode(true);
        put(next.firstChild, course.modules[j]);
        next.colSpan = 1;
        element.after(next);
        element = next;
    }
}

// The map is one stop of Tab, with arrow keys; hover, focus and tap fill the card.
function currentCell() {
    const row = current.cohort < 0 ? 0 : picked.shown.indexOf(current.cohort) - firstRow + 1;
    return find(".heat tbody", article).rows[row].cells[current.lesson - firstColumn + 2];
}

function cellAt(element) {
    const td = element.closest(".heat td[class]");
    if (!td) return null;
    const row = td.parentNode.sectionRowIndex;
    return {
        cohort: row > 0 ? picked.shown[firstRow + row - 1] : -1,
        lesson: firstColumn + td.cellIndex - 2,
        td,
    };
}

function fillCard(at) {
    const [hint, what, numbers, warning] = find(".card", article).children;
    for (const element of findAll(".heat .on", article)) element.classList.remove("on");
    hint.hidden = Boolean(at);
    if (!at) {
        for (const element of [what, numbers, warning]) put(element, "");
        return;
    }
    const { cohort, lesson: j, td } = at;
    const sums = cohort < 0 ? all : single(course, cohort);
    const columnHead = find(".heat thead tr:last-child", article).cells[td.cellIndex];
    for (const element of [td, td.parentNode.cells[0], columnHead]) element.classList.add("on");
    const who = cohort < 0 ? plural(all.cohorts, "cohort") + " together"
        : "cohort of " + day(course.weeks[cohort]);
    put(what, `${course.titles[j]} \u00b7 ${who}`);
    const difference = tenths(sums.reached[j], sums.base) - tenths(all.reached[j], all.base);
    const against = cohort < 0 ? ""
        : `, ${difference > 0 ? "+" : ""}${one(difference)} points against the total`;
    put(numbers, `Reached by ${count(sums.reached[j])} of ${count(sums.base)}: ` +
        `${share(sums.reached[j], sums.base)}\u202f%${against}. ` +
        `${sums.isYoung ? "Last seen" : "Stopped"} here: ${count(sums.stopped[j])}. ` +
        `Started ${count(sums.started[j])}, completed ${count(sums.completed[j])}. ` +
        `Median ${span(sums.median[j])}, 9 in 10 within ${span(sums.nineInTen[j])}.`);
    let warn = "";
    if (cohort >= 0 && sums.isYoung) {
        warn += `* Watched for ${course.observedDays[cohort]} of ${MATURE_DAYS} days: may still grow. `;
    }
    if (sums.learners < FEW) warn += `Only ${plural(sums.learners, "learner")}: read with care.`;
    put(warning, warn);
}

// Rows down and columns right that a key moves by.
const KEYS = {
    ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0],
    Home: [0, -Infinity], End: [0, Infinity],
};

function move([down, right], toEnd) {
    const most = picked.shown.length - 1;
    const from = current.cohort < 0 ? -1 : picked.shown.indexOf(current.cohort);
    const row = clamp(from + (toEnd && !Number.isFinite(right) ? right : down), -1, most);
    const lesson = clamp(current.lesson + right, 0, course.titles.length - 1);
    current = { cohort: row < 0 ? -1 : picked.shown[row], lesson };
    firstRow = row < 0 ? 0 : clamp(firstRow, row - ROWS + 1, row);
    firstColumn = clamp(firstColumn, lesson - COLUMNS + 1, lesson);
    drawMap();
    currentCell().focus();
}

const TURNS = {
    older: [ROWS, 0], newer: [-ROWS, 0], later: [0, COLUMNS], earlier: [0, -COLUMNS],
};

function turn([down, right]) {
    firstRow = clamp(firstRow + down, 0, Math.max(0, picked.shown.length - ROWS));
    firstColumn = clamp(firstColumn + right, 0, Math.max(0, course.titles.length - COLUMNS));
    current = { cohort: picked.shown[firstRow], lesson: firstColumn };
    drawMap();
    fillCard(null);
}

// A cell of a table as a field of CSV; what a spreadsheet would run gets an apostrophe.
function csvField(element) {
    const copy = element.cloneNode(true);
    for (const hidden of findAll("[aria-hidden], [hidden]", copy)) hidden.remove();
    let text = copy.textContent.trim().replace(/\s+/g, " ");
    text = text.replace(/^\u2013$/, "").replace(/^\u2212(?=\d)/, "-");
    if (/^[\d,]+$/.test(text)) text = text.replace(/,/g, "");
    if (/^[=@]|^[+-](?![\d.]+$)/.test(text)) text = "'" + text;
    return /[",]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

function saveCsv(table, file) {
    putLaterTexts();
    const rows = findAll("thead tr:last-child, tbody tr:not(.mod), tfoot tr", table)
        .map(row => [...row.cells].map(csvField).join(",") + "\r\n");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff", ...rows], { type: "text/csv" }));
    link.download = file;
    link.click();
}

function sortCourses(th) {
    const body = find("#courses tbody");
    const isDown = th.getAttribute("aria-sort") !== "descending";
    const key = row => row.cells[th.cellIndex].dataset.v;
    for (const other of findAll("#courses th")) other.removeAttribute("aria-sort");
    th.setAttribute("aria-sort", isDown ? "descending" : "ascending");
    body.append(...[...body.rows].sort((a, b) =>
        (isDown ? -1 : 1) * key(a).localeCompare(key(b), "en", { numeric: true })));
}

// The lessons that the document does not hold at first.
function showRest(button) {
    const row = findAll(".funnel tr[data-j]", article).pop();
    const heading = find(".funnel .mod", article);
    for (let j = Number(row.dataset.j) + 1; j < course.titles.length; j++) {
        const next = row.cloneNode(true);
        next.dataset.j = j;
        put(next.cells[0].firstChild, course.titles[j]);
        if (course.modules[j]) {
            const above = heading.cloneNode(true);
            put(above.cells[0], course.modules[j]);
            row.parentNode.append(above);
        }
        row.parentNode.append(next);
    }
    button.remove();
    drawFunnel();
}

function onClick(event) {
    const button = event.target.closest("button");
    const at = cellAt(event.target);
    const link = event.target.closest("#courses a[href^='#']");
    if (at && course) {
        current = { cohort: at.cohort, lesson: at.lesson };
        drawMap();
        currentCell().focus();
    }
    if (link) {
        // The browser would leave a frame that has no place of its own.
        event.preventDefault();
        choose({ course: link.closest("tr").dataset.id, from: "", to: "", with: "" });
    }
    if (!button) return;
    if (button.className === "all") choose({ from: "", to: "", with: "" });
    if (button.className === "csv") saveCsv(find("table", button.closest("section")), button.value);
    if (button.className === "rest") showRest(button);
    if (button.closest(".more")) turn(TURNS[button.value]);
    if (button.closest("th")) sortCourses(button.closest("th"));
}

function onKey(event) {
    if (event.key === "Escape") fillCard(null);
    if (!KEYS[event.key] || !cellAt(event.target) || event.altKey || event.metaKey) return;
    event.preventDefault();
    move(KEYS[event.key], event.ctrlKey);
}

function begin() {
    for (const element of findAll("[data-js]")) element.hidden = false;
    for (const element of findAll(".heat .box")) element.removeAttribute("tabindex");
    for (const element of articles) {
        const weeks = dataOf(element.dataset.id).weeks;
        for (const select of findAll("select", element)) {
            if (select.name === "with") select.append(new Option("no other", ""));
            for (const week of weeks) select.append(new Option(day(week), week));
        }
        find(".heat table", element).setAttribute("role", "grid");
    }
    document.addEventListener("change", event => {
        const name = event.target.dataset.k || event.target.name;
        if (name) choose({ [name]: event.target.value });
    });
    document.addEventListener("keydown", onKey);
    document.addEventListener("focusin", event => {
        if (article.contains(event.target)) fillCard(cellAt(event.target));
    });
    document.addEventListener("pointerover", event => {
        if (event.pointerType === "mouse") {
            fillCard(cellAt(event.target) || cellAt(document.activeElement));
        }
    });
    addEventListener("hashchange", readFragment);
    readFragment();
}

for (const element of findAll(".csv")) element.hidden = false;
for (const th of findAll("#courses thead th:not([data-plain])")) {
    const button = document.createElement("button");
    button.append(...th.childNodes);
    th.append(button);
}
document.addEventListener("click", onClick);
if (find("[id^=data-]")) begin(); // a huge course has none
