import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gradePrediction } from "../src/grade-prediction.ts";
import type { PortForecast } from "../src/port-model/port-forecast.ts";
import { timeWaitLength } from "../src/port-model/time-wait-length.ts";
import { countReservedPorts, countUsablePorts } from "../src/port-model/usable-ports.ts";
import { predictPorts } from "../src/port-model.ts";
import { parseSpec } from "./fixtures/scenario-texts.ts";

interface Case {
  readonly workload?: string;
  readonly client?: string;
  readonly target?: string;
  readonly more?: string;
  readonly rate: string;
  readonly measure: string;
}

/** The forecast of a short-lived workload over 1000 ports, tcp_tw_reuse 0 unless the case says otherwise. */
function forecast({
  workload = "",
  client = "",
  target = "",
  more = "",
  rate,
  measure,
}: Case): PortForecast {
  const prediction = predictPorts(
    parseSpec(
      `phases: { measure: ${measure} }\n` +
        `sysctls:\n  client: { net.ipv4.ip_local_port_range: "40000 40999", ${client} }\n  target: { ${target} }\n${more}`,
      ["kind: short-lived", `arrival: { rate: ${rate} }`, workload].filter(Boolean).join(", "),
    ),
  );
  if (prediction.kind === "none") throw new Error(prediction.reason);
  return prediction;
}

const reuse = "net.ipv4.tcp_tw_reuse: 1";

/*
 * Each row was measured on Linux 6.18 at 250 Hz between two namespaces joined by veth, 1000 local ports, one connection
 * after another on an open schedule.
 */
describe("what was measured", () => {
  test("reuse 0, 14/s for 150 s: no failure, a peak of 869 TIME_WAIT sockets", () => {
    const { firstExhaustedMs, failed, timeWaitPeak } = forecast({ rate: "14/s", measure: "150s" });
    expect(firstExhaustedMs).toBe("never");
    expect(failed).toEqual({ low: 0, high: 0 });
    expect(timeWaitPeak?.client.low).toBeGreaterThanOrEqual(840);
    expect(timeWaitPeak?.client.low).toBeLessThanOrEqual(869);
    expect(timeWaitPeak?.client.high).toBeGreaterThanOrEqual(868);
    expect(timeWaitPeak?.client.high).toBeLessThan(875);
  });

  test("reuse 0, 20/s: first failure after 50.05 s, then 16.68/s", () => {
    const { firstExhaustedMs, ceilingPerS } = forecast({ rate: "20/s", measure: "150s" });
    expect(firstExhaustedMs).toBe(50_000);
    expect(ceilingPerS?.low).toBeGreaterThan(16.68 * 0.96);
    expect(ceilingPerS?.high).toBeGreaterThan(16.68 * 0.998);
    expect(ceilingPerS?.high).toBeLessThan(16.68 * 1.002);
  });

  test("reuse 1, 1500/s: 1000.2/s", () => {
    const { ceilingPerS, limit, exact } = forecast({
      client: reuse,
      rate: "1500/s",
      measure: "10s",
    });
    expect(limit).toBe("reuse-delay");
    expect(ceilingPerS).toEqual({ low: 1000, high: 1000 });
    expect(exact).toBe(false);
  });

  test.each(["900/s", "970/s"])(
    "reuse 1, %s: near the limit single losses are not excluded",
    (rate) => {
      const { failed, exact } = forecast({ client: reuse, rate, measure: "10s" });
      expect(failed).toEqual({ low: 0, high: 0 });
      expect(exact).toBe(false);
    },
  );

  test("reuse 1, 400/s for 5 s: no failure", () => {
    const { failed, exact } = forecast({ client: reuse, rate: "400/s", measure: "5s" });
    expect([failed, exact]).toEqual([{ low: 0, high: 0 }, true]);
  });

  test("200 TIME_WAIT buckets, 100/s for 120 s: no failure, 200 sockets, overflow 11 600", () => {
    const { failed, timeWaitPeak, overflow, ceilingPerS } = forecast({
      client: "net.ipv4.tcp_max_tw_buckets: 200",
      rate: "100/s",
      measure: "120s",
    });
    expect(failed).toEqual({ low: 0, high: 0 });
    expect(ceilingPerS).toBeNull();
    expect(timeWaitPeak?.client).toEqual({ low: 200, high: 200 });
    // 12 000 connections less 200 in each of two generations of TIME_WAIT.
    expect(overflow).toEqual({ low: 11_600, high: 11_600 });
  });

  test("two sources by namespace, 28/s: no failure", () => {
    const { firstExhaustedMs } = forecast({
      workload: "sources: 2",
      rate: "28/s",
      measure: "150s",
    });
    expect(firstExhaustedMs).toBe("never");
  });

  test.each([
    ["bind: address", "", "EADDRINUSE", 2500],
    ["bind: address", reuse, "EADDRINUSE", 2500],
    ["", "", "EADDRNOTAVAIL", 2500],
  ])(
    "%s %s, 400/s: stops after 1000 connections with %s",
    (...[workload, client, errno, firstMs]) => {
      const found = forecast({ workload, client, rate: "400/s", measure: "10s" });
      expect(found).toMatchObject({
        errno,
        firstExhaustedMs: firstMs,
        succeeded: { low: 1000, high: 1000 },
        failed: { low: 3000, high: 3000 },
      });
    },
  );

  test.each([
    ["bind: address", "net.ipv4.ip_autobind_reuse: 1"],
    ["bind: port", ""],
    ["close: rst", ""],
    ["closer: server", ""],
  ])("%s %s, 100/s for 40 s: 4000 of 4000", (workload, client) => {
    const found = forecast({ workload, client, rate: "100/s", measure: "40s" });
    expect(found).toMatchObject({
      firstExhaustedMs: "never",
      succeeded: { low: 4000, high: 4000 },
    });
    expect(found.limit).toBe("none");
  });

  test("the client closes first, the same load: fails after 10.02 s, 3000 times", () => {
    expect(forecast({ rate: "100/s", measure: "40s" })).toMatchObject({
      firstExhaustedMs: 10_000,
      failed: { low: 3000, high: 3000 },
      exact: true,
    });
  });

  test("RST leaves no TIME_WAIT anywhere; a server that closes first has all of it", () => {
    const none = { low: 0, high: 0 };
    const rst = forecast({ workload: "close: rst", rate: "100/s", measure: "40s" });
    expect(rst.timeWaitPeak).toEqual({ client: none, target: none });
    const server = forecast({ workload: "closer: server", rate: "100/s", measure: "40s" });
    expect(server.timeWaitPeak).toEqual({ client: none, target: { low: 0, high: 1000 } });
  });

  test("timestamps off on either side: reuse 1 reuses nothing", () => {
    for (const off of [
      { client: `${reuse}, net.ipv4.tcp_timestamps: 0` },
      { client: reuse, target: "net.ipv4.tcp_timestamps: 0" },
    ]) {
      expect(forecast({ ...off, rate: "400/s", measure: "10s" }).wait.kind).toBe("time-wait");
    }
  });
});

