// Everything that must hold of pages, in one headless browser.
//   node main.mjs FOLDER PICTURES: FOLDER has NAME.html and the marts it was made of in NAME/
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { launch, open } from "./browser.mjs";
import { checkDrawing } from "./check_drawing.mjs";
import { checkBare, checkLooks } from "./check_looks.mjs";
import { checkDrawn, checkWritten } from "./check_numbers.mjs";
import { checkHostile, checkPlaces, checkWatch } from "./check_safety.mjs";
import { checkUse } from "./check_use.mjs";
import { check, finish, same } from "./checks.mjs";
import { readCsv } from "./csv.mjs";
import { readCourses } from "./expected.mjs";
import { measure } from "./measure.mjs";

const [folder, pictures] = process.argv.slice(2);
fs.mkdirSync(pictures, { recursive: true });
// Of these the numbers are held to the tables as the program wrote them alone, to save time; schema
// is the sample once more, out of a database.
const PLAIN = ["large", "sample", "schema"];
const ORDER = { named: { 5: [1, 2, 3, 5, 4, ...Array.from({ length: 19 }, (_, k) => k + 6)] } };
const names = fs.readdirSync(folder).filter(file => file.endsWith(".html"))
    .map(file => file.slice(0, -5));
const address = name => pathToFileURL(path.join(folder, `${name}.html`)).href;

// In which ways each page is looked at, besides light.
const WAYS = {
    young: { phone: true },
    named: { maps: true, dark: true, forced: true, print: true, phone: true, axe: true },
    sample: { phone: true },
    futurelearn: { dark: true, print: true, phone: true },
};

async function timed(what, work) {
    const begin = performance.now();
    try {
        await work();
    } catch (error) {
        check(`${what}: went to its end`, false, error.stack);
    }
    console.log(`${what}: ${((performance.now() - begin) / 1000).toFixed(1)} s`);
}

async function checkNumbers(browser, name) {
    const courses = readCourses(path.join(folder, name), ORDER[name]);
    const plain = await open(browser, address(name), { script: false });
    const page = await open(browser, address(name));
    await checkWritten(name, plain, courses);
    await checkDrawing(name, plain, page);
    if (!PLAIN.includes(name)) await checkDrawn(name, page, courses);
    same(`${name}: nothing is said`, [...plain.faults, ...page.faults], []);
    await plain.close();
    await page.close();
}

async function checkHands(browser, name) {
    const page = await open(browser, address(name));
    await checkUse(page, readCourses(path.join(folder, name), ORDER[name]), pictures);
    same(`${name}, used: nothing is said`, page.faults, []);
    await page.close();
}

async function checkTexts(browser) {
    const page = await open(browser, address("hostile"));
    const names = readCsv(path.join(folder, "hostile-names.csv"));
    await checkHostile(page, names.filter(row => row.course_id === "1" && row.lesson_id !== "")
        .map(row => row.title));
    same("hostile: nothing is said", page.faults, []);
    await page.close();
}

const browser = await launch(pictures);
try {
    await timed("numbers", async () => {
        for (const name of names) await checkNumbers(browser, name);
    });
    await timed("use", async () => {
        for (const name of ["sample", "named"]) await checkHands(browser, name);
    });
    await timed("safety", async () => {
        await checkWatch(browser, path.join(folder, "sample.html"), pictures);
        await checkTexts(browser);
        await checkPlaces(browser, path.join(folder, "sample.html"));
    });
    await timed("looks", async () => {
        for (const name of names.filter(name => name !== "schema")) {
            await checkLooks(browser, pictures, name, address(name), WAYS[name] || {});
        }
        await checkBare(browser, pictures, "hostile", address("hostile"));
    });
    await timed("measure", async () => {
        const elements = await measure(browser, address("large"));
        check("large: cells are not built", elements < 20000, `${elements} elements`);
    });
} finally {
    await browser.close();
    fs.rmSync(path.join(pictures, "profile"), { recursive: true, force: true });
}
process.exitCode = finish() ? 0 : 1;
