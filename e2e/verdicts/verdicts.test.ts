import { copyFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { causeOf } from "@churnlab/core";
import type { ResultDocument, ResultTrial } from "@churnlab/report";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ended, Workplace } from "../cli/churnlab.ts";
import { failedGates, listAlarms } from "./list-alarms.ts";
import { readDocument } from "./read-document.ts";
import { runJudged } from "./run-judged.ts";
import { A_AGAINST_A, SLOWER_TARGET } from "./scenarios.ts";

/** Of all its tries. */
const RUN_MS = 300_000;
/**
 * A trial is invalid when a tenth of its arrivals were 100 ms late: of so long a phase, one stall of the machine has to take
 * 200 ms for that.
 */
const LONG = ["--set", "phases.measure=1s"];

const place = new Workplace();
afterAll(() => place[Symbol.dispose]());

/** The verdicts that were given on any metric. */
function verdictsOf({ comparisons = [] }: ResultDocument): Set<string> {
  return new Set(comparisons.flatMap(({ metrics }) => metrics.map(({ verdict }) => verdict)));
}

const CLAIMS = ["better", "worse"];

describe("the same against the same", () => {
  let result: ResultDocument;
  beforeAll(async () => {
    const flags = [...LONG, "--set", "workload.arrival.rate=500/s"];
    result = await runJudged(place, { name: "same", scenario: A_AGAINST_A, flags });
  }, RUN_MS);

  it("fails no gate and claims no difference of any metric", () => {
    expect(result.run.trials).toHaveLength(24);
    expect(result.comparisons?.[0]?.comparable).toBe(true);
    expect(result.comparisons?.[0]?.metrics.length).toBeGreaterThan(50);
    // The bound is one family in a hundred; simulated and real noise stay far below it (docs/verdicts.md).
    expect(listAlarms(result)).toEqual([]);
  });

  it("shows nothing but ~ when a run is compared with itself", async () => {
    const args = ["compare", "last", "last", "--db", "same.db"];
    const itself = JSON.parse((await place.run([...args, "--json"])).stdout) as ResultDocument;
    expect(verdictsOf(itself).size).toBeGreaterThan(0);
    for (const claim of CLAIMS) expect(verdictsOf(itself)).not.toContain(claim);
    const { code, stdout } = await place.run([...args, "--all"]);
    expect(code).toBe(0);
    const judged = stdout.split("\n").filter((line) => /^ {2}\S.* [↑↓] /.test(line));
    expect(judged.length).toBeGreaterThan(20);
    for (const line of judged) expect(line).toMatch(/ ~ /);
  });

  it.each([
    ["the kernel", "kernel.release", "kernel"],
    ["the number of processors", "cpu.count", "cpu.count"],
    ["a sysctl that the scenario does not declare", "client.net.ipv4.tcp_timestamps", "client"],
  ])("gives no verdict when %s changed", async (_, fact, allow) => {
    editFacts("same.db", "other.db", fact);
    const args = ["compare", "same.db#last", "other.db#last"];
    const strict = await place.run([...args, "--strict"]);
    expect(strict.code).toBe(5);
    expect(strict.stdout).toContain(`not comparable: ${fact} `);
    const plain = await place.run([...args, "--json"]);
    expect(plain.code).toBe(0);
    expect([...verdictsOf(JSON.parse(plain.stdout) as ResultDocument)]).toEqual(["not-comparable"]);
    const allowed = await place.run([...args, "--json", "--allow-diff", allow]);
    expect(verdictsOf(JSON.parse(allowed.stdout) as ResultDocument)).not.toContain(
      "not-comparable",
    );
  });
});

describe("--gate-model", () => {
  const gate = (db: string, ...more: string[]): Promise<Ended> =>
    place.run(["gate", "last", "--db", db, ...more]);

  it("passes a run that does what the port model predicts", async () => {
    const { code, stdout } = await gate("same.db", "--gate-model");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^port model: (\d+) of \1 predictions hold$/m);
  });

  it("ends with 99 when one trial contradicts the port model, which no gate of the scenario sees", async () => {
    editCount("same.db", "contradicted.db", "connections.succeeded");
    expect((await gate("contradicted.db")).code).toBe(0);
    const { code, stdout } = await gate("contradicted.db", "--gate-model");
    expect(code).toBe(99);
    expect(stdout).toMatch(/✗ disagrees .*client\.connections\.succeeded .* in 1 of 12 trials/);
  });
});

/** A copy of a database in which the client of the first trial counted half of what it did. */
function editCount(from: string, to: string, metric: string): void {
  const file = path.join(place.folder, to);
  copyFileSync(path.join(place.folder, from), file);
  const db = new DatabaseSync(file);
  try {
    const edit = db.prepare(
      `UPDATE measurement SET value = value / 2 WHERE role = 'client'
         AND metric = (SELECT id FROM metric WHERE name = ?) AND trial = (SELECT min(id) FROM trial)`,
    );
    expect(edit.run(metric).changes).toBe(1);
  } finally {
    db.close();
  }
}