describe("the length of TIME_WAIT", () => {
  test.each([
    [100, 5120],
    [250, 2048],
    [300, 1707],
    [1000, 4096],
  ])("at %d Hz is 60 s and up to %d ms more", (hz, slotMs) => {
    const { leastMs, mostMs, meanMs } = timeWaitLength(hz);
    expect(leastMs).toBe(60_000);
    expect(mostMs - leastMs).toBeCloseTo(slotMs, -0.5);
    expect(meanMs).toBeCloseTo((leastMs + mostMs) / 2);
  });

  test("gives the default range 462 connections a second", () => {
    expect(28_232 / (timeWaitLength(250).meanMs / 1000)).toBeCloseTo(462.6, 1);
  });
});

describe("usable ports", () => {
  const range = (text: string) => ({ "net.ipv4.ip_local_port_range": text });
  const reserved = (text: string) => ({
    ...range("40000 40999"),
    "net.ipv4.ip_local_reserved_ports": text,
  });

  test.each([
    [{}, 28_232],
    [range("40000 40999"), 1000],
    [range("40000 40000"), 1],
    [reserved("40000-40899"), 100],
    [reserved("1-40000,40999,50000"), 998],
    [reserved("40010-40020,40015-40030,40012"), 979],
    [reserved(""), 1000],
  ])("of %j are %d", (settings, expected) => expect(countUsablePorts(settings)).toBe(expected));

  test("are the range less the distinct reserved ports inside it", () => {
    const port = fc.integer({ min: 100, max: 160 });
    const span = fc.tuple(port, port).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
    fc.assert(
      fc.property(span, fc.array(span, { maxLength: 6 }), ([low, high], spans) => {
        const taken = new Set(
          spans.flatMap(([a, b]) => Array.from({ length: b - a + 1 }, (_, i) => a + i)),
        );
        const free = Array.from({ length: high - low + 1 }, (_, i) => low + i).filter(
          (p) => !taken.has(p),
        );
        const settings = {
          ...range(`${low} ${high}`),
          "net.ipv4.ip_local_reserved_ports": spans.map(([a, b]) => `${a}-${b}`).join(","),
        };
        expect(countUsablePorts(settings)).toBe(free.length);
      }),
    );
  });
});

