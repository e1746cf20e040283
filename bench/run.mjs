// npm run bench -- <name> [--json] [--rounds N]: runs bench/<name>.bench.ts. Without a name: the list.
import { globSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { describeCommit, describeMachine } from "./describe-machine.ts";
import { formatTable } from "./format-table.ts";

const EXIT_USAGE = 2;
const EXIT_TARGET_MISSED = 99;
const root = path.resolve(import.meta.dirname, "..");
const names = globSync("*.bench.ts", { cwd: import.meta.dirname })
  .map((file) => path.basename(file, ".bench.ts"))
  .toSorted();

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, rounds: { type: "string" } },
});
const [name] = positionals;
if (name === undefined) await listBenchmarks();
else if (names.includes(name)) await runBenchmark(name);
else {
  console.error(`no benchmark named ${name}; there are: ${names.join(", ")}`);
  process.exitCode = EXIT_USAGE;
}

/**
 * @param {string} which
 * @returns {Promise<import("./benchmark.ts").Benchmark>}
 */
async function loadBenchmark(which) {
  const { bench } = await import(`./${which}.bench.ts`);
  return bench;
}

async function listBenchmarks() {
  for (const which of names) {
    const { description } = await loadBenchmark(which);
    console.log(`${which.padEnd(12)} ${description}`);
  }
}

/** @param {string} which */
async function runBenchmark(which) {
  const benchmark = await loadBenchmark(which);
  const machine = describeMachine();
  const rows = await benchmark.run({
    rounds: values.rounds === undefined ? undefined : Number(values.rounds),
    log: (line) => console.error(line),
  });
  const date = new Date().toISOString();
  const commit = describeCommit(root);
  if (values.json)
    console.log(JSON.stringify({ bench: which, machine, date, commit, rows }, undefined, 2));
  else {
    const { cpu, cpus, kernel, node, loadAtStart } = machine;
    console.log(
      `${which} at ${commit}, ${date.slice(0, 10)}: ${cpus} × ${cpu}, Linux ${kernel}, Node ${node}, load ${loadAtStart}\n`,
    );
    console.log(formatTable(rows));
  }
  if (rows.some(({ met }) => met === false)) process.exitCode = EXIT_TARGET_MISSED;
}
