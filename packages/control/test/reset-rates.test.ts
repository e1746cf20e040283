import { describe, expect, it } from "vitest";
import { ResetRates } from "../src/reset-rates.ts";
import { SampleSeries } from "../src/sample-series.ts";

/** Plays cumulative counts at times, a window ending at each. */
function play(counts: readonly (readonly [atMs: number, sent: number])[]): number[] {
  const series = new SampleSeries();
  const rates = new ResetRates("client", 0);
  for (const [atMs, sent] of counts) {
    series.addChanges("client", atMs, { idle: {}, now: { "tcp.OutRsts": sent } });
    rates.sample(series, atMs);
  }
  return series
    .toSamples(0)
    .filter(({ metric }) => metric === "rst.sent_rate")
    .map(({ value }) => value);
}

describe("ResetRates", () => {
  it("has the resets of each window over its length", () => {
    expect(
      play([
        [1000, 10],
        [2000, 10],
        [4000, 50],
      ]),
    ).toEqual([10, 0, 20]);
  });

  it("lets a window too short for a rate run into the next, so that none is lost", () => {
    expect(
      play([
        [1000, 10],
        [1100, 40],
        [2000, 60],
      ]),
    ).toEqual([10, 50]);
  });

  it("keeps no series where nothing was reset", () => {
    expect(
      play([
        [1000, 0],
        [2000, 0],
      ]),
    ).toEqual([]);
  });
});
