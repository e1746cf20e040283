import { describe, expect, it } from "vitest";
import {
  identifyProcess,
  lookForProcess,
  type ProcessSight,
  parseStartTicks,
} from "../src/process-identity.ts";

function statOf(name: string, state: string, startTicks: string): string {
  const between = Array.from({ length: 18 }, (_, index) => index + 4);
  return `7 (${name}) ${[state, ...between, startTicks, 99].join(" ")}\n`;
}

function sightOf(stats: Readonly<Record<number, string>>): ProcessSight {
  return { bootId: "boot", pidNamespace: "pid:[5]", readStat: (pid) => stats[pid] ?? null };
}

const SIGHT = sightOf({ 7: statOf("node", "S", "1234") });
const IDENTITY = identifyProcess(7, SIGHT);

describe("the identity of a process", () => {
  it("names boot, namespace, process id and start time", () => {
    expect(IDENTITY).toBe("boot/pid:[5]/7/1234");
  });

  it("is alive while its process is", () => {
    expect(lookForProcess(IDENTITY, SIGHT)).toBe("alive");
  });

  it.each([
    ["a process that used the same id before", "boot/pid:[5]/7/1", "dead"],
    ["an id that no process has", "boot/pid:[5]/8/1234", "dead"],
    ["another PID namespace", "boot/pid:[6]/7/1234", "other-namespace"],
    ["another boot", "other/pid:[5]/7/1234", "other-boot"],
  ])("of %s is told apart", (_, identity, seen) => {
    expect(lookForProcess(identity, SIGHT)).toBe(seen);
  });

  it("is dead once only the remains of its process are there", () => {
    expect(lookForProcess(IDENTITY, sightOf({ 7: statOf("node", "Z", "1234") }))).toBe("dead");
  });

  it("finds itself again on a system without /proc", () => {
    const blind: ProcessSight = { bootId: "", pidNamespace: "", readStat: () => null };
    expect(lookForProcess(identifyProcess(7, blind), blind)).toBe("alive");
  });
});

describe("a start time", () => {
  it("is found behind any name that a process gives itself", () => {
    expect(parseStartTicks(statOf("a) R 1 (b", "R", "77"))).toBe("77");
  });
});
