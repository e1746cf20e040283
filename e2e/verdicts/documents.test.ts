import { readFileSync } from "node:fs";
import path from "node:path";
import type { GateDocument, HistoryDocument } from "@churnlab/report";
import { openStore } from "@churnlab/store";
import { afterAll, describe, expect, it } from "vitest";
import { type MakeRunOptions, makeRun } from "../../packages/report/test/fixtures/make-run.ts";
import { TWO_SECONDS } from "../../packages/report/test/fixtures/scenarios.ts";
import { Workplace } from "../cli/churnlab.ts";
import { readDocument } from "./read-document.ts";

const place = new Workplace();
afterAll(() => place[Symbol.dispose]());

const RATE = "metric: client.connections.rate";
const HARM = "metric: client.failures.EADDRNOTAVAIL";

const scenario = (gates: string, replicates = 1): string => `
${TWO_SECONDS.replace("replicates: 1", `replicates: ${replicates}`)}
variants: [ { name: before }, { name: after } ]
gates: [ ${gates} ]
`;

function store(name: string, ...runs: (readonly [text: string, options: MakeRunOptions])[]): void {
  using opened = openStore(path.join(place.folder, name), { mode: "write" });
  for (const [text, options] of runs) makeRun(opened, text, options);
}

interface Judged {
  readonly code: number | null;
  readonly document: GateDocument;
  readonly outcomes: readonly string[];
}

async function gate(name: string, ...more: string[]): Promise<Judged> {
  const { code, stdout } = await place.run(["gate", "last", "--db", name, "--json", ...more]);
  const document = readDocument("gate", stdout);
  const outcomes = document.gates.map(({ outcome, evidence }) =>
    evidence.kind === "none" ? `${outcome}: ${evidence.cause}` : `${outcome} by ${evidence.kind}`,
  );
  return { code, document, outcomes };
}

describe("gate --json is what its schema says", () => {
  it("of gates that pass, by a bound, a comparison and a budget", async () => {
    const gates = `{ ${RATE}, min: 1 }, { ${RATE}, against: baseline, worseBy: 3% }, { ${HARM}, against: baseline, worseBy: 10% }`;
    store("pass.db", [scenario(gates, 6), {}]);
    const { code, document, outcomes } = await gate("pass.db");
    expect(code).toBe(0);
    expect(document).toMatchObject({ doubt: null, predictions: null });
    expect(outcomes).toEqual([
      "pass by bound",
      "pass by bound",
      "pass by comparison",
      "pass by comparison",
    ]);
    const bases = document.gates.flatMap(({ evidence }) =>
      evidence.kind === "comparison" ? [evidence.comparison.basis] : [],
    );
    expect(bases).toEqual(["paired", "budget"]);
  });

  it("of a gate that fails, and one that too few blocks leave undecided", async () => {
    store("fail.db", [
      scenario(`{ ${RATE}, max: 1 }, { ${RATE}, against: baseline, worseBy: 3% }`),
      {},
    ]);
    const { code, outcomes } = await gate("fail.db");
    expect(code).toBe(99);
    expect(outcomes).toEqual(["fail by bound", "fail by bound", "inconclusive by comparison"]);
  });

  it("of a run without a valid trial, and of a metric that was not measured", async () => {
    const lost: MakeRunOptions = {
      outcomeOf: (_, { record }) => ({ state: "invalid", reason: "late", record }),
    };
    store("invalid.db", [scenario(`{ ${RATE}, min: 1 }`), lost]);
    const { code, document, outcomes } = await gate("invalid.db");
    expect(code).toBe(4);
    expect(document.doubt).toContain("do not count");
    expect(outcomes).toEqual(["invalid: not-measured", "invalid: not-measured"]);
  });

  it("of a baseline of another scenario, which is told apart from one without trials", async () => {
    const text = scenario(`{ ${RATE}, against: baseline, worseBy: 3% }`);
    store("other.db", [text.replace("100/s", "50/s"), {}], [text, {}]);
    const { code, outcomes } = await gate("other.db", "--baseline", "last~1");
    expect(code).toBe(5);
    expect(outcomes).toEqual(["invalid: not-comparable", "invalid: not-comparable"]);
    const text5 = await place.run(["gate", "last", "--db", "other.db", "--baseline", "last~1"]);
    expect(text5.stdout).toMatch(/^gates: 0 of 2 gates passed, 2 not comparable$/m);
    expect(text5.stdout).not.toContain("invalid");
  });

  it("of a run that goes on, and one without gates", async () => {
    const text = scenario(`{ ${RATE}, min: 1 }`);
    store("unfinished.db", [text, { runningAfter: 1 }]);
    const { code, document, outcomes } = await gate("unfinished.db");
    expect(code).toBe(4);
    expect(document.doubt).toMatch(/1 of 2 trials/);
    expect(outcomes).toEqual(["pass by bound", "invalid: not-measured"]);
    store("none.db", [TWO_SECONDS, {}]);
    expect(await gate("none.db")).toMatchObject({ code: 0, outcomes: [] });
  });

  it("with the port model's predictions, where they are asked for", async () => {
    const { document } = await gate("none.db", "--gate-model");
    const said = document.predictions?.map(
      (each) => `${each.metric} ${each.predicted} ${each.outcome}`,
    );
    expect(said).toEqual([
      "client.connections.succeeded 200 agrees",
      "client.connections.failed 0 agrees",
      "client.time_wait.peak 200 agrees",
      "target.time_wait.peak 0 agrees",
      "client.tcpext.TCPTimeWaitOverflow 0 agrees",
      "client.ports.first_exhausted_ms never agrees",
    ]);
  });

  it("and of nothing else", async () => {
    const { stdout } = await place.run(["gate", "last", "--db", "pass.db", "--json"]);
    const document = JSON.parse(stdout) as GateDocument;
    const other = { ...document, gates: [{ ...document.gates[0], outcome: "not comparable" }] };
    expect(() => readDocument("gate", JSON.stringify(other))).toThrow("gates/0/outcome");
    expect(() => readDocument("gate", JSON.stringify({ ...document, more: 1 }))).toThrow(
      "additional properties",
    );
  });
});

