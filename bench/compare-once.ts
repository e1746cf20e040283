// Compares the last run of a database as `churnlab compare` does, and prints what that took: a part of store.bench.ts.
import { compareRun, formatComparison } from "@churnlab/report";
import { openStore } from "@churnlab/store";

const begun = performance.now();
using store = openStore(process.argv.at(2) as string, { mode: "read" });
const text = formatComparison(compareRun(store, store.findRun("last")));
const ms = performance.now() - begun;
if (!text.includes("connections.rate")) throw new Error("nothing was compared");
console.log(JSON.stringify({ ms, maxRssKib: process.resourceUsage().maxRSS }));
