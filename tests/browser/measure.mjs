// How long a redraw of 200 weeks of 300 lessons takes, from the key to the frame: printed.
import { open, settle } from "./browser.mjs";

function describe(times) {
    const sorted = [...times].sort((a, b) => a - b);
    return `${Math.round(sorted[Math.floor(sorted.length / 2)])} (${Math.round(sorted.at(-1))}) ms`;
}

async function press(page, key, times) {
    const all = [];
    for (let time = 0; time < times; time++) {
        await page.evaluate(() => {
            window.pressed = new Promise(resolve => addEventListener("keydown", event => {
                const begin = event.timeStamp;
                requestAnimationFrame(() => requestAnimationFrame(
                    () => resolve(performance.now() - begin)));
            }, { once: true, capture: true }));
        });
        await page.keyboard.press(key);
        all.push(await page.evaluate(() => window.pressed));
    }
    return describe(all);
}

export async function measure(browser, url) {
    const begin = performance.now();
    const page = await open(browser, url, { hurry: false });
    await settle(page);
    console.log(`large: loaded in ${Math.round(performance.now() - begin)} ms`);
    const elements = await page.evaluate(() => document.querySelectorAll("*").length);
    await page.click(".heat tbody tr:nth-child(27) td:nth-child(102)");
    console.log(`large: ${elements} elements; a key that moves the map, median (worst): ` +
        `right ${await press(page, "ArrowRight", 12)}, down ${await press(page, "ArrowDown", 12)}`);
    await page.close();
    return elements;
}
