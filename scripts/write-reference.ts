// Writes the reference pages that the code itself knows best: commands, scenario fields, errors, warnings, metrics; and
// the JSON Schemas of scenarios and of what `gate` and `history` print.
// A test keeps them equal.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { ERROR_CODES, METRICS, scenarioJsonSchema, WARNING_CODES } from "@churnlab/core";
import { documentJsonSchemas } from "../packages/report/src/formats/document-schemas.ts";
import { commandPage } from "./reference/command-page.ts";
import { markdownTable } from "./reference/markdown-table.ts";
import { scenarioPage } from "./reference/scenario-page.ts";

const errorRows = Object.entries(ERROR_CODES).map(([code, { exit, meaning }]) => [
  `\`${code}\``,
  String(exit),
  meaning,
]);

const warningRows = Object.entries(WARNING_CODES).map(([code, { invalidates, meaning }]) => [
  `\`${code}\``,
  invalidates ? "invalid" : "still compared",
  meaning,
]);

const metricRows = METRICS.map(({ name, unit, better, roles, meaning }) => [
  `\`${name}\``,
  unit,
  better,
  roles.join(", "),
  meaning,
]);

/** Page name → text. */
export const referencePages: Readonly<Record<string, string>> = {
  "cli.md": commandPage(),
  "scenarios.md": scenarioPage(),
  "errors.md": `# Errors

Every error has a stable code; match on it, not on the text. The exit status is that of the command;
in a trial of \`churnlab run\` any of these ends the run with 4, unless the trial is repeated and completes then.

${markdownTable(["code", "exit", "meaning"], errorRows)}
`,
  "warnings.md": `# Warnings

A trial carries its doubts with it. Some make it invalid: it is kept, shown, and never compared.

${markdownTable(["code", "the trial is", "meaning"], warningRows)}
`,
  "metrics.md": `# Metrics

One number per trial, role and metric, computed once when the trial ends and stored (\`v_measurement\`). In gates a metric
is written \`role.metric\`, for example \`client.failures.EADDRNOTAVAIL\`. \`*\` stands for a name of the kernel: an errno, a
reset reason, a counter, or one of the latencies \`schedule\`, \`connect\`, \`first_byte\`, \`request\`, \`total\`.

${markdownTable(["metric", "unit", "better", "roles", "meaning"], metricRows)}

The latencies are of what succeeded:

| latency | from | to |
| --- | --- | --- |
| \`schedule\` | the time a connection or request was due | its start: lateness of the generator |
| \`connect\` | the call of connect() | the connection established |
| \`first_byte\` | the request sent | the first byte of the answer |
| \`request\` | the request sent | the whole answer |
| \`total\` | the time it was due, so that waiting counts | the socket closed; with keep-alive, the whole answer |

## Over time

Samples (\`v_sample\`) have names of their own. A sample that was not taken is an absent row.

| metric | roles | every | what |
| --- | --- | --- | --- |
| \`time_wait\`, \`tcp.inuse\`, \`conntrack\` | all | 200 ms | gauges: sockets, entries now (of several namespaces of a role, those of the fullest table) |
| \`tcp.*\`, \`tcpext.*\`, \`conntrack.drop\` | all | 200 ms | a counter's growth since the trial began; only those that moved |
| \`connections.*\`, \`requests.succeeded\` | client | 200 ms | what the load generator has counted since the trial began |
| \`latency.{schedule,connect,request}.{p50,p99,p999,max}\` | client | 1 s | quantiles of what succeeded in the second that ends here, in us, from the histograms of all workers; measure phase only. p99 needs 100 values, p999 1000: with fewer the highest is \`max\` |
| \`accept_queue\`, \`accept_queue.limit\`, \`syn_recv\` | target, upstream | 1 s | queues of listening sockets |
| \`ports.used\`, \`ports.range\`, \`sockets.<STATE>\` | all | 5 s, and where the use of ports crosses a mark | a dump of the socket table |
`,
};

/** Name → JSON Schema. */
export const generatedSchemas: Readonly<Record<string, object>> = {
  scenario: scenarioJsonSchema(),
  ...documentJsonSchemas(),
};

if (process.argv[1] === import.meta.filename) {
  for (const [page, text] of Object.entries(referencePages)) {
    writeFileSync(path.join(import.meta.dirname, "../docs", page), text);
  }
  for (const [name, schema] of Object.entries(generatedSchemas)) {
    const file = path.join(import.meta.dirname, `../schema/${name}.schema.json`);
    writeFileSync(file, `${JSON.stringify(schema, null, 2)}\n`);
  }
}
