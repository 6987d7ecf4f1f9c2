// Checks that are counted, and faults that are told at the end: one run shows all of them.
const faults = [];
let checks = 0;

export function check(what, isSo, detail = "") {
    checks++;
    if (!isSo) faults.push(`${what}${detail ? ": " + detail : ""}`);
    return isSo;
}

export function same(what, is, due) {
    const [left, right] = [JSON.stringify(is), JSON.stringify(due)];
    return check(what, left === right, `is ${left?.slice(0, 400)}, due ${right?.slice(0, 400)}`);
}

// Tables of texts: the first cell that is not as it is due is told.
export function sameTable(what, is, due) {
    if (!same(`${what}: rows`, is.length, due.length)) return;
    due.forEach((row, r) => {
        if (!same(`${what}: cells of row ${r}`, is[r].length, row.length)) return;
        checks += row.length;
        const k = row.findIndex((text, at) => text !== is[r][at]);
        if (k >= 0) faults.push(`${what}: row ${r}, cell ${k} is "${is[r][k]}", due "${row[k]}"`);
    });
}

export function finish() {
    for (const fault of faults.slice(0, 100)) console.error("fail: " + fault);
    if (faults.length > 100) console.error(`fail: and ${faults.length - 100} more`);
    console.log(`${checks} checks, ${faults.length} faults`);
    return faults.length === 0 && checks > 0;
}
