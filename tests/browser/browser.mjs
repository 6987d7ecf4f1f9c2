// One headless Chromium for all checks, and pages that tell of everything that went wrong in them.
import fs from "node:fs";
import path from "node:path";
import puppeteer from "puppeteer-core";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--force-color-profile=srgb"];

export const WIDE = { width: 1280, height: 900 };
export const PHONE = { width: 360, height: 740, isMobile: true, hasTouch: true };

export function launch(folder) {
    return puppeteer.launch({
        executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
        headless: true, args: FLAGS, userDataDir: path.join(folder, "profile"),
    });
}

// A page with `faults`, the list of what its console, its errors, its policy and the network said:
// a page that is right says nothing. Its timers end at once unless they are to be as they are: so
// nobody waits for the texts that follow its colours.
export async function open(browser, url, { script = true, hurry = true } = {}) {
    const page = await browser.newPage();
    page.faults = [];
    page.on("console", message => page.faults.push(`console: ${message.text()}`));
    page.on("pageerror", error => page.faults.push(`error: ${error.message}`));
    page.on("dialog", dialog => {
        page.faults.push(`dialog: ${dialog.message()}`);
        return dialog.dismiss();
    });
    page.on("request", request => {
        const isOwn = request.isNavigationRequest() || /^(blob|data):/.test(request.url());
        if (!isOwn) page.faults.push(`request: ${request.url()}`);
    });
    const session = await page.createCDPSession();
    page.session = session;
    session.on("Audits.issueAdded", ({ issue }) => {
        if (issue.code === "ContentSecurityPolicyIssue") {
            page.faults.push(`policy: ${JSON.stringify(issue.details)}`);
        }
    });
    await session.send("Audits.enable");
    if (hurry) {
        await page.evaluateOnNewDocument(() => {
            const later = window.setTimeout;
            window.setTimeout = work => later(work, 0);
        });
    }
    await page.setViewport(WIDE);
    await page.setJavaScriptEnabled(script);
    await emulate(page, {});
    await page.goto(url, { waitUntil: "load" });
    return page;
}

// { type: "print", colors: "dark", forced: "active" }
export async function emulate(page, { type = "", colors = "light", forced = "none" }) {
    await page.session.send("Emulation.setEmulatedMedia", {
        media: type,
        features: [{ name: "prefers-color-scheme", value: colors },
            { name: "forced-colors", value: forced }],
    });
}

export async function picture(page, folder, name) {
    await page.screenshot(
        { path: path.join(folder, `${name}.png`), fullPage: true, optimizeForSpeed: true });
}

export async function print(page, folder, name) {
    const pdf = await page.pdf({ preferCSSPageSize: true });
    fs.writeFileSync(path.join(folder, `${name}.pdf`), pdf);
    const text = Buffer.from(pdf).toString("latin1");
    const sheets = text.match(/\/Type\s*\/Page\b[^s]/g).length;
    const [width, height] = text.match(/\/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]/).slice(1).map(Number);
    return { sheets, width, height };
}

// The page has drawn what it was asked to, and the texts that follow its colours.
export function settle(page) {
    return page.evaluate(() => new Promise(
        resolve => setTimeout(() => requestAnimationFrame(() => setTimeout(resolve)))));
}
