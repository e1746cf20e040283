import { arrivalTimes, type OpenArrival } from "@churnlab/core";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ArrivalSchedule } from "../src/arrival-schedule.ts";
import type { WorkerJob } from "../src/engine.ts";
import { MEASURE, WARM_UP } from "../src/worker-counters.ts";
import { aWorkload, closed, open } from "./fixtures/a-workload.ts";

describe("the schedule of one worker", () => {
  test("together with those of the others is the global schedule, every arrival once", () => {
    const shape = fc.constantFrom("constant", "poisson", "ramp", "step");
    const limit = fc.option(fc.nat(80));
    fc.assert(
      fc.property(shape, fc.integer({ min: 1, max: 7 }), limit, (name, workers, most) => {
        const arrival = open(90, {
          shape: name,
          toPerS: 200,
          steps: 3,
          limit: most,
        }) as OpenArrival;
        const job = jobOf({ workload: aWorkload({ arrival }), warmUpMs: 300, measureMs: 700 });
        const all = Array.from({ length: workers }, (_, index) =>
          drain({ ...job, worker: { index, of: workers } }),
        ).flat();
        const measured = all.filter(({ bank }) => bank === MEASURE).map(({ atMs }) => atMs);
        const expected = [...arrivalTimes(arrival, 700, job.seed)].map((tMs) => 1300 + tMs);
        expect(measured.toSorted((a, b) => a - b)).toEqual(expected);
      }),
    );
  });

  test("offers the initial rate in the warm-up, without a limit and without the ramp", () => {
    const arrival = open(100, { shape: "ramp", toPerS: 1000, limit: 3 });
    const job = jobOf({ workload: aWorkload({ arrival }), warmUpMs: 500, measureMs: 500 });
    const warmUp = drain(job).filter(({ bank }) => bank === WARM_UP);
    expect(warmUp.map(({ atMs }) => atMs - 1000)).toEqual(
      Array.from({ length: 50 }, (_, i) => i * 10),
    );
    expect(drain(job).filter(({ bank }) => bank === MEASURE)).toHaveLength(3);
  });

  test("has other random gaps in the warm-up than in the measure phase", () => {
    const arrival = open(100, { shape: "poisson" });
    const job = jobOf({ workload: aWorkload({ arrival }), warmUpMs: 500, measureMs: 500 });
    const [first, second] = [WARM_UP, MEASURE].map((bank) =>
      drain(job).find((a) => a.bank === bank),
    );
    expect((first?.atMs ?? 0) - 1000).not.toBeCloseTo((second?.atMs ?? 0) - 1500, 3);
  });

  test("is empty in a closed loop", () => {
    expect(drain(jobOf({ workload: aWorkload({ arrival: closed(3) }) }))).toEqual([]);
  });
});

function jobOf(overrides: Partial<WorkerJob>): WorkerJob {
  return {
    workload: aWorkload(),
    target: { host: "198.18.0.1", port: 80, path: "/", tls: false },
    worker: { index: 0, of: 1 },
    sourceAddress: "198.19.0.1",
    seed: 5,
    startAtMs: 1000,
    warmUpMs: 0,
    measureMs: 1000,
    ...overrides,
  };
}

function drain(job: WorkerJob): { atMs: number; bank: number }[] {
  const schedule = new ArrivalSchedule(job);
  const arrivals: { atMs: number; bank: number }[] = [];
  for (; schedule.nextAtMs < Number.POSITIVE_INFINITY; schedule.advance()) {
    arrivals.push({ atMs: schedule.nextAtMs, bank: schedule.bank });
  }
  return arrivals;
}
