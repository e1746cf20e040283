import { copyFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { causeOf, WARNING_CODES } from "@churnlab/core";
import type { ResultDocument, ResultTrial } from "@churnlab/report";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ended, Workplace } from "../cli/churnlab.ts";
import { failedGates, listAlarms } from "./list-alarms.ts";
import { readDocument } from "./read-document.ts";
import { A_AGAINST_A, HALVED_BACKLOG, HALVED_PORTS, SLOWER_TARGET } from "./scenarios.ts";

const RUN_MS = 120_000;
const TRIES_MAX = 2;
/**
 * A trial is invalid when a tenth of its arrivals were 100 ms late: of so long a phase, one stall of the machine has to take
 * 200 ms for that.
 */
const LONG = ["--set", "phases.measure=1s"];

const place = new Workplace();
afterAll(() => place[Symbol.dispose]());

/** Runs a scenario into a database of its own and reads the result that it prints. */
async function runOnce(name: string, scenario: string, ...more: string[]): Promise<ResultDocument> {
  const file = place.write(`${name}.yaml`, scenario);
  const { stdout } = await place.run(["run", file, "--db", `${name}.db`, "--json", ...more]);
  return JSON.parse(stdout) as ResultDocument;
}

/**
 * The same, of which every trial counts. A run with trials that the generator limited tells of the machine, which may be
 * better the next time; no other doubt is worth a second try.
 */
async function run(name: string, scenario: string, ...more: string[]): Promise<ResultDocument> {
  for (let tries = 1; ; tries++) {
    const result = await runOnce(name, scenario, ...more);
    const lost = result.run.trials.filter(({ state }) => state !== "completed");
    if (lost.length === 0) return result;
    const why = lost.map((trial) => `${trial.variant} ${trial.state}: ${reasonsOf(trial)}`);
    if (tries < TRIES_MAX && lost.every(isGeneratorLimited)) continue;
    throw new Error(`${name}: ${lost.length} trials do not count:\n${why.join("\n")}`);
  }
}

function reasonsOf({ reason, warnings }: ResultTrial): string {
  return [reason ?? "", ...warnings.map(({ code, message }) => `${code} ${message}`)].join("; ");
}

function isGeneratorLimited({ state, warnings }: ResultTrial): boolean {
  const fatal = warnings.filter(({ code }) => WARNING_CODES[code].invalidates);
  return state === "invalid" && fatal.every(({ code }) => code === "W_GENERATOR_LIMITED");
}

/** The verdicts that were given on any metric. */
function verdictsOf({ comparisons = [] }: ResultDocument): Set<string> {
  return new Set(comparisons.flatMap(({ metrics }) => metrics.map(({ verdict }) => verdict)));
}

const CLAIMS = ["better", "worse"];

