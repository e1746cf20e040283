import type { DestinationUse, PortCensus } from "@churnlab/linux";
import { describe, expect, it } from "vitest";
import { describeCensus } from "../../src/watch/describe-census.ts";

const RANGE = { usable: 100 };

function censusOf(ports: readonly number[], portsUsed: number) {
  const uses = ports.map((each) => ({ ports: each }) as DestinationUse);
  return {
    busiest: (limit) => uses.slice(0, limit),
    describeOmitted: () => null,
    portsUsed,
  } satisfies Pick<PortCensus, "busiest" | "describeOmitted" | "portsUsed">;
}

describe("the notes of a census", () => {
  it("tell a pool that binds its ports how many are taken, when no single destination shows it", () => {
    const [note, ...others] = describeCensus(censusOf([30, 30], 60), RANGE);
    expect(note).toMatch(/^60 of 100 local ports .* bind\(address, 0\)/);
    expect(others).toEqual([]);
  });

  it.each([
    ["one destination shows it", censusOf([60], 60), RANGE],
    ["half of the range is free", censusOf([25, 25], 50), RANGE],
    ["the range is not seen", censusOf([30, 30], 60), null],
    ["nothing dials", censusOf([], 0), RANGE],
  ])("are none where %s", (_case, census, range) => {
    expect(describeCensus(census, range)).toEqual([]);
  });

  it("say what was left out", () => {
    const census = { ...censusOf([1], 1), describeOmitted: () => "10 sockets" };
    expect(describeCensus(census, RANGE)).toEqual(["10 sockets"]);
  });
});
