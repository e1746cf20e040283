import { describe, expect, test } from "vitest";
import { countOpenFiles } from "../src/count-open-files.ts";
import { parseSpec } from "./fixtures/scenario-texts.ts";

/** Beyond what the same scenario takes without a connection. */
function countEnds(more: string, workload: string): number {
  const spec = parseSpec(more, workload);
  return countOpenFiles(spec) - (256 + 8 * spec.workload.sources);
}

describe("open files", () => {
  const CLOSED = "kind: short-lived, arrival: { model: closed, connections: 1000 }";
  const GATEWAY = "topology: gateway";

  test.each([
    ["both ends of a connection between namespaces", "", 2000],
    ["one end where a command serves", "target: { command: [nginx, '{port}'], port: 8080 }", 1000],
    ["one end where a container serves", "testbed: docker", 1000],
    [
      "one end of what goes to a host that is not ours",
      "testbed: external\ntarget: { url: 'http://192.0.2.1/' }",
      1000,
    ],
    ["all four ends of what goes through the gateway", GATEWAY, 4000],
    [
      "no more of a gateway's connections than its pool has",
      `${GATEWAY}\nupstream: { connections: pooled, poolSize: 10 }`,
      2020,
    ],
    ["the upstream's end behind our gateway in a container", `testbed: docker\n${GATEWAY}`, 2000],
    [
      "the least at the upstream's end behind a gateway of somebody else, which may pool",
      `testbed: docker\n${GATEWAY}\ntarget: { image: nginx, port: 80 }`,
      1000 + 128,
    ],
    [
      "the same behind one that is a command",
      `${GATEWAY}\ntarget: { command: [nginx, '{port}'], port: 8080 }`,
      1000 + 128,
    ],
  ])("are %s", (_, more, ends) => {
    expect(countEnds(more, CLOSED)).toBe(ends);
  });

  test.each([
    ["rate: 1000/s", 11_000],
    ["rate: 1000/s, limit: 500", 1500],
    ["rate: 1000/s, shape: ramp, to: 3000/s", 21_000],
    ["rate: 3000/s, shape: ramp, to: 1000/s", 23_000],
  ])("of what is held are all that arrive: %s", (arrival, held) => {
    const phases = "phases: { warmUp: 1s, measure: 10s }";
    expect(countEnds(phases, `kind: hold, arrival: { ${arrival} }`)).toBe(2 * held);
  });

  test("of an open loop are the least that makes sense, however fast it is", () => {
    const ends = (rate: string) => countEnds("", `kind: short-lived, arrival: { rate: ${rate} }`);
    expect(ends("10/s")).toBe(256);
    expect(ends("50000/s")).toBe(256);
  });

  test("grow with the sources", () => {
    const count = (sources: number) =>
      countOpenFiles(parseSpec("", `${CLOSED}, sources: ${sources}`));
    expect(count(8) - count(1)).toBe(7 * 8);
  });
});
