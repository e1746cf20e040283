import { openStore, type Store } from "@churnlab/store";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareRun, formatComparison, type Style } from "../../src/index.ts";
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
    return text.split("\n").find((line) => line.includes(` ${name} `)) ?? "";
  }

  test("claims what is sure, with its size and interval, and ends with one sentence", () => {
    const text = formatComparison(
      compareRun(store, run(TW_REUSE.replace("replicates: 6", "replicates: 12"))),
    );
    expect(lineOf(text, "client.connections.rate").split(/ {2,}/)).toEqual([
      "",
      "client.connections.rate",
      "↑",
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
    expect(text).toContain("the load generator was not the limit");
  });

  test("shows every replicate of few, and no verdict that few cannot bear", () => {
    const runId = run(TW_REUSE.replace("replicates: 6", "replicates: 3"));
    const text = formatComparison(compareRun(store, runId));
    expect(lineOf(text, "client.connections.rate")).toMatch(
      /256\/s ×3 +400\/s ×3 +~ +3 {2}~ need ≥ 5 blocks$/,
    );
    expect(lineOf(text, "client.latency.connect.p50")).toMatch(
      /\d+ µs \(\d+ · \d+ · \d+\) +[\d.]+ µs \([\d.]+ · [\d.]+ · [\d.]+\) +~ /,
    );
  });

  test("of a run with itself is `~` in every line that could claim a difference", () => {
    const runId = run(TW_REUSE);
    const text = formatComparison(compareRun(store, runId, { against: store.loadRun(runId) }));
    const judged = text.split("\n").filter((line) => /^ {2}\S.* [↑↓] /.test(line));
    expect(judged.length).toBeGreaterThan(20);
    for (const line of judged) expect(line).toMatch(/ ~ .* ~ \S/);
    expect(text).not.toMatch(/✓ better|WORSE/);
  });

  test("says why two runs are not comparable and how to compare them anyway", () => {
    const before = store.loadRun(run(TW_REUSE));
    const after = run(TW_REUSE.replace("400/s", "300/s"));
    const text = formatComparison(compareRun(store, after, { against: before }));
    expect(text).toContain("✗ not comparable: scenario.workload.arrival.ratePerS 400 ≠ 300");
    expect(text).toContain("--allow-diff scenario.workload.arrival.ratePerS judges anyway");
    expect(lineOf(text, "client.connections.rate")).toMatch(/~ not comparable$/);
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

  test("of one variant is its summary", () => {
    const text = formatComparison(compareRun(store, run(TWO_SECONDS)));
    expect(text).toContain("client.connections.rate");
    expect(text).not.toContain("verdict");
  });
});
