// What the script draws is what the program wrote: for every course, after other choices were made
// and taken back, each element of the views has the classes and the text that it had in the file.
import { same, check } from "./checks.mjs";
import * as view from "./view.mjs";
import { settle } from "./browser.mjs";

function compare(what, is, due) {
    same(`${what}: elements`, is.length, due.length);
    const at = due.findIndex((element, k) => element !== is[k]);
    check(`${what}: drawn as written`, at < 0,
        at < 0 ? "" : `element ${at} is ${is[at]}, was ${due[at]}`);
}

export async function checkDrawing(what, plain, page) {
    for (const id of await view.articleIds(plain)) {
        const written = await view.drawn(plain, id);
        const weeks = await page.evaluate(
            course => JSON.parse(document.getElementById(`data-${course}`).textContent).weeks, id);
        const [newest, oldest] = [weeks[0], weeks.at(-1)];
        // Everything is other than it was, then as it was.
        await view.go(page,
            `course=${id}&from=${newest}&to=${newest}&with=${oldest}&show=exact&map=difference`);
        await settle(page);
        await view.go(page, `course=${id}&show=reached&map=lost`);
        await settle(page);
        await view.go(page, `course=${id}`);
        await settle(page);
        compare(`${what}, course ${id}`, await view.drawn(page, id), written);
    }
}
