import { openStore, type Store } from "@churnlab/store";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareRun, formatComparison, judgeRun, type Style } from "../../src/index.ts";
import { makeRun, TemporaryDirectory } from "../fixtures/make-run.ts";
import { TW_REUSE, TWO_SECONDS } from "../fixtures/scenarios.ts";

/** Shows what would be coloured. */
const MARKED: Style = {
  good: (text) => `<good>${text}</good>`,
  bad: (text) => `<bad>${text}</bad>`,
  doubt: (text) => `<doubt>${text}</doubt>`,
  quiet: (text) => `<quiet>${text}</quiet>`,
  strong: (text) => `<strong>${text}</strong>`,
};

describe("the text of a comparison", () => {
  const directory = new TemporaryDirectory();
  let store: Store;
  const run = (text: string): string => makeRun(store, text);

  beforeAll(() => {
    store = openStore(directory.file("runs.db"), { mode: "write" });
  });
  afterAll(() => {
    store.close();
    directory[Symbol.dispose]();
  });

  function lineOf(text: string, name: string): string {
    return text.split("\n").find((line) => line.trimStart().startsWith(`${name} `)) ?? "";
  }

  test("claims what is sure, with its size and interval, and ends with one sentence", () => {
    const text = formatComparison(
      compareRun(store, run(TW_REUSE.replace("replicates: 6", "replicates: 12"))),
    );
    expect(lineOf(text, "client.connections.rate").split(/ {2,}/)).toEqual([
      "client.connections.rate ↑",
      "256/s ×12",
      "400/s ×12",
      "+56.2 %",
      "[+56.2, +56.2] %",
      "12",
      "✓ better",
    ]);
    expect(text).toContain("varies as declared: client net.ipv4.tcp_tw_reuse 0 → 1");
    expect(text).toContain(
      "client.connections.rate: tw_reuse=1 is 1.56 × baseline (90 % interval 1.56 to 1.56, 12 blocks): better.",
    );
    expect(text).toMatch(
      /tw_reuse=1 is better on \d+, worse on 0, no different on \d+, unclear on \d+\./,
    );
    expect(text).toContain("the load generator showed no sign of being the limit");
  });

  test("says what claims are worth under a table of several variants, and of one nothing", () => {
    const both = TW_REUSE.replace("replicates: 6", "replicates: 12");
    const three = both.replace(
      "replicates:",
      "  - { name: off, sysctls: { client: { net.ipv4.tcp_tw_reuse: 0 } } }\nreplicates:",
    );
    const words =
      "Each variant is judged by itself: up to 1 % chance of a false claim in what is shown unasked,\nup to 2 % among these 2; as much again in all other metrics.";
    expect(formatComparison(compareRun(store, run(three)))).toContain(words);
    expect(formatComparison(compareRun(store, run(both)))).not.toContain("judged by itself");
  });

  test("says that the generator was the limit of trials that had no descriptor left", () => {
    const runId = makeRun(store, TW_REUSE, {
      outcomeOf: (trial, { record }) =>
        trial.block === 1
          ? {
              state: "invalid",
              record: { ...record, warnings: [{ code: "W_NO_DESCRIPTORS", message: "EMFILE" }] },
              reason: "EMFILE",
            }
          : { state: "completed", record },
    });
    expect(formatComparison(compareRun(store, runId)).replaceAll(/\s+/g, " ")).toContain(
      "late, busy, out of descriptors or short of its offer in 2 of 12 trials",
    );
  });

  test("begins with what the port model predicted, which one trial is enough to claim", () => {
    const runId = run(TW_REUSE.replace("replicates: 6", "replicates: 1"));
    const text = formatComparison(compareRun(store, runId));
    expect(text).toContain(
      "baseline ran out of ports after 5.12 s (predicted 5.12 s) at 2 048 connections, exactly its range;",
    );
    expect(text).toContain("tw_reuse=1 did not run out of ports, as predicted");
    expect(text).toMatch(/^baseline +✓ 2 048 \(2 048\) .*✓ 5\.12 s \(5\.12 s\)$/m);
    expect(text.indexOf("predicted")).toBeLessThan(text.indexOf("client.connections.rate"));
  });

  test("says so when the trials contradict the port model", () => {
    const runId = makeRun(store, TW_REUSE.replace("replicates: 6", "replicates: 1"), {
      outcomeOf: (_, { record }) => {
        const measurements = record.measurements.map((one) =>
          one.metric === "time_wait.peak" ? { ...one, value: one.value / 2 } : one,
        );
        return { state: "completed", record: { ...record, measurements } };
      },
    });
    const text = formatComparison(compareRun(store, runId));
    expect(text.replaceAll(/\s+/g, " ")).toContain(
      "It contradicts the port model in client.time_wait.peak.",
    );
    expect(text).toMatch(/^baseline .* ✗ 1 024 \(2 048\)/m);
  });

  test("of few blocks has medians and ranges, no verdict, and one line that says why", () => {
    const runId = run(TW_REUSE.replace("replicates: 6", "replicates: 3"));
    const text = formatComparison(compareRun(store, runId));
    expect(lineOf(text, "client.connections.rate")).toMatch(/256\/s ×3 +400\/s ×3$/);
    expect(lineOf(text, "client.latency.connect.p50")).toMatch(
      /\d+ µs \(\d+…\d+\) +[\d.]+ µs \([\d.]+…[\d.]+\)$/,
    );
    expect(text).toContain("3 blocks: medians only; an interval needs 5, a claim 8 or more");
    expect(text).not.toMatch(/verdict$|better|worse/im);
    const all = formatComparison(compareRun(store, runId), { all: true });
    expect(lineOf(all, "client.latency.connect.p50")).toMatch(
      /\d+ µs \(\d+ · \d+ · \d+\) +[\d.]+ µs \([\d.]+ · [\d.]+ · [\d.]+\) +~ +3$/,
    );
    expect(all).not.toContain("need ≥");
    expect(all.split("an interval needs 5")).toHaveLength(2);
  });

  test("names all that the scenario varies: sysctls, workload and target", () => {
    const variants = `variants:
  - { name: client closes }
  - { name: server closes, workload: { closer: server }, target: { server: builtin, backlog: 64 },
      sysctls: { client: { net.ipv4.tcp_fin_timeout: 30 } } }
`;
    const scenario = TWO_SECONDS.replace("replicates: 1", `${variants}replicates: 5`);
    const text = formatComparison(compareRun(store, run(scenario))).replaceAll(/\s+/g, " ");
    expect(text).toContain("varies as declared: ");
    expect(text).toContain("client net.ipv4.tcp_fin_timeout unset → 30");
    expect(text).toContain("target.backlog 4096 → 64");
    expect(text).toContain("workload.closer client → server");
  });

  test("fits on a screen, with a column for each variant and the baseline once", () => {
    const third = `${TW_REUSE}
`.replace(
      "replicates: 6",
      '  - { name: narrow, sysctls: { client: { net.ipv4.ip_local_port_range: "30000 30511" } } }\nreplicates: 2',
    );
    const lines = formatComparison(compareRun(store, run(third))).split("\n");
    expect(lines.length).toBeLessThanOrEqual(35);
    expect(lines.filter((line) => line.startsWith("median"))).toEqual([
      expect.stringMatching(/baseline +tw_reuse=1 +narrow$/),
    ]);
    for (const line of lines.slice(1)) expect(line.length).toBeLessThanOrEqual(100);
  });

  test("puts many variants under each other, each with the sign of its verdict", () => {
    const axes = `
matrix:
  sysctls.client.net.ipv4.ip_local_port_range: ["30000 30511", "30000 31023"]
  workload.arrival.rate: [50/s, 100/s, 200/s]
replicates: 12
`;
    const matrix = TW_REUSE.replace(/variants:[^]*/, axes).replace("measure: 8s", "measure: 4s");
    const lines = formatComparison(compareRun(store, run(matrix))).split("\n");
    const first = "port_range=30000-30511,rate=50/s";
    const [heads, rows] = [
      lines.filter((line) => line.startsWith("median (range)")),
      lines.filter((line) => line.startsWith("port_range=30000-30511,rate=100/s  ")),
    ];
    expect(heads.join(" ")).toMatch(/ connections\.succeeded ↑ .* connections\.rate ↑/);
    expect(rows.join(" ")).toMatch(/ 100\/s ×12 {2}\+100\.0 % ✓/);
    expect(lines.filter((line) => line.startsWith(`${first} `)).join(" ")).toMatch(/ 50\/s ×12/);
    for (const line of lines.slice(1)) expect(line.length).toBeLessThanOrEqual(100);
    expect(lines).toContain(
      "✓ better, ✗ worse, ~ no difference is claimed; --all has the intervals and reasons",
    );
    expect(lines).toContainEqual(expect.stringMatching(/^Counts are compared per connection/));
  });

  test("says once, and not of every metric, that a variant has no completed trial", () => {
    const runId = makeRun(store, TW_REUSE, {
      outcomeOf: (trial, { record }) =>
        trial.variant === "baseline"
          ? { state: "completed", record }
          : { state: "invalid", record, reason: "late" },
    });
    const text = formatComparison(compareRun(store, runId));
    expect(text.split("no completed trial")).toHaveLength(2);
    expect(text).toContain("tw_reuse=1 against baseline: one side has no completed trial.");
  });

  test("of a run with itself is `~` in every line that could claim a difference", () => {
    const runId = run(TW_REUSE);
    const comparison = compareRun(store, runId, { against: store.loadRun(runId) });
    const text = formatComparison(comparison, { all: true });
    const judged = text.split("\n").filter((line) => /^ {2}\S.* [↑↓] /.test(line));
    expect(judged.length).toBeGreaterThan(20);
    for (const line of judged) expect(line).toMatch(/ ~ .* ~ \S/);
    for (const shown of [text, formatComparison(comparison)]) {
      expect(shown).not.toMatch(/✓ better|WORSE/);
    }
  });

  test("says why two runs are not comparable and how to compare them anyway", () => {
    const before = store.loadRun(run(TW_REUSE));
    const after = run(TW_REUSE.replace("400/s", "300/s"));
    const text = formatComparison(compareRun(store, after, { against: before }));
    expect(text).toContain("✗ not comparable: scenario.workload.arrival.ratePerS 400 ≠ 300");
    expect(text).toContain("--allow-diff scenario.workload.arrival.ratePerS judges anyway");
    expect(text).not.toMatch(/verdict$|better|WORSE/m);
    const all = formatComparison(compareRun(store, after, { against: before }), { all: true });
    expect(lineOf(all, "client.connections.rate")).toMatch(/~ not comparable$/);
  });

  test("hides what is zero throughout, and shows everything on request", () => {
    const comparison = compareRun(store, run(TW_REUSE));
    expect(formatComparison(comparison)).not.toContain("client.connections.dropped");
    const all = formatComparison(comparison, { all: true });
    for (const name of [
      "client.connections.dropped",
      "client.latency.schedule.p999",
      "client.rst.sent",
    ]) {
      expect(lineOf(all, name)).not.toBe("");
    }
  });

  test("has no escape code, and is styled only through the style", () => {
    const comparison = compareRun(store, run(TW_REUSE.replace("replicates: 6", "replicates: 12")));
    const plain = formatComparison(comparison);
    expect(plain).not.toContain("\u001B");
    const marked = formatComparison(comparison, { style: MARKED });
    expect(marked).toContain("<good>✓</good> better");
    expect(
      marked.replaceAll(/<\/?(good|bad|doubt|quiet|strong)>/g, "").replaceAll(/ +/g, " "),
    ).toBe(plain.replaceAll(/ +/g, " "));
  });

  test("has the gates before the numbers that are compared", () => {
    const comparison = compareRun(store, run(TW_REUSE));
    const text = formatComparison(comparison, { gates: judgeRun(comparison.run) });
    expect(text).toMatch(/^gates: 1 of 3 gates failed/m);
    expect(text.indexOf("gates: ")).toBeLessThan(text.indexOf("client.connections.rate"));
    expect(text.indexOf("gates: ")).toBeGreaterThan(text.indexOf("predicted"));
  });

  test("of one variant is its summary, with its gates", () => {
    const gated = `${TWO_SECONDS}gates: [{ metric: client.connections.failed, max: 0 }]\n`;
    const alone = compareRun(store, run(gated));
    const summary = formatComparison(alone, { gates: judgeRun(alone.run) });
    expect(summary).toMatch(/^gates: 1 of 1 gate passed$/m);

    const text = formatComparison(compareRun(store, run(TWO_SECONDS)));
    expect(text).toContain("client.connections.rate");
    expect(text).not.toContain("verdict");
  });
});
