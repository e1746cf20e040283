import { describe, expect, it } from "vitest";
import { joinReadings } from "../src/joint-observer.ts";

function gaugesOf(...gauges: readonly Record<string, number>[]): Readonly<Record<string, number>> {
  return joinReadings(gauges.map((each) => ({ gauges: each, counters: {} }))).gauges;
}

describe("several namespaces of one role", () => {
  it("add up, but for what the kernel keeps for its whole machine", () => {
    const one = { time_wait: 3, "host.tcp.mem": 7 };
    expect(gaugesOf(one, one)).toEqual({ time_wait: 6, "host.tcp.mem": 7 });
  });

  it("have the fullest table of tracked connections, so that a full one is not a quarter full", () => {
    const full = { conntrack: 100, "conntrack.max": 100 };
    const nearlyEmpty = { conntrack: 1, "conntrack.max": 100 };
    expect(gaugesOf({ conntrack: 0 }, nearlyEmpty, full, nearlyEmpty)).toEqual(full);
  });

  it("have the fullest table, not the one of most entries, where hosts differ in its size", () => {
    const full = { conntrack: 100, "conntrack.max": 100 };
    expect(gaugesOf({ conntrack: 200, "conntrack.max": 1000 }, full)).toEqual(full);
  });

  it("say how many are tracked where the maximum is not known, and nothing where nothing tracks", () => {
    expect(gaugesOf({ conntrack: 0 }, { conntrack: 0 })).toEqual({ conntrack: 0 });
    expect(gaugesOf({ time_wait: 0 })).toEqual({ time_wait: 0 });
  });
});
