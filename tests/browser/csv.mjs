// CSV, read and written.
import fs from "node:fs";

function field(value) {
    const text = String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll("\"", "\"\"")}"` : text;
}

export function csvText(rows) {
    return rows.map(row => row.map(field).join(",") + "\n").join("");
}

export function parseCsv(text) {
    const rows = [[]];
    for (const [, quoted, plain, end] of text.matchAll(
        /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
        const last = rows[rows.length - 1];
        last.push(quoted === undefined ? plain : quoted.replaceAll("\"\"", "\""));
        if (end !== ",") rows.push([]);
    }
    return rows.filter(row => row.length > 1 || (row.length === 1 && row[0] !== ""));
}

// The rows of a CSV file as objects, by the names of its header.
export function readCsv(file) {
    const [head, ...rows] = parseCsv(fs.readFileSync(file, "utf8"));
    return rows.map(row => Object.fromEntries(head.map((name, k) => [name, row[k]])));
}
