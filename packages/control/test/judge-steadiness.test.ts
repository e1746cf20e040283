import type { ShardReport, Tally, Workload } from "@churnlab/core";
import { expect, it } from "vitest";
import { judgeSteadiness } from "../src/judge-steadiness.ts";
import { SampleSeries } from "../src/sample-series.ts";
import type { TrialEvidence } from "../src/trial-evidence.ts";
import { aTrial } from "./fakes/a-trial.ts";
import { NO_LOAD, reportOf } from "./fakes/fake-world.ts";

const MEASURE_MS = 8000;
const STARTED_AT_MS = 500;

/** A trial whose rate falls from 1.5 to 0.5 per ms, sampled at 5 Hz. */
function judge(
  workload: Partial<Workload> = {},
  counts: Partial<Tally["connections"]> = {},
): string[] {
  const series = new SampleSeries();
  for (let atMs = 0; atMs <= MEASURE_MS; atMs += 200) {
    const count = 1.5 * atMs - atMs ** 2 / (2 * MEASURE_MS);
    const now = { "connections.succeeded": count };
    series.addChanges("client", STARTED_AT_MS + atMs, { idle: {}, now });
  }
  const plain = aTrial();
  const trial = aTrial({
    phases: { ...plain.spec.phases, measureMs: MEASURE_MS },
    workload: { ...plain.spec.workload, ...workload },
  });
  const report: ShardReport = reportOf("a", NO_LOAD);
  const connections = { ...report.tally.connections, ...counts };
  const evidence = {
    trial,
    recording: { series, measureAtMs: STARTED_AT_MS },
    report: { ...report, tally: { ...report.tally, connections } },
    aborted: false,
  };
  return judgeSteadiness(evidence as unknown as TrialEvidence).map(({ message }) => message);
}

it("says by how much the rate of a steady load changed", () => {
  expect(judge()).toEqual([
    expect.stringMatching(/^the rate of connections\.succeeded fell by \d\d % during the measure/),
  ]);
  expect(
    judge({ arrival: { model: "closed", connections: 4 } as Workload["arrival"] }),
  ).toHaveLength(1);
});

it("is silent where the rate is meant to change, and where failures say why it did", () => {
  const { arrival } = aTrial().spec.workload;
  expect(judge({ arrival: { ...arrival, shape: "ramp" } as Workload["arrival"] })).toEqual([]);
  expect(judge({ arrival: { ...arrival, limit: 100 } as Workload["arrival"] })).toEqual([]);
  expect(judge({ kind: "hold" })).toEqual([]);
  expect(judge({ kind: "keep-alive" })).toEqual([]);
  expect(judge({}, { failed: 1 })).toEqual([]);
});
