// Nothing in a page runs but its script, however hostile its texts, and wherever it is opened: from
// the disk, by HTTP, in a frame as those of mail programs.
import fs from "node:fs";
import http from "node:http";
import { check, same } from "./checks.mjs";
import { open } from "./browser.mjs";
import * as view from "./view.mjs";

const BIDI = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

function escapeAttribute(text) {
    return text.replaceAll("&", "&amp;").replaceAll("\"", "&quot;");
}

function framed(file, sandbox) {
    const page = escapeAttribute(fs.readFileSync(file, "utf8"));
    return `<!doctype html><title>Frame</title><iframe sandbox="${sandbox}" ` +
        `width="1200" height="800" srcdoc="${page}"></iframe>`;
}

// Serve what must be seen by HTTP: serve(answers, work) with a text for each path.
async function serve(answers, work) {
    const server = http.createServer((request, response) => {
        const body = answers[request.url];
        const charset = request.url === "/latin" ? "iso-8859-1" : "utf-8";
        response.writeHead(body === undefined ? 204 : 200,
            { "Content-Type": `text/html; charset=${charset}` });
        response.end(body);
    });
    await new Promise(resolve => server.listen(0, "127.0.0.1", resolve));
    try {
        await work(`http://127.0.0.1:${server.address().port}`);
    } finally {
        server.closeAllConnections();
        server.close();
    }
}

async function checkFrame(what, page, isScripted) {
    const frame = page.frames()[1];
    await frame.waitForFunction(() => document.readyState === "complete", { timeout: 5000 });
    const courses = await frame.evaluate(() => [...document.querySelectorAll("article")]
        .map(one => one.checkVisibility()));
    if (!isScripted) {
        same(`${what}: all courses are there`, courses, courses.map(() => true));
        return;
    }
    same(`${what}: one course`, courses.filter(shown => shown).length, 1);
    const link = await frame.$("#courses tbody tr:nth-child(2) a");
    await link.click();
    await frame.waitForFunction(() =>
        document.querySelector("article:not([hidden])").dataset.id ===
        document.querySelector("#courses tbody tr:nth-child(2)").dataset.id, { timeout: 2000 });
    await (await frame.$("article:not([hidden]) input[value=\"lost\"] + span")).click();
    same(`${what}: a choice is drawn`, await frame.evaluate(() =>
        document.querySelector("article:not([hidden]) .heat").dataset.map), "lost");
}

export async function checkPlaces(browser, file) {
    const text = fs.readFileSync(file, "utf8");
    const answers = { "/": text, "/latin": text, "/frame": framed(file, "allow-scripts"), "/mail": framed(file, "") };
    await serve(answers, async address => {
        const page = await open(browser, `${address}/#map=lost`);
        same("by HTTP: the script ran", await page.$$eval("article:not([hidden])", all => all.length), 1);
        same("by HTTP: nothing is said", page.faults.filter(fault => !fault.includes("favicon")), []);
        // A server that names another charset garbles words, but not the digests of the policy.
        await page.goto(`${address}/latin`);
        same("under another charset: the script ran",
            await page.$$eval("article:not([hidden])", all => all.length), 1);
        await page.goto(`${address}/frame`);
        await checkFrame("in a sandboxed frame", page, true);
        await page.goto(`${address}/mail`);
        await checkFrame("in a frame without scripts", page, false);
        same("in frames: nothing is said", page.faults.filter(
            fault => !/favicon|Blocked script execution in 'about:srcdoc'/.test(fault)), []);
        await page.close();
    });
}

// A page that breaks its own policy is found: else no silence above says anything.
export async function checkWatch(browser, file, folder) {
    const broken = `${folder}/broken.html`;
    fs.writeFileSync(broken, fs.readFileSync(file, "utf8").replace("<p class=\"head\">",
        "<p class=\"head\" style=\"color:red\" onclick=\"alert(7)\"><img src=\"http://127.0.0.1:9/x\">"));
    const page = await open(browser, `file://${broken}`);
    await page.click(".head");
    check("a broken policy is seen", page.faults.some(fault => fault.startsWith("policy: ")),
        page.faults.join("; "));
    await page.close();
    fs.rmSync(broken);
}

// Every text is a text: no element, attribute or address came out of one.
export async function checkHostile(page, names) {
    await page.mouse.move(640, 400);
    const found = await page.evaluate(() => {
        const all = [...document.querySelectorAll("*")];
        return {
            strange: all.filter(one => /^(img|b:|iframe|object|embed|form|base)$/.test(one.localName))
                .map(one => one.outerHTML.slice(0, 80)),
            handlers: all.flatMap(one => [...one.attributes])
                .filter(one => /^on|^style$|^src$/.test(one.name)).map(one => one.name),
            links: [...document.querySelectorAll("a[href]")].map(one => one.getAttribute("href")),
            scripts: document.querySelectorAll("script:not([type])").length,
            text: document.documentElement.outerHTML,
        };
    });
    same("hostile: strange elements", found.strange, []);
    same("hostile: attributes that run", found.handlers, []);
    same("hostile: scripts", found.scripts, 1);
    same("hostile: links lead into the page", found.links.filter(link => !/^#[a-z0-9=]+$/.test(link)), []);
    check("hostile: no mark turns the direction", !BIDI.test(found.text));
    await view.go(page, "course=1");
    const is = await view.article(page, "1");
    same("hostile: names are shown as they are written", is.lessons,
        names.map(name => name.replace(new RegExp(BIDI, "g"), "").trim()));
}