describe("a forecast", () => {
  const anyCase = fc.record({
    rate: fc.integer({ min: 1, max: 500 }).map((rate) => `${rate}/s`),
    measure: fc.integer({ min: 1, max: 90 }).map((seconds) => `${seconds}s`),
    workload: fc.constantFrom(
      "",
      "closer: server",
      "close: rst",
      "bind: address",
      "sources: 2",
      "bind: port",
    ),
    client: fc.constantFrom("", reuse, "net.ipv4.tcp_max_tw_buckets: 100"),
    more: fc.constantFrom("", "target: { delay: 300ms }"),
  });

  test("counts every offered connection once: succeeded + failed = rate × time", () => {
    fc.assert(
      fc.property(anyCase, (asked) => {
        const { succeeded, failed } = forecast(asked);
        const offered = Math.ceil(
          Number.parseInt(asked.rate, 10) * Number.parseInt(asked.measure, 10),
        );
        expect((succeeded?.low ?? 0) + (failed?.high ?? 0)).toBe(offered);
        expect((succeeded?.high ?? 0) + (failed?.low ?? 0)).toBe(offered);
      }),
      { numRuns: 60 },
    );
  });

  test("fails exactly when it says that ports run out, and never before they are all taken", () => {
    fc.assert(
      fc.property(anyCase, (asked) => {
        const { failed, firstExhaustedMs, tuples, succeeded } = forecast(asked);
        expect(firstExhaustedMs === "never").toBe(failed?.high === 0);
        expect(failed?.high === 0 || (succeeded?.high ?? 0) >= tuples).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test("has no more TIME_WAIT than ports, buckets or connections", () => {
    fc.assert(
      fc.property(anyCase, (asked) => {
        const { timeWaitPeak, tuples, succeeded, timeWaitMax } = forecast(asked);
        for (const { low, high } of [timeWaitPeak?.client, timeWaitPeak?.target].filter(
          (r) => r !== undefined,
        )) {
          expect(low).toBeLessThanOrEqual(high);
          expect(high).toBeLessThanOrEqual(Math.min(tuples, succeeded?.high ?? 0));
          expect(high).toBeLessThanOrEqual((timeWaitMax ?? tuples) * 2);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("in the long run succeeds at the ceiling", () => {
    const { succeeded, ceilingPerS } = forecast({ rate: "40/s", measure: "2h" });
    const [low, high] = [(succeeded?.low ?? 0) / 7200, (succeeded?.high ?? 0) / 7200];
    expect(low / (ceilingPerS?.low ?? 0)).toBeCloseTo(1, 1);
    expect(high / (ceilingPerS?.high ?? 0)).toBeCloseTo(1, 1);
  });

  test("of more connections than it may count gives the ceiling alone", () => {
    const { ceilingPerS, succeeded, firstExhaustedMs } = forecast({
      rate: "100000/s",
      measure: "1m",
    });
    expect(ceilingPerS?.high).toBeCloseTo(1000 / 60);
    expect([succeeded, firstExhaustedMs]).toEqual([null, null]);
  });

  test("of a ramp and of steps follows their rate", () => {
    const steep = (shape: string) =>
      forecast({ rate: `100/s, to: 300/s, ${shape}`, measure: "10s" }).firstExhaustedMs as number;
    // 1000 arrivals: ∫(100 + 20t) dt = 1000 at t = 6.18 s; two plateaus of 5 s: 500, then 500 in 1.67 s.
    expect(steep("shape: ramp")).toBeCloseTo(6180, -1.5);
    expect(steep("shape: step, steps: 2")).toBeCloseTo(6667, -1.5);
  });

  test("counts the ports that the warm-up took", () => {
    const spec = parseSpec(
      'phases: { warmUp: 5s, measure: 5s }\nsysctls: { client: { net.ipv4.ip_local_port_range: "40000 40999" } }',
      "kind: short-lived, arrival: { rate: 150/s }",
    );
    expect(predictPorts(spec)).toMatchObject({
      succeeded: { low: 250, high: 250 },
      failed: { low: 500, high: 500 },
      cliffMs: expect.closeTo(-1673, -0.5) as number,
      timeWaitPeak: { client: { low: 1000, high: 1000 } },
    });
  });

  test("says when half of the ports are taken, where connect() becomes slow", () => {
    expect(forecast({ rate: "100/s", measure: "8s" }).cliffMs).toBe(4990);
    expect(forecast({ rate: "100/s", measure: "4s" }).cliffMs).toBe("never");
    expect(forecast({ client: reuse, rate: "100/s", measure: "8s" }).cliffMs).toBeNull();
  });

  test("of kept connections has no ceiling", () => {
    const spec = parseSpec("", "kind: keep-alive, arrival: { rate: 400/s }");
    expect(predictPorts(spec)).toMatchObject({ limit: "none", ceilingPerS: null, exact: false });
  });

  test("of held connections ends at the ports", () => {
    const range = 'sysctls: { client: { net.ipv4.ip_local_port_range: "40000 40099" } }';
    const closed = predictPorts(parseSpec(range, "kind: hold, arrival: { connections: 150 }"));
    expect(closed).toMatchObject({
      succeeded: { low: 100, high: 100 },
      failed: { low: 50, high: 50 },
    });
    const open = predictPorts(
      parseSpec(`phases: { measure: 5s }\n${range}`, "kind: hold, arrival: { rate: 30/s }"),
    );
    expect(open).toMatchObject({
      succeeded: { low: 100, high: 100 },
      failed: { low: 50, high: 50 },
    });
  });

  test.each([
    ["testbed: external\ntarget: { url: 'http://192.0.2.1/' }", "", /foreign host/],
    ["target: { command: [nginx] }", "", /who closes first is decided/],
    ["topology: gateway", "", /gateway/],
    ["target: { misbehaviour: never-accept }", "", /misbehaves \(never-accept\)/],
    ["", "lifetime: 5s", /by their age/],
  ])("is refused where it does not hold: %s %s", (more, workload, reason) => {
    const all = ["kind: short-lived", "arrival: { rate: 1/s }", workload]
      .filter(Boolean)
      .join(", ");
    expect(predictPorts(parseSpec(more, all))).toEqual({
      kind: "none",
      reason: expect.stringMatching(reason) as string,
    });
  });

  test("counts the life of connections: of a slow target it is the limit", () => {
    const slow = "target: { delay: 5s }";
    const found = forecast({
      workload: "closer: server",
      more: slow,
      rate: "400/s",
      measure: "8s",
    });
    expect(found).toMatchObject({
      limit: "ports",
      ceilingPerS: { low: 200, high: 200 },
      firstExhaustedMs: 2500,
    });
    expect(found.sentence).toMatch(
      /^1 000 ports, each taken for 5000 ms by its connection: 200 conn/,
    );
    const buckets = { client: "net.ipv4.tcp_max_tw_buckets: 200", more: slow };
    expect(forecast({ ...buckets, rate: "9/s", measure: "8s" }).ceilingPerS).toEqual({
      low: 160,
      high: 160,
    });
  });

  test("names the limiting resource in words", () => {
    expect(forecast({ rate: "400/s", measure: "8s" }).sentence).toBe(
      "1 000 ports, each kept 60 s because the client closes first and tcp_tw_reuse is not 1: " +
        "16.1 to 16.7 connections/s in the long run. " +
        "First EADDRNOTAVAIL at 400/s after 2.5 s, 1 000 connections succeed and 2 200 fail. " +
        "connect() slows down at 1.25 s.",
    );
    expect(forecast({ client: reuse, rate: "400/s", measure: "8s" }).sentence).toBe(
      "1 000 ports, each free again after 1 s: 1 000 connections/s in the long run. No EADDRNOTAVAIL at 400/s in this trial.",
    );
    expect(
      forecast({ client: "net.ipv4.tcp_max_tw_buckets: 50", rate: "9/s", measure: "8s" }).sentence,
    ).toBe(
      "Ports are no limit: TIME_WAIT is given up above 50 sockets. No EADDRNOTAVAIL at 9/s in this trial.",
    );
  });
});

describe("expectations", () => {
  test("are metrics that a trial which shows them agrees with, and one that does not disagrees", () => {
    const { expectations } = forecast({ rate: "400/s", measure: "8s" });
    expect(Object.fromEntries(expectations.map((e) => [`${e.role}.${e.metric}`, e.value]))).toEqual(
      {
        "client.connections.succeeded": 1000,
        "client.connections.failed": 2200,
        "client.time_wait.peak": 1000,
        "target.time_wait.peak": 0,
        "client.tcpext.TCPTimeWaitOverflow": 0,
        "client.ports.first_exhausted_ms": 2500,
      },
    );
    for (const expectation of expectations) {
      const grade = (value: number) => gradePrediction(expectation, { kind: "value", value }).kind;
      expect(grade(Number(expectation.value))).toBe("agrees");
      expect(grade(Number(expectation.value) * 2 + 100)).toBe("disagrees");
    }
  });

  test("are none where the numbers are estimates", () => {
    expect(forecast({ client: reuse, rate: "970/s", measure: "8s" }).expectations).toEqual([]);
    expect(forecast({ rate: "9/s, shape: poisson", measure: "8s" }).expectations).toEqual([]);
  });
});

test.each([
  ["", 0],
  ["40000", 1],
  ["39990-40009", 10],
  ["1-2,40000-40001,40099-50000", 3],
  ["50000-50010", 0],
  ["40000-40010,40005-40020,40010", 21],
])("of the reserved ports %j, %i are in the range 40000-40099", (reserved, count) => {
  expect(countReservedPorts(reserved, { low: 40_000, high: 40_099 })).toBe(count);
});
