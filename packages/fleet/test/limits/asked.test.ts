import {
  arrivalTimes,
  type OpenArrival,
  type Phases,
  parseScenario,
  splitWorkers,
} from "@churnlab/core";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { askedByArm, askedByPrepare } from "../../src/limits/asked.ts";
import { workloadSchema } from "../../src/messages/spec-schema.ts";
import {
  type ArmRequest,
  armRequestSchema,
  type PrepareRequest,
  prepareRequestSchema,
} from "../../src/messages/trial-messages.ts";

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
  // 1 s to connect, 2 s for the answer, 2 s for the close of the other side
  expect(askedByArm(arm(OPEN)).connections).toBe(400 * 5);
  expect(askedByArm(arm(OPEN.replace("short-lived", "hold"))).connections).toBe(400 * 8);
});

test.each(["short-lived", "keep-alive"])(
  "a %s connection is asked for as long as its pauses keep it, and no longer than the load",
  (kind) => {
    const thinking = (time: string): string =>
      OPEN.replace("kind: short-lived", `kind: ${kind}\n  thinkTime: ${time}`);
    expect(askedByArm(arm(thinking("1s"))).connections).toBe(400 * 6);
    expect(askedByArm(arm(thinking("1h"))).connections).toBe(400 * 8);
  },
);

test("several requests on a connection count each, and those of one connection within a second", () => {
  const many = (requests: string): string =>
    OPEN.replace("kind: short-lived", `kind: short-lived\n  requestsPerConnection: ${requests}`);
  expect(askedByArm(arm(many("3"))).ratePerS).toBe(1200);
  expect(askedByArm(arm(many("2..5"))).ratePerS).toBe(2000);
  const seldom = many("90000").replace("400/s", "1/h");
  expect(askedByArm(arm(seldom)).ratePerS).toBe(90_000);
  expect(askedByArm(arm(seldom)).connections).toBe(1);
});

test("requests without end are those of a closed loop, which no open one may hide", () => {
  const { workload } = arm(OPEN);
  const endless = { ...workload, requestsPerConnection: "unlimited" as const };
  expect(workloadSchema.safeParse(workload).success).toBe(true);
  expect(workloadSchema.safeParse(endless).success).toBe(false);
  expect(askedByArm({ ...arm(OPEN), workload: endless }).ratePerS).toBe(Number.POSITIVE_INFINITY);
});

test("both parts ask for the warm-up, the measure phase and the drain of the trial, before anything of it is there", () => {
  const drained = OPEN.replace("measure: 6s", "measure: 6s, drain: 47h");
  const durationMs = 8000 + 47 * 3_600_000;
  expect(askedByArm(arm(drained)).durationMs).toBe(durationMs);
  for (const part of ["load", "target"] as const) {
    const request = { ...REQUEST, spec: specOf(drained), part };
    expect(askedByPrepare(request, "host").durationMs).toBe(durationMs);
  }
});

test("the connections of a closed loop are those that the workers of the share get", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 64 }),
      fc.integer({ min: 1, max: 16 }),
      fc.integer({ min: 1, max: 1000 }),
      (workers, agents, connections) => {
        const closed = OPEN.replace(
          "model: open, rate: 400/s",
          `model: closed, connections: ${connections}`,
        );
        const asked = splitWorkers(workers, agents)
          .filter(({ count }) => count > 0)
          .map((share) => askedByArm(arm(closed, share)).connections ?? 0);
        expect(asked.reduce((sum, each) => sum + each, 0)).toBe(connections);
      },
    ),
  );
});

const shapes = fc.constantFrom("constant", "ramp", "step");
const rates = fc.double({ min: 0.5, max: 500, noNaN: true });
/** Also what no scenario could say: such a message is refused, or judged by what it does. */
const plateaus = fc.oneof(
  fc.integer({ min: -1, max: 20 }),
  fc.double({ min: 0.1, max: 3, noNaN: true }),
);

/** `times`: ascending, milliseconds. */
function countBusiestSecond(times: readonly number[]): number {
  let from = 0;
  let most = 0;
  for (const [i, at] of times.entries()) {
    while (at - (times[from] ?? at) >= 1000) from += 1;
    most = Math.max(most, i - from + 1);
  }
  return most;
}

test("no second of a schedule that a message may ask for has more arrivals than were asked for", () => {
  let judged = 0;
  fc.assert(
    fc.property(
      fc.record({ shape: shapes, ratePerS: rates, toPerS: rates, steps: plateaus }),
      (drawn) => {
        const request = arm(OPEN);
        const arrival: OpenArrival = { model: "open", limit: null, ...drawn };
        const asking = { ...request, workload: { ...request.workload, arrival } };
        if (!armRequestSchema.safeParse(asking).success) return;
        judged += 1;
        const busiest = countBusiestSecond([...arrivalTimes(arrival, asking.phases.measureMs, 1)]);
        // Both ends of a second, and of a plateau within it, may have an arrival of their own.
        expect(busiest).toBeLessThanOrEqual((askedByArm(asking).ratePerS ?? 0) + 2);
      },
    ),
    { numRuns: 100 },
  );
  expect(judged).toBeGreaterThan(20);
});

