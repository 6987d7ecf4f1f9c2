// What stands in a page, read as a person would.

// Runs in the page: the texts of what is shown of a course.
function readArticle(id) {
    const article = document.querySelector(`article[data-id="${id}"]`);
    const text = element => element.textContent.trim();
    const cells = row => [...row.cells];
    const firstText = cell => text(cell.querySelector("span") || cell);
    const barText = cell => text(cell.querySelector("b") || cell);
    const rows = selector => [...article.querySelectorAll(selector)];
    return {
        head: text(article.querySelector(".head")),
        lead: text(article.querySelector(".lead")),
        strip: rows(".strip li").map(item => [item.dataset.j, text(item.querySelector("b")),
            text(item.querySelector("em"))]),
        lessons: rows(".funnel tr[data-j] th").map(firstText),
        funnel: rows(".funnel tr[data-j]").map(row => cells(row).slice(1).map(barText)),
        worst: rows(".funnel tr.worst").map(row => Number(row.dataset.j)),
        end: cells(article.querySelector(".funnel tfoot tr")).map(barText),
        map: rows(".heat tbody tr").map(row => cells(row).map(
            (cell, k) => k === 0 ? firstText(cell) : text(cell))),
        young: rows(".heat tbody tr").map(row => !row.querySelector("abbr").hidden),
        cohorts: rows(".cohorts tr[data-w]").map(row => cells(row).map(
            cell => text(cell).replace("*", ""))),
        entries: rows(".entry tbody tr").map(row => cells(row).slice(0, 6).map(barText)),
        entryNote: text(article.querySelector(".entry .note") || article.querySelector(".entry")),
    };
}

export function article(page, id) {
    return page.evaluate(readArticle, id);
}

export function articleIds(page) {
    return page.evaluate(() => [...document.querySelectorAll("article")].map(one => one.dataset.id));
}

// Runs in the page: every element of the views that the script redraws, with what it shows.
function readDrawn(id) {
    const article = document.querySelector(`article[data-id="${id}"]`);
    const views = ".head, .strip, .funnel table, .funnel .sum, .heat table, .cohorts table";
    const elements = [...article.querySelectorAll(views)]
        .flatMap(view => [view, ...view.querySelectorAll("*")]);
    return elements.map(element => {
        const own = [...element.childNodes].filter(node => node.nodeType === Node.TEXT_NODE);
        const names = [...element.classList].filter(name => name !== "on").join(" ");
        return `${element.localName}|${names}|${element.hidden}|${element.getAttribute("colspan")}|` +
            own.map(node => node.data.trim()).join("");
    });
}

export function drawn(page, id) {
    return page.evaluate(readDrawn, id);
}

// Set the fragment as a link or a reader would.
export async function go(page, fragment) {
    await page.evaluate(text => {
        location.hash = text;
    }, fragment);
}
