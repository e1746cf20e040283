import { ChurnError, type Warning } from "@churnlab/core";
import { describe, expect, it } from "vitest";
import { judgeTimeWait } from "../src/judge-time-wait.ts";
import type { RoleReadings } from "../src/role-recorder.ts";

type Evidence = Parameters<typeof judgeTimeWait>[0];

interface Seen {
  /** The gauge at the end; it is 0 before. */
  readonly timeWait: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly elapsedMs?: number;
  readonly finTimeout?: string;
  readonly warnings?: readonly Warning[];
  readonly losses?: Evidence["losses"];
}

const COUNTERS = [
  "tcpext.TW",
  "tcpext.TWKilled",
  "tcpext.TWRecycled",
  "tcp.OutRsts",
  "tcp.PassiveOpens",
  "rst.received",
];

function judge(seen: Seen): string[] {
  const { timeWait, counters, elapsedMs = 10_000, finTimeout = "60", warnings = [] } = seen;
  const zeros = Object.fromEntries(COUNTERS.map((name) => [name, 0]));
  const idle = { gauges: { time_wait: 0 }, counters: zeros };
  const after = { gauges: { time_wait: timeWait }, counters: { ...zeros, ...counters } };
  const observer = { role: "client" } as RoleReadings["observer"];
  const readings: RoleReadings[] = [{ observer, idle, before: idle, after, ports: [] }];
  const recording = {
    readings: () => readings,
    warnings: () => warnings,
    startedAtMs: 5,
    measureEndedAtMs: 5 + elapsedMs,
  } as unknown as Evidence["recording"];
  const facts = { "client.net.ipv4.tcp_fin_timeout": finTimeout };
  const world = { environment: { facts } } as unknown as Evidence["world"];
  return judgeTimeWait({ recording, world, losses: seen.losses ?? [] }).map(({ code }) => code);
}

const BROKEN = ["W_TIME_WAIT_IDENTITY"];

describe("judgeTimeWait", () => {
  it("is content when the gauge is what was created less what was taken over", () => {
    expect(
      judge({ timeWait: 50, counters: { "tcpext.TW": 200, "tcpext.TWRecycled": 150 } }),
    ).toEqual([]);
    expect(judge({ timeWait: 7, counters: { "tcpext.TW": 4, "tcpext.TWKilled": 3 } })).toEqual([]);
  });

  it("doubts a gauge above what was created, however long the trial", () => {
    const seen = { timeWait: 201, counters: { "tcpext.TW": 200 } };
    expect(judge(seen)).toEqual(BROKEN);
    expect(judge({ ...seen, elapsedMs: 600_000 })).toEqual(BROKEN);
  });

  it("doubts a gauge below it while none can have expired", () => {
    const seen = { timeWait: 190, counters: { "tcpext.TW": 200 } };
    expect(judge(seen)).toEqual(BROKEN);
    expect(judge({ ...seen, elapsedMs: 60_000 })).toEqual([]);
  });

  it.each([
    ["20", 20_000],
    ["61", 1000],
    ["120", 60_000],
  ])("knows when the first may expire with tcp_fin_timeout=%s", (finTimeout, lifeMs) => {
    const seen = { timeWait: 190, counters: { "tcpext.TW": 200 }, finTimeout };
    expect(judge({ ...seen, elapsedMs: lifeMs - 1 })).toEqual(BROKEN);
    expect(judge({ ...seen, elapsedMs: lifeMs })).toEqual([]);
  });

  it.each(["rst.received", "tcp.OutRsts", "tcp.PassiveOpens"])(
    "grants that each of %s may have ended one",
    (ender) => {
      const ended = (count: number): Seen => {
        return { timeWait: 190, counters: { "tcpext.TW": 200, [ender]: count } };
      };
      expect(judge(ended(10))).toEqual([]);
      expect(judge(ended(9))).toEqual(BROKEN);
    },
  );

  it("does not judge what is still closing", () => {
    const warnings = [{ code: "W_NOT_SETTLED", message: "" }] as const;
    expect(judge({ timeWait: 201, counters: { "tcpext.TW": 200 }, warnings })).toEqual([]);
  });

  it("does not judge counts of a host that was lost by a gauge that is without it", () => {
    const losses = [new ChurnError("E_AGENT", "a2 is gone")];
    expect(judge({ timeWait: 100, counters: { "tcpext.TW": 200 }, losses })).toEqual([]);
  });
});