describe("history --json is what its schema says", () => {
  const history = async (...args: string[]): Promise<HistoryDocument> => {
    const { stdout } = await place.run(["history", "--json", "--db", "history.db", ...args]);
    return readDocument("history", stdout);
  };

  it("of a level that changed, of one branch, and of runs that lack the metric", async () => {
    const metric = "cpu.us_per_connection";
    const runs = Array.from({ length: 24 }, (_run, i): readonly [string, MakeRunOptions] => [
      TWO_SECONDS,
      {
        startedAtUnixMs: Date.UTC(2026, 9, 1) + i * 86_400_000,
        tags: { commit: `c${i}`, branch: i === 0 ? "side" : "main" },
        outcomeOf: (_, { record }) => {
          const value = (i < 12 ? 60 : 72) + (i % 3) * 0.1;
          const measurements = record.measurements.flatMap((each) => {
            if (each.metric !== metric || each.role !== "client") return [each];
            return i === 1 ? [] : [{ ...each, value }];
          });
          return { state: "completed", record: { ...record, measurements } };
        },
      },
    ]);
    store("history.db", ...runs);
    const all = await history(`client.${metric}`);
    expect(all.runs).toHaveLength(24);
    expect(all.alerts).toMatchObject([{ commit: "c12", direction: "worse" }]);
    const side = await history(`client.${metric}`, "--branch", "side");
    expect(side).toMatchObject({ branch: "side", alerts: [] });
    expect(side.runs).toHaveLength(1);
  });
});

describe("churnlab schema", () => {
  it.each(["scenario", "result", "gate", "history", "watch", "ping"])(
    "prints the shipped schema of %s",
    async (name) => {
      const file = new URL(`../../schema/${name}.schema.json`, import.meta.url);
      const { code, stdout } = await place.run(["schema", name]);
      expect([code, stdout.trim()]).toEqual([0, readFileSync(file, "utf8").trim()]);
    },
  );
});

describe("a run whose variants ran in different environments", () => {
  it("is stored and exported as not comparable, not as invalid", async () => {
    const elsewhere: MakeRunOptions = {
      outcomeOf: ({ variant }, { record }) => {
        const facts = { ...record.environment?.facts, "kernel.release": `${variant}-kernel` };
        return { state: "completed", record: { ...record, environment: { facts } } };
      },
    };
    store("elsewhere.db", [scenario(`{ ${RATE}, min: 1 }`, 6), elsewhere]);
    using opened = openStore(path.join(place.folder, "elsewhere.db"), { mode: "read" });
    const { comparisons } = opened.loadRun(opened.findRun("last"));
    expect(new Set(comparisons.map(({ verdict }) => verdict))).toEqual(new Set(["not-comparable"]));
    for (const format of ["text", "csv", "json"]) {
      const args = ["compare", "last", "--db", "elsewhere.db", "--format", format];
      const { stdout } = await place.run(args);
      expect(stdout).toMatch(/not.comparable/);
      expect(stdout).not.toContain("invalid");
    }
  });
});
