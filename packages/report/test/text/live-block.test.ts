import stringWidth from "string-width";
import { describe, expect, test } from "vitest";
import { formatLiveBlock, formatLiveLine, type LiveBlock, measureRates } from "../../src/index.ts";

const state: LiveBlock = {
  runId: "01KAMQ3N8R",
  variant: { name: "tw_reuse=1", number: 2, of: 2 },
  replicate: { number: 3, of: 3 },
  trial: { number: 6, of: 6 },
  phase: "measure",
  elapsedMs: 44_000,
  expectedMs: 55_000,
  sockets: { open: 1, timeWait: 1015 },
  portRange: 2048,
  rates: { offeredPerS: 400, achievedPerS: 400.2, failedPerS: 0 },
  counts: { attempted: 2100, failed: 0, dropped: 0 },
  connectUsP99: 402,
  events: [
    { atMs: 5100, variant: "baseline", text: "first EADDRNOTAVAIL" },
    { atMs: 14_000, variant: "baseline", text: "first EADDRNOTAVAIL" },
    { atMs: 23_000, variant: "baseline", text: "first EADDRNOTAVAIL" },
  ],
};

describe("the live block", () => {
  test("says where the run is, what the ports do, and what happened last", () => {
    expect(formatLiveBlock(state, 120)).toEqual([
      "run 01KAMQ3N8R  variant 2/2 tw_reuse=1  replicate 3/3  measure  ████████████████░░░░  00:44/00:55",
      "ports    open 1   TIME_WAIT 1 015 of 2 048  █████████████▉                free 1 032",
      "rate     offered 400/s   achieved 400/s   failed 0/s   failures 0   connect p99 402 µs",
      "events   00:14 baseline: first EADDRNOTAVAIL",
      "         00:23 baseline: first EADDRNOTAVAIL",
    ]);
  });

  test.each([20, 40, 60, 80, 100])("fits into %d columns", (columns) => {
    const wide = { ...state, variant: { ...state.variant, name: "変種".repeat(10) } };
    for (const line of formatLiveBlock(wide, columns)) {
      expect(stringWidth(line)).toBeLessThanOrEqual(columns);
    }
  });

  test.each([60, 80])("is whole on %i columns, on more lines", (columns) => {
    const lines = formatLiveBlock(state, columns);
    const whole = formatLiveBlock({ ...state }, 200);
    for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
    const words = (block: readonly string[]): string[] => block.join(" ").split(/\s+/);
    expect(words(lines)).toEqual(words(whole));
  });

  test("shows what is not known yet as unknown, not as zero", () => {
    const early = {
      ...state,
      phase: "prepare",
      sockets: null,
      rates: null,
      connectUsP99: null,
      events: [],
    } as const;
    expect(formatLiveBlock(early, 120).slice(1)).toEqual([
      "ports    not seen yet",
      "rate     achieved –   failed –   failures 0",
    ]);
  });

  test("the port bar is full when no port is left, and never longer than the range", () => {
    const full = { ...state, sockets: { open: 100, timeWait: 2048 } };
    expect(formatLiveBlock(full, 120)[1]).toContain(`${"█".repeat(28)}  free 0`);
  });

  test("a closed loop offers no rate, and load that was not offered is told", () => {
    const closed = {
      ...state,
      rates: { offeredPerS: null, achievedPerS: 1200, failedPerS: 3 },
      counts: { attempted: 5000, failed: 12, dropped: 7 },
    };
    expect(formatLiveBlock(closed, 120)[2]).toBe(
      "rate     achieved 1 200/s   failed 3/s   failures 12   dropped 7   connect p99 402 µs",
    );
  });
});

test("the line for a log says the same without a block", () => {
  expect(formatLiveLine(state)).toBe(
    "00:44/00:55  trial 6/6  tw_reuse=1  replicate 3/3  measure  400/s  attempted 2 100  failed 0  TIME_WAIT 1 015 of 2 048",
  );
});

test("rates are counted between two moments", () => {
  const before = { atMs: 1000, succeeded: 100, failed: 0 };
  expect(measureRates(before, { atMs: 1500, succeeded: 300, failed: 5 })).toEqual({
    achievedPerS: 400,
    failedPerS: 10,
  });
  expect(measureRates(before, before)).toBeNull();
});