describe("the same against the same", () => {
  let result: ResultDocument;
  beforeAll(async () => {
    result = await run("same", A_AGAINST_A, ...LONG, "--set", "workload.arrival.rate=500/s");
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
    result = await run("slower", SLOWER_TARGET, ...LONG, "--replicates", "10");
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

describe("a limit that was halved", () => {
  it("of the backlog fails the gate on overflows, with as many as no longer fit", async () => {
    const result = await run("backlog", HALVED_BACKLOG);
    expect(failedGates(result)).toEqual(["after: target.tcpext.ListenOverflows"]);
    expect((await place.run(["gate", "last", "--db", "backlog.db"])).code).toBe(99);
  });

  it("of ports fails the gate on EADDRNOTAVAIL, with as many as no longer fit", async () => {
    const result = await run("ports", HALVED_PORTS);
    expect(failedGates(result)).toEqual(["after: client.failures.EADDRNOTAVAIL"]);
    const { code, stdout } = await place.run(["gate", "last", "--db", "ports.db"]);
    expect(code).toBe(99);
    expect(stdout).toMatch(/✗ fail .*EADDRNOTAVAIL ≤ 0 +50, must be at most 0/);
  });

  it("cannot be decided by statistics in one trial, which --strict says with 5", async () => {
    const compared = await place.run(["compare", "last", "--db", "ports.db", "--strict"]);
    expect(compared.code).toBe(5);
    expect(compared.stdout).toContain("1 block: medians only; a verdict needs at least 5");
  });

  it("shows in the history of the metric, which fails nothing", async () => {
    await run("ports", HALVED_PORTS, "--only", "after");
    const args = ["history", "client.failures.EADDRNOTAVAIL", "--variant", "after"];
    const { code, stdout } = await place.run([...args, "--db", "ports.db"]);
    expect(code).toBe(0);
    expect(stdout.split("\n").filter((line) => / 50 /.test(line))).toHaveLength(2);
    const json = await place.run([...args, "--db", "ports.db", "--json"]);
    const { runs } = readDocument("history", json.stdout);
    expect(runs.map(({ value }) => value)).toEqual([50, 50]);
  });
});

describe("replicates: auto", () => {
  it(
    "ends at a look, as a run that is complete",
    async () => {
      const args = ["--replicates", "auto", "--set", "phases.measure=200ms"];
      const { run: ran } = await runOnce("auto", HALVED_PORTS, ...args);
      expect([16, 24, 32]).toContain(ran.trials.length);
      expect(ran).toMatchObject({ state: "completed", plannedTrials: ran.trials.length });
    },
    RUN_MS,
  );
});

describe("a run that goes on", () => {
  it("can be read, compared and judged by what it has so far", async () => {
    const file = place.write("goes-on.yaml", HALVED_PORTS.replace("measure: 500ms", "measure: 5s"));
    const started = place.start(["run", file, "--db", "goes-on.db"]);
    await started.shows("trial 2/2");
    const shown = await place.run(["show", "last", "--db", "goes-on.db"]);
    expect(shown.code).toBe(0);
    expect(shown.stdout).toContain("1 of 2 trials  ● running");
    const compared = await place.run(["compare", "last", "--db", "goes-on.db"]);
    expect(compared.code).toBe(0);
    expect(compared.stdout).toContain("after against before: one side has no completed trial.");
    const judged = await place.run(["gate", "last", "--db", "goes-on.db", "--strict"]);
    expect(judged.stdout).toMatch(/! invalid .*no trial of this variant completed/);
    started.child.kill("SIGINT");
    expect((await started.ended).code).toBe(130);
  });
});

describe("what is not there", () => {
  it("is refused with 2 and the nearest that is", async () => {
    const name = "client.connections.rat";
    const metric = await place.run(["compare", "last", "--db", "ports.db", "--metric", name]);
    expect(metric.code).toBe(2);
    expect(metric.stderr).toContain("Did you mean client.connections.rate?");
    const history = await place.run(["history", "client.conections.rate", "--db", "ports.db"]);
    expect(history.code).toBe(2);
    expect(history.stderr).toContain("Did you mean client.connections.rate?");
    const other = await place.run(["compare", "nothing", "--db", "ports.db"]);
    expect(other.code).toBe(2);
  });
});

describe("churnlab new", () => {
  it("writes a scenario that is valid as it is, and keeps a file that exists", async () => {
    const args = ["new", "mine.yaml", "--template", "port-range"];
    expect((await place.run(args)).code).toBe(0);
    expect((await place.run(["validate", "mine.yaml"])).code).toBe(0);
    writeFileSync(path.join(place.folder, "mine.yaml"), "mine");
    const refused = await place.run(args);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("--force");
    expect((await place.run([...args, "--force"])).code).toBe(0);
    expect((await place.run(["validate", "mine.yaml"])).code).toBe(0);
  });
});

describe("formats", () => {
  it("of a comparison go to stdout, with nothing else", async () => {
    const compare = (format: string): Promise<Ended> =>
      place.run(["compare", "last~1", "--db", "ports.db", "--format", format]);
    expect((await compare("csv")).stdout).toMatch(/^run_id,baseline,variant,role,metric,n,/);
    expect((await compare("markdown")).stdout).toMatch(/^### halved-ports$/m);
    expect((await compare("xml")).code).toBe(2);
  });

  it("of samples come a line each, the same on stdout and in a file", async () => {
    const args = ["export", "last", "--db", "ports.db", "--format", "ndjson"];
    const { code, stdout } = await place.run(args);
    expect(code).toBe(0);
    const types = stdout
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as Typed).type);
    expect(new Set(types)).toEqual(
      new Set(["run", "trial", "measurement", "failure", "event", "sample", "gate", "end"]),
    );
    const written = await place.run([...args, "-o", "samples.ndjson"]);
    expect(written).toMatchObject({ code: 0, stdout: "" });
    expect((await place.run([...args, "-o", "nowhere/x"])).code).toBe(2);
  });
});

interface Typed {
  readonly type: string;
}
