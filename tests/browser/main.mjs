// Everything that must hold of pages, in one headless browser.
//   node main.mjs FOLDER PICTURES: FOLDER has NAME.html and the marts it was made of in NAME/
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { launch, open } from "./browser.mjs";
import { finish, same } from "./checks.mjs";
import { readCourses } from "./expected.mjs";
import { checkDrawn, checkWritten } from "./check_numbers.mjs";

const [folder, pictures] = process.argv.slice(2);
fs.mkdirSync(pictures, { recursive: true });
const ORDER = { named: { 5: [1, 2, 3, 5, 4, ...Array.from({ length: 19 }, (_, k) => k + 6)] } };
const names = fs.readdirSync(folder).filter(file => file.endsWith(".html"))
    .map(file => file.slice(0, -5));
const address = name => pathToFileURL(path.join(folder, `${name}.html`)).href;

async function timed(what, work) {
    const begin = performance.now();
    await work();
    console.log(`${what}: ${((performance.now() - begin) / 1000).toFixed(1)} s`);
}

async function checkNumbers(browser, name) {
    const courses = readCourses(path.join(folder, name), ORDER[name]);
    const plain = await open(browser, address(name), { script: false });
    await checkWritten(name, plain, courses);
    same(`${name}, without script: nothing is said`, plain.faults, []);
    await plain.close();
    const page = await open(browser, address(name));
    if (name !== "large") await checkDrawn(name, page, courses);
    same(`${name}: nothing is said`, page.faults, []);
    await page.close();
}

const browser = await launch(pictures);
try {
    await timed("numbers", async () => {
        for (const name of names) await checkNumbers(browser, name);
    });
} finally {
    await browser.close();
}
process.exitCode = finish() ? 0 : 1;
