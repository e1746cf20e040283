// Builds the report of the last run of a database as `churnlab report` does, and prints what that took: a part of
// report.bench.ts.
import { writeFileSync } from "node:fs";
import { buildReport } from "@churnlab/report";
import { openStore } from "@churnlab/store";

const [, , database = "", output = ""] = process.argv;
const begun = performance.now();
using store = openStore(database, { mode: "read" });
const html = await buildReport(store, store.findRun("last"));
writeFileSync(output, html);
const ms = performance.now() - begun;
console.log(
  JSON.stringify({ ms, bytes: Buffer.byteLength(html), maxRssKib: process.resourceUsage().maxRSS }),
);