test.each([
  ["steps that are no whole number", { steps: 1.01 }],
  ["a rate without end", { ratePerS: Number.POSITIVE_INFINITY }],
  ["a field that nobody knows", { burst: 1000 }],
])("a message with %s is not understood", (_what, part) => {
  const request = arm(OPEN);
  const arrival = { ...request.workload.arrival, ...part };
  const asking = { ...request, workload: { ...request.workload, arrival } };
  expect(armRequestSchema.safeParse(request).success).toBe(true);
  expect(armRequestSchema.safeParse(asking).success).toBe(false);
});

test("a share beyond its whole is not understood", () => {
  const beyond = { first: 1, count: 2, of: 2 };
  expect(armRequestSchema.safeParse(arm(OPEN, beyond)).success).toBe(false);
});

test.each([
  "http://203.0.113.9/ HTTP/1.1\r\nHost: 203.0.113.9",
  "//203.0.113.9/",
  "/ HTTP/1.1\r\nHost: 203.0.113.9\r\n\r\nGET /",
  "/a b",
  "/\n",
  "",
  "*",
])("the path %j, which could mean another host or another request, is not understood", (path) => {
  const request = arm(OPEN);
  const asking = { ...request, target: { ...request.target, path } };
  expect(armRequestSchema.safeParse(asking).success).toBe(false);
});

test("an ordinary path is", () => {
  const request = arm(OPEN);
  const asking = { ...request, target: { ...request.target, path: "/a/b?c=%20&d=//e" } };
  expect(armRequestSchema.safeParse(asking).success).toBe(true);
});

test("a ramp asks for its highest rate, whichever end that is", () => {
  const ramp = OPEN.replace("rate: 400/s", "rate: 900/s, shape: ramp, to: 100/s");
  expect(askedByArm(arm(ramp)).ratePerS).toBe(900);
});

test("short plateaus ask for the arrival that each of them begins with", () => {
  const steps = OPEN.replace("rate: 400/s", "rate: 1/s, shape: step, to: 2/s, steps: 600");
  expect(askedByArm(arm(steps)).ratePerS).toBe(102);
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
  expect(askedByPrepare({ ...request, part: "load" }, "link")).toEqual({
    role: "load",
    addresses: ["198.18.0.1"],
    sysctls: ["net.ipv4.tcp_tw_reuse"],
    stays: false,
    durationMs: sumOf(spec.phases),
  });
  expect(askedByPrepare({ ...request, part: "target" }, "host")).toEqual({
    role: "target",
    durationMs: sumOf(spec.phases),
    sysctls: ["net.core.somaxconn"],
    stays: true,
    target: "builtin",
    hostTarget: true,
  });
});

test("a target in a container asks for its image, and to load whom it is joined with", () => {
  const { spec: _, ...request } = REQUEST;
  const ask = (parts: string) =>
    askedByPrepare({ ...request, spec: specOf(`${OPEN}\ntestbed: docker\n${parts}`) }, "link");
  expect(ask('target: { image: "nginx:1.28", port: 80 }')).toEqual({
    role: "target",
    durationMs: sumOf(REQUEST.spec.phases),
    sysctls: ["net.core.somaxconn"],
    target: "image",
    image: "nginx:1.28",
    addresses: ["198.18.2.1"],
    stays: false,
    hostTarget: false,
  });
  // In a container churnlab's own server is an image too.
  expect(ask("")).toMatchObject({ target: "image", image: "churnlab-target" });
});

test("what a container is made of is checked before it reaches the engine's command line", () => {
  const ask = (target: object) =>
    prepareRequestSchema.safeParse({ ...REQUEST, spec: { ...REQUEST.spec, target } }).success;
  const target = { image: "nginx", port: 80, command: ["nginx", "-g"], env: { A: "b=c" } };
  expect(ask(target)).toBe(true);
  expect(ask({ ...target, command: null })).toBe(true);
  for (const wrong of [
    { image: ["--privileged"] },
    { command: "sh -c" },
    { command: [{ toString: "x" }] },
    { env: { A: 1 } },
    { port: 0 },
  ]) {
    expect([wrong, ask({ ...target, ...wrong })]).toEqual([wrong, false]);
  }
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

const REQUEST: PrepareRequest = {
  key: KEY,
  part: "target",
  spec: specOf(OPEN),
  sources: 1,
  workers: 1,
  peers: ["198.18.2.1"],
  clockOffsetMs: 0,
  liveMs: 200,
};

function sumOf({ warmUpMs, measureMs, drainMs }: Phases): number {
  return warmUpMs + measureMs + drainMs;
}

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
