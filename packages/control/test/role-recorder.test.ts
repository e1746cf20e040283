import type { Observer } from "@churnlab/core";
import { expect, it } from "vitest";
import { RoleRecorder } from "../src/role-recorder.ts";
import { SampleSeries } from "../src/sample-series.ts";
import { TimedReadings } from "../src/timed-readings.ts";

/** Holes that are told of a host elsewhere whose samples came with these times. */
function countHoles(sampleMs: number, times: readonly number[]): number[] {
  let atMs = 0;
  const observer: Observer = {
    role: "client",
    sampleMs,
    readCounters: () => ({ gauges: {}, counters: {}, atMs }),
    readQueues: () => null,
    readPorts: () => null,
    takeEvents: () => [],
    conclude: () => [],
    close: () => {},
  };
  const trial = { series: new SampleSeries(), readings: new TimedReadings(), events: [] };
  const recorder = new RoleRecorder(observer, trial, 0);
  return times.map((time) => {
    atMs = time;
    return recorder.sample(time);
  });
}

it("takes samples of a host elsewhere as far apart as they are meant to be for whole", () => {
  expect(countHoles(200, [200, 400, 600])).toEqual([0, 0, 0]);
  expect(countHoles(1000, [1000, 2000, 3000])).toEqual([0, 0, 0]);
});

it("counts what never came from a host elsewhere in samples of this machine's interval", () => {
  expect(countHoles(200, [200, 1000])).toEqual([0, 3]);
  expect(countHoles(1000, [1000, 4000])).toEqual([0, 10]);
});
