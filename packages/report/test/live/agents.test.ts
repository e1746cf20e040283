import { type AgentHealth, CPU_SHARE_BUSY, latenessBoundMs } from "@churnlab/core";
import { h } from "preact";
import { render } from "preact-render-to-string";
import { describe, expect, test } from "vitest";
import { Agents } from "../../src/live/agents.ts";

const WELL: AgentHealth = {
  agent: "local",
  workers: 2,
  engine: "ring",
  attemptedPerS: 100,
  open: 3,
  failed: 0,
  dropped: 0,
  cpuShare: 0.2,
  latenessUs: 80,
};

function healthOf(health: Partial<AgentHealth>, ratePerS: number | null): string {
  const html = render(h(Agents, { agents: [{ ...WELL, ...health }], ratePerS }));
  if (html.includes("<span>–</span>")) return "–";
  return /<\/span>(no processor left|late|keeps up)</.exec(html)?.[1] ?? html;
}

describe("an agent", () => {
  test("has no processor left from where a trial is warned of it", () => {
    expect(healthOf({ cpuShare: CPU_SHARE_BUSY }, 400)).toBe("no processor left");
    expect(healthOf({ cpuShare: CPU_SHARE_BUSY - 0.01 }, 400)).toBe("keeps up");
  });

  test.each([10_000, 400, 10])("is late beyond the bound of %i arrivals a second", (ratePerS) => {
    const boundUs = latenessBoundMs(ratePerS) * 1000;
    expect(healthOf({ latenessUs: boundUs }, ratePerS)).toBe("keeps up");
    expect(healthOf({ latenessUs: boundUs + 1 }, ratePerS)).toBe("late");
  });

  test("that has told nothing to judge it by is not said to keep up", () => {
    const silent = { cpuShare: null, latenessUs: null };
    expect([healthOf(silent, 400), healthOf(silent, null)]).toEqual(["–", "–"]);
    expect(healthOf({ cpuShare: null }, 400)).toBe("keeps up");
    expect(healthOf({ latenessUs: null }, 400)).toBe("–");
  });

  test("of a closed loop is never late", () => {
    expect(healthOf({ latenessUs: 60_000 }, null)).toBe("keeps up");
  });
});

test("the bound is 5 ms, or a tenth of the interval between arrivals", () => {
  expect([10_000, 20, 10, 1].map(latenessBoundMs)).toEqual([5, 5, 10, 100]);
});
