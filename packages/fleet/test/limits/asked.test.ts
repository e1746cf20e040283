import { parseScenario, splitWorkers } from "@churnlab/core";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { askedByArm, askedByPrepare } from "../../src/limits/asked.ts";
import type { ArmRequest } from "../../src/messages/trial-messages.ts";

test("the shares of all agents ask together for the rate of the trial", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 64 }),
      fc.integer({ min: 1, max: 16 }),
      (workers, agents) => {
        const asked = splitWorkers(workers, agents).map((share) => askedByArm(arm(OPEN, share)));
        const rate = asked.reduce((sum, { ratePerS = 0 }) => sum + ratePerS, 0);
        expect(rate).toBeCloseTo(400, 6);
      },
    ),
  );
});

test("an open loop asks for as many connections as are open when nothing is answered", () => {
  expect(askedByArm(arm(OPEN)).connections).toBe(400 * 3);
  expect(askedByArm(arm(OPEN.replace("short-lived", "hold"))).connections).toBe(400 * 8);
});

test("a ramp asks for its highest rate, whichever end that is", () => {
  const ramp = OPEN.replace("rate: 400/s", "rate: 900/s, shape: ramp, to: 100/s");
  expect(askedByArm(arm(ramp)).ratePerS).toBe(900);
});

test("a closed loop asks for its connections, and for a rate without bound", () => {
  const closed = OPEN.replace("model: open, rate: 400/s", "model: closed, connections: 64");
  expect(askedByArm(arm(closed))).toMatchObject({
    connections: 64,
    ratePerS: Number.POSITIVE_INFINITY,
    addresses: ["198.18.0.1"],
    ports: [8080],
  });
});

test("each side asks for the sysctls of its own roles", () => {
  const spec = specOf(OPEN);
  const request = {
    key: KEY,
    spec,
    sources: 1,
    workers: 1,
    peers: ["198.18.0.1"],
    clockOffsetMs: 0,
    liveMs: 200,
  };
  expect(askedByPrepare({ ...request, part: "load" }, false)).toEqual({
    role: "load",
    addresses: ["198.18.0.1"],
    sysctls: ["net.ipv4.tcp_tw_reuse"],
  });
  expect(askedByPrepare({ ...request, part: "target" }, true)).toEqual({
    role: "target",
    sysctls: ["net.core.somaxconn"],
    target: "builtin",
    hostTarget: true,
  });
});

const KEY = { trial: 0, attempt: 1 };

const OPEN = `
version: 1
name: asked
workload:
  kind: short-lived
  arrival: { model: open, rate: 400/s }
  timeouts: { connect: 1s, response: 2s }
phases: { warmUp: 2s, measure: 6s }
sysctls:
  client: { net.ipv4.tcp_tw_reuse: 1 }
  target: { net.core.somaxconn: 100 }
`;

function specOf(text: string) {
  const [variant] = parseScenario(text, "asked.yaml").variants;
  if (variant === undefined) throw new Error("a scenario has a variant");
  return variant.spec;
}

function arm(text: string, share = { first: 0, count: 1, of: 1 }): ArmRequest {
  const { workload, phases } = specOf(text);
  const target = { host: "198.18.0.1", port: 8080, path: "/", tls: false };
  return { key: KEY, seed: 1, workload, phases, target, share };
}
