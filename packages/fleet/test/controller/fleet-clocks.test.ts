import { describe, expect, it } from "vitest";
import type { AgentLink, MeasuredClock } from "../../src/controller/agent-link.ts";
import { type AgentStart, FleetClocks } from "../../src/controller/fleet-clocks.ts";

/** A link whose clock is measured as this, before the trial and after it. */
function aLink(name: string, clocks: readonly Partial<MeasuredClock>[]): AgentLink {
  const found = clocks.map((clock) => {
    return { offsetMs: 0, errorMs: 0.2, roundTripMs: 0.4, exchanges: [], ...clock };
  });
  return {
    name,
    lost: new AbortController().signal,
    nowMs: () => 0,
    exchangeClock: async () => {},
    measureClock: async () => (found.length > 1 ? found.shift() : found[0]),
  } as unknown as AgentLink;
}

async function conclude(
  links: readonly AgentLink[],
  starts: readonly AgentStart[] = [],
): Promise<{ warnings: string[]; of: (metric: string) => number | undefined }> {
  using clocks = await FleetClocks.measure(links);
  const { measurements, warnings } = await clocks.conclude(starts);
  return {
    warnings: warnings.map(({ code, message }) => `${code} ${message}`),
    of: (metric) => measurements.find((each) => each.metric === metric)?.value,
  };
}

describe("the clocks of a trial", () => {
  it("are kept as the offset farthest from zero, and its error, and raise no doubt within the bounds", async () => {
    const links = [
      aLink("a1", [{ offsetMs: 5000, errorMs: 1 }]),
      aLink("a2", [{ offsetMs: -5001, errorMs: 5 }]),
    ];
    const { warnings, of } = await conclude(links);
    expect(warnings).toEqual([]);
    expect(of("fleet.offset_ms")).toBe(-5001);
    expect(of("fleet.offset_error_us")).toBe(5000);
  });

  it.each([
    ["before", [{ errorMs: 5.1 }, { errorMs: 0.2 }]],
    ["after", [{ errorMs: 0.2 }, { errorMs: 5.1 }]],
  ])("that are not known to 5 ms %s it make it invalid, by the agent", async (_when, clocks) => {
    const { warnings } = await conclude([aLink("a1", [{}]), aLink("a2", clocks)]);
    expect(warnings).toEqual([
      "W_CLOCK_UNSURE the clock of a2 is known to 5.1 ms only (bound 5 ms)",
    ]);
  });

  it("that moved by more than 5 ms and their error make it invalid, by the agent", async () => {
    const moved = (ms: number): AgentLink[] => [aLink("a1", [{}, { offsetMs: ms }])];
    expect((await conclude(moved(5.1))).warnings).toEqual([]);
    const { warnings, of } = await conclude(moved(5.3));
    expect(warnings).toEqual([
      "W_CLOCK_UNSURE the clock of a1 moved by 5.3 ms during the trial (bound 5 ms)",
    ]);
    expect(of("fleet.drift_us")).toBeCloseTo(5300);
  });
});

describe("the starts of a trial", () => {
  const links = [aLink("a1", [{ errorMs: 1 }]), aLink("a2", [{ errorMs: 2 }])];

  it("are as far apart as the earliest and the latest say, and the error of the clocks", async () => {
    const starts = [
      { least: 0.5, most: 3 },
      { least: 0.25, most: 1 },
    ];
    const { warnings, of } = await conclude(links, starts);
    expect(warnings).toEqual([]);
    expect(of("fleet.start_skew_us")).toBeCloseTo(3000 - 250 + 2000);
  });

  it("that are more than 50 ms apart make it invalid", async () => {
    const starts = (most: number): AgentStart[] => [
      { least: 0, most: 0 },
      { least: 0, most },
    ];
    expect((await conclude(links, starts(48))).warnings).toEqual([]);
    expect((await conclude(links, starts(48.5))).warnings).toEqual([
      "W_CLOCK_UNSURE the agents' first connections were begun 50.5 ms apart (bound 50 ms)",
    ]);
  });

  it("of one agent have no error of clocks between them; of none there is nothing to say", async () => {
    const [one] = links as [AgentLink];
    expect((await conclude([one], [{ least: 1, most: 3 }])).of("fleet.start_skew_us")).toBe(2000);
    expect((await conclude([one])).of("fleet.start_skew_us")).toBeUndefined();
  });
});
