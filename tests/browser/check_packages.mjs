// What a lock file asks of node must hold of Debian 12's, and no host may stand in it: the registry
// is the installing machine's own.
//   node check_packages.mjs LOCK
import fs from "node:fs";

const DEBIAN = [18, 19, 0];
const packages = JSON.parse(fs.readFileSync(process.argv[2], "utf8")).packages;

function compare(a, b) {
    return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

// One comparison such as ">=18", "^20.17.0", "12.x" or "18 || 20" in npm's words.
function allows(term) {
    const [, sign, version] = term.match(/^(>=|<=|>|<|\^|~|=|)v?([\d.x*]+)$/) || [];
    if (version === undefined) throw new Error(`"${term}" is not understood`);
    if (version === "*") return true;
    const parts = version.split(".").filter(part => /^\d+$/.test(part)).map(Number);
    const low = [...parts, 0, 0, 0].slice(0, 3);
    const order = compare(DEBIAN, low);
    const isWithin = parts.every((part, k) => part === DEBIAN[k]);
    if (sign === ">=") return order >= 0;
    if (sign === ">") return order > 0 && !isWithin;
    if (sign === "<=") return order <= 0 || isWithin;
    if (sign === "<") return order < 0;
    if (sign === "^") return order >= 0 && DEBIAN[0] === parts[0];
    if (sign === "~") return order >= 0 && DEBIAN[0] === parts[0] && (parts.length < 2 || DEBIAN[1] === parts[1]);
    return isWithin;
}

function fits(range) {
    return range.split("||").some(part =>
        part.trim().replace(/([<>=^~])\s+/g, "$1").split(/\s+/).every(allows));
}

const faults = Object.entries(packages).flatMap(([name, { engines, resolved, integrity }]) => [
    ...(engines?.node && !fits(engines.node) ? [`${name} wants node ${engines.node}`] : []),
    ...(resolved ? [`${name} names a host: ${resolved}`] : []),
    ...(name !== "" && !integrity ? [`${name} has no digest`] : []),
]);
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 || Object.keys(packages).length < 3 ? 1 : 0;
