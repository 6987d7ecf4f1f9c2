// How pages look: pictures that are kept, in light and dark, on paper, on a phone; and what can be
// measured of it: nothing to scroll sideways, whole tables on paper, no fault that axe finds.
import fs from "node:fs";
import { createRequire } from "node:module";
import { check, same } from "./checks.mjs";
import { emulate, open, PHONE, picture, print, settle, WIDE } from "./browser.mjs";

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

export async function checkAccess(what, page) {
    await page.evaluate(axe);
    const violations = await page.evaluate(async tags => {
        const options = { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] };
        const { violations: found, passes } = await window.axe.run(document, options);
        return [passes.length > 10 ? "" : "axe tried next to nothing", ...found.map(rule =>
            `${rule.id}: ${rule.nodes.length}: ${rule.nodes[0].html.slice(0, 200)}`)];
    }, RULES);
    same(`${what}: axe`, violations, [""]);
}

async function checkWidth(what, page, width) {
    const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
    check(`${what}: no sideways scroll`, wide <= width, `${wide} px`);
}

// The texts of the map's cells lie in their cells, where they are shown.
async function checkFit(what, page) {
    const wide = await page.evaluate(() =>
        [...document.querySelectorAll("article:not([hidden]) .heat td[class]")]
            .filter(cell => getComputedStyle(cell).fontSize !== "0px")
            .map(cell => {
                const range = document.createRange();
                range.selectNodeContents(cell);
                return [cell.textContent, range.getBoundingClientRect().width - cell.clientWidth];
            }).filter(([, over]) => over > 0.5));
    check(`${what}: texts fit their cells`, wide.length === 0,
        `${wide.length} are too wide, as ${wide[0]}`);
}

// ways: { maps, dark, forced, print, phone }, in which a page is looked at besides light; axe: by
// axe too, which takes seconds where there are many courses.
export async function checkLooks(browser, folder, name, url, ways) {
    const page = await open(browser, url);
    await settle(page);
    await picture(page, folder, `${name}-light`);
    await checkWidth(`${name}, light`, page, WIDE.width);
    await checkFit(`${name}, light`, page);
    await checkAccess(`${name}, light`, page);
    if (ways.maps) {
        for (const map of ["lost", "difference"]) {
            await page.evaluate(text => { location.hash = text; }, `map=${map}`);
            await settle(page);
            await checkFit(`${name}, ${map}`, page);
            await picture(page, folder, `${name}-${map}`);
            if (ways.axe) await checkAccess(`${name}, ${map}`, page);
        }
        await page.evaluate(() => { location.hash = ""; });
    }
    if (ways.dark) {
        await emulate(page, { colors: "dark" });
        await picture(page, folder, `${name}-dark`);
        if (ways.axe) await checkAccess(`${name}, dark`, page);
    }
    if (ways.forced) {
        await emulate(page, { forced: "active" });
        await picture(page, folder, `${name}-forced`);
    }
    if (ways.print) {
        await emulate(page, {});
        await checkPrint(folder, name, page);
    }
    if (ways.phone) {
        await page.setViewport(PHONE);
        await page.reload();
        await settle(page);
        await picture(page, folder, `${name}-phone`);
        await checkWidth(`${name}, phone`, page, PHONE.width);
        await checkFit(`${name}, phone`, page);
        if (ways.axe) await checkAccess(`${name}, phone`, page);
    }
    same(`${name}, looked at: nothing is said`, page.faults, []);
    await page.close();
}

async function checkPrint(folder, name, page) {
    const paper = await print(page, folder, `${name}-print`);
    check(`${name}: paper is A4 landscape`, Math.abs(paper.width - 842) < 2 &&
        Math.abs(paper.height - 595) < 2, JSON.stringify(paper));
    check(`${name}: sheets`, paper.sheets >= 2 && paper.sheets < 30, `${paper.sheets} sheets`);
    await emulate(page, { type: "print" });
    const seen = await page.evaluate(() => ({
        controls: [...document.querySelectorAll("button, select, input")]
            .filter(one => !one.closest("th")) // the heads that one sorts by
            .filter(one => one.checkVisibility()).map(one => one.outerHTML.slice(0, 80)),
        heads: [...document.querySelectorAll("article:not([hidden]) thead")]
            .map(head => getComputedStyle(head).display),
        boxes: [...document.querySelectorAll("article:not([hidden]) .box")]
            .map(box => getComputedStyle(box).overflowX),
        bars: [...document.querySelectorAll("article:not([hidden]) .funnel i.c")]
            .map(bar => getComputedStyle(bar).printColorAdjust),
    }));
    same(`${name}, print: controls`, seen.controls, []);
    check(`${name}, print: heads are repeated`, seen.heads.every(is => is === "table-header-group"));
    check(`${name}, print: nothing is cut off`, seen.boxes.every(is => is === "visible"));
    check(`${name}, print: bars are printed`, seen.bars.every(is => is === "exact"));
    await picture(page, folder, `${name}-print`);
    await emulate(page, {});
}

// Without a script the default view of every course is whole, and no control promises anything.
export async function checkBare(browser, folder, name, url) {
    const page = await open(browser, url, { script: false });
    const seen = await page.evaluate(() => ({
        articles: [...document.querySelectorAll("article")].map(one => one.checkVisibility()),
        controls: [...document.querySelectorAll("button, select, input, .card, [data-js]")]
            .filter(one => one.checkVisibility()).map(one => one.outerHTML.slice(0, 80)),
    }));
    same(`${name}, bare: every course`, seen.articles, seen.articles.map(() => true));
    same(`${name}, bare: controls`, seen.controls, []);
    await picture(page, folder, `${name}-bare`);
    await page.setJavaScriptEnabled(true); // for axe: the script of the page stays unread
    await checkAccess(`${name}, bare`, page);
    await page.close();
}
