import { describe, expect, it } from "vitest";
import { SampleSeries } from "../src/sample-series.ts";

describe("SampleSeries", () => {
  it("leaves a hole where a counter is below what it was before the load", () => {
    const series = new SampleSeries();
    const idle = { "tcpext.TW": 5 };
    series.addChanges("client", 1, { idle, now: { "tcpext.TW": 7 } });
    series.addChanges("client", 2, { idle, now: { "tcpext.TW": 4 } });
    series.addChanges("client", 3, { idle, now: { "tcpext.TW": 9 } });
    expect(series.toSamples(0).map(({ tMs, value }) => [tMs, value])).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it("gives a window with both its ends", () => {
    const series = new SampleSeries();
    for (const atMs of [1, 2, 3, 4]) series.add("client", atMs, { time_wait: atMs });
    expect(series.window("client", "time_wait", { fromMs: 2, toMs: 3 })).toEqual([2, 3]);
  });
});
