import type { ResultDocument } from "@churnlab/report";
import { expect, it } from "vitest";
import { countVerdicts, orderRuns, type RunKind, type VerdictRun } from "../verdict-runs.ts";

const P50 = "latency.total.p50";

/** As much of a document as is counted. */
function run(
  kind: RunKind,
  { failed = [], claimed = "no-difference", state = "completed" }: Partial<Outcome> = {},
): VerdictRun {
  const document = {
    run: { trials: [{ state }] },
    gates: [
      ...failed.map((metric) => ({ metric, variant: "after", outcome: "fail" })),
      { metric: "client.connections.rate", variant: "after", outcome: "pass" },
    ],
    comparisons: [{ metrics: [{ role: "client", metric: P50, verdict: claimed, effect: 0.1 }] }],
  };
  return { kind, result: document as unknown as ResultDocument };
}

interface Outcome {
  readonly failed: readonly string[];
  readonly claimed: string;
  readonly state: string;
}

const figures = (runs: readonly VerdictRun[]): Record<string, unknown> =>
  Object.fromEntries(
    countVerdicts(runs).map(({ id, value, met }) => [id.replace("verdicts.", ""), [value, met]]),
  );

it("makes half as many slower runs as equal ones, and both kinds from the first on", () => {
  const order = orderRuns(20);
  expect(order.filter((kind) => kind === "same")).toHaveLength(20);
  expect(order.filter((kind) => kind === "slower")).toHaveLength(10);
  expect(order.slice(0, 3)).toEqual(["same", "slower", "same"]);
  expect(orderRuns(1)).toEqual(["same", "slower"]);
});

it("counts every gate that failed and every claim among equal variants as a false alarm", () => {
  const quiet = figures([run("same"), run("same", { claimed: "inconclusive" })]);
  expect(quiet).toMatchObject({
    "same.runs": [2, null],
    "same.gates": [2, null],
    "same.verdicts": [2, null],
    "same.alarms": [0, true],
  });
  const loud = [run("same", { failed: [`client.${P50}`] }), run("same", { claimed: "worse" })];
  expect(figures(loud)["same.alarms"]).toEqual([2, false]);
});

it("takes a slower target for caught when its latency gate fails and no other", () => {
  const caught = run("slower", { failed: [`client.${P50}`], claimed: "worse" });
  expect(figures([caught])).toMatchObject({
    "slower.caught": [100, true],
    "slower.change": [10, null],
    "same.alarms": [0, true],
  });
  const both = run("slower", { failed: [`client.${P50}`, "client.connections.rate"] });
  expect(figures([caught, both])["slower.caught"]).toEqual([50, false]);
  expect(figures([run("slower")])["slower.caught"]).toEqual([0, false]);
});

it("tells how many trials were invalid", () => {
  expect(figures([run("same", { state: "invalid" }), run("slower")])).toMatchObject({
    invalid_trials: [1, null],
  });
});