/** A copy of a database in which one fact of every environment is another. */
function editFacts(from: string, to: string, fact: string): void {
  const file = path.join(place.folder, to);
  copyFileSync(path.join(place.folder, from), file);
  const db = new DatabaseSync(file);
  try {
    const edit = db.prepare("UPDATE environment SET facts = json_set(facts, ?, 'changed')");
    const { changes } = edit.run(`$."${fact}"`);
    expect(changes).toBeGreaterThan(0);
    const [row] = db
      .prepare("SELECT count(*) AS n FROM environment WHERE facts LIKE ?")
      .all(`%"${fact}":"changed"%`);
    expect(row?.["n"]).toBe(changes);
  } finally {
    db.close();
  }
}

describe("a target that became 10 % slower", () => {
  let result: ResultDocument;
  beforeAll(async () => {
    const flags = [...LONG, "--replicates", "10"];
    result = await runJudged(place, { name: "slower", scenario: SLOWER_TARGET, flags });
  }, RUN_MS);

  it("fails the gate on latency and no other", async () => {
    expect(failedGates(result)).toEqual(["after: client.latency.total.p50"]);
    const { code, stdout } = await place.run(["gate", "last", "--db", "slower.db"]);
    expect(code).toBe(99);
    expect(stdout).toMatch(/✗ fail +after +client\.latency\.total\.p50/);
  });

  it("is worse by about what it became slower, and says how sure that is", async () => {
    const metric = "client.latency.total.p50";
    const args = ["compare", "last", "--db", "slower.db", "--metric", metric];
    const { code, stdout } = await place.run([...args, "--strict"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/client\.latency\.total\.p50 ↓ .* \+\d+\.\d % .* ✗ WORSE$/m);
  });

  it("fails against what was exported before, and not against itself", async () => {
    const file = (name: string, document: object): string =>
      place.write(name, JSON.stringify(document));
    const swapped = renameVariants(result, { before: "after", after: "before" });
    const gate = (baseline: string, ...more: string[]): Promise<Ended> =>
      place.run(["gate", "last", "--db", "slower.db", "--baseline", baseline, ...more]);
    const itself = await gate(file("same.json", result));
    expect(itself.code).toBe(0);
    const before = await gate(file("before.json", swapped));
    expect(before.code).toBe(99);
    expect(before.stdout).toMatch(/✗ fail +after +client\.latency\.total\.p50/);
    const stored = await gate("last");
    expect(stored.code).toBe(0);
  });

  it("is not judged by a baseline of another kernel, or one that lacks the metric", async () => {
    const gate = (baseline: string, ...more: string[]): Promise<Ended> =>
      place.run(["gate", "last", "--db", "slower.db", "--baseline", baseline, ...more]);
    const elsewhere = editTrials(result, (trial) => {
      return { ...trial, facts: { ...trial.facts, "kernel.release": "5.0.0" } };
    });
    place.write("elsewhere.json", JSON.stringify(elsewhere));
    const refused = await gate("elsewhere.json");
    expect(refused.code).toBe(5);
    expect(refused.stdout).toMatch(
      /! not comparable .*made in another environment \(kernel\.release\)/,
    );
    const lacking = editTrials(result, (trial) => {
      const measurements = Object.entries(trial.measurements).filter(
        ([name]) => name !== "client.latency.total.p50",
      );
      return { ...trial, measurements: Object.fromEntries(measurements) };
    });
    place.write("lacking.json", JSON.stringify(lacking));
    const absent = await gate("lacking.json");
    expect(absent.code).toBe(4);
    expect(absent.stdout).toMatch(/! invalid .*total\.p50.*not measured/);
    const causes = [];
    for (const baseline of ["elsewhere.json", "lacking.json"]) {
      const { stdout } = await gate(baseline, "--json");
      const { gates } = readDocument("gate", stdout);
      causes.push(new Set(gates.map(causeOf)));
    }
    expect(causes[0]).toContain("not-comparable");
    expect(causes[0]).not.toContain("not-measured");
    expect(causes[1]).toContain("not-measured");
    expect(causes[1]).not.toContain("not-comparable");
    place.write("foreign.json", "{}");
    expect((await gate("foreign.json")).code).toBe(2);
  });
});

function editTrials(
  result: ResultDocument,
  edit: (trial: ResultTrial) => ResultTrial,
): ResultDocument {
  return { ...result, run: { ...result.run, trials: result.run.trials.map(edit) } };
}

function renameVariants(
  result: ResultDocument,
  names: Readonly<Record<string, string>>,
): ResultDocument {
  return editTrials(result, (trial) => {
    return { ...trial, variant: names[trial.variant] ?? trial.variant };
  });
}
