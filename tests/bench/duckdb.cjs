// Run SQL files in DuckDB: duckdb.cjs MODULES THREADS [NAME=TEXT...] FILE.sql...
// Each `:NAME` in the SQL stands for its text. Prints, as JSON, the seconds from opening the
// database to the end of the last statement, which leaves out the start of node, and the rows of
// the last statement when there are few.
'use strict';
const fs = require('fs');
const path = require('path');
const { createRequire } = require('module');

async function main([modules, threads, ...rest]) {
    const load = createRequire(path.resolve(modules, 'package.json'));
    const { DuckDBInstance } = load('@duckdb/node-api');
    let texts = '';
    const names = new Map();
    for (const argument of rest) {
        const parts = argument.match(/^([a-z_]+)=(.*)$/s);
        if (parts) names.set(parts[1], parts[2]);
        else texts += fs.readFileSync(argument, 'utf8') + '\n';
    }
    const sql = texts.replace(/(?<!:):([a-z_]+)/g, (all, name) => names.get(name) ?? all);
    const began = process.hrtime.bigint();
    const instance = await DuckDBInstance.create(':memory:', {
        threads, preserve_insertion_order: 'false',
    });
    const connection = await instance.connect();
    let rows = [];
    for (const statement of sql.split(/;[ \t]*\n/)) {
        if (statement.replace(/^\s*--.*$/gm, '').trim() === '') continue;
        rows = (await connection.runAndReadAll(statement)).getRows();
    }
    const seconds = Number(process.hrtime.bigint() - began) / 1e9;
    const plain = (key, value) => (typeof value === 'bigint' ? Number(value) : value);
    console.log(JSON.stringify({ seconds, rows: rows.length < 100 ? rows : [] }, plain));
}

main(process.argv.slice(2)).catch((error) => {
    console.error(`duckdb.cjs: ${error.message}`);
    process.exit(1);
});
