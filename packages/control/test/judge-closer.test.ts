import type { Closer, CounterReading, Role, TrialSpec } from "@churnlab/core";
import { describe, expect, it } from "vitest";
import { countFirstCloses, nameCloser } from "../src/count-first-closes.ts";
import { judgeCloser } from "../src/judge-closer.ts";
import type { RoleReadings } from "../src/role-recorder.ts";
import { aTrial } from "./fakes/a-trial.ts";

function readingsOf(role: Role, growth: Readonly<Record<string, number>>): RoleReadings {
  const reading = (counters: CounterReading["counters"]): CounterReading => ({
    gauges: {},
    counters,
  });
  const idle = reading({ "tcpext.TW": 7, "tcpext.TWKilled": 0, "tcpext.TCPTimeWaitOverflow": 0 });
  const now = { ...idle.counters, ...growth, "tcpext.TW": 7 + (growth["tcpext.TW"] ?? 0) };
  const after = reading(now);
  const observer = { role } as RoleReadings["observer"];
  return { observer, idle, before: idle, after, ports: [] };
}

interface Seen {
  readonly client: Readonly<Record<string, number>>;
  readonly target: Readonly<Record<string, number>>;
}

function judge(closer: Closer, seen: Seen, spec: Partial<TrialSpec> = {}) {
  return warningsOf(closer, seen, spec).map(({ code }) => code);
}

function warningsOf(closer: Closer, seen: Seen, spec: Partial<TrialSpec> = {}) {
  return judgeCloser(evidenceOf(closer, seen, spec));
}

function evidenceOf(closer: Closer, { client, target }: Seen, spec: Partial<TrialSpec>) {
  const trial = aTrial();
  const workload = { ...trial.spec.workload, closer, ...spec.workload };
  const readings = [readingsOf("client", client), readingsOf("target", target)];
  const recording = { readings: () => readings } as Parameters<typeof judgeCloser>[0]["recording"];
  return { trial: { ...trial, spec: { ...trial.spec, ...spec, workload } }, recording };
}

function labelOf(seen: Seen, spec: Partial<TrialSpec> = {}) {
  return nameCloser(countFirstCloses(evidenceOf("client", seen, spec)));
}

const onClient: Seen = { client: { "tcpext.TW": 200 }, target: {} };
const onTarget: Seen = { client: {}, target: { "tcpext.TW": 200 } };

describe("judgeCloser", () => {
  it.each([
    ["client", onClient, []],
    ["server", onTarget, []],
    ["client", onTarget, ["W_CLOSER_DIFFERS"]],
    ["server", onClient, ["W_CLOSER_DIFFERS"]],
    ["client", { client: {}, target: {} }, []],
    // A server that closes some itself, and one whose last connections cross the end of the phase.
    ["client", { client: { "tcpext.TW": 170 }, target: { "tcpext.TW": 30 } }, ["W_CLOSER_DIFFERS"]],
    ["server", { client: { "tcpext.TW": 170 }, target: { "tcpext.TW": 30 } }, ["W_CLOSER_DIFFERS"]],
    ["client", { client: { "tcpext.TW": 196 }, target: { "tcpext.TW": 4 } }, []],
    // Beyond the buckets a connection that closed first leaves no TIME_WAIT, only this count.
    ["client", { client: { "tcpext.TCPTimeWaitOverflow": 200 }, target: { "tcpext.TW": 1 } }, []],
  ] as const)("closer: %s with %j gives %j", (closer, seen, codes) => {
    expect(judge(closer, seen)).toEqual(codes);
  });

  it.each([
    ["client", onTarget, "server"],
    ["server", onClient, "client"],
    ["client", { client: { "tcpext.TW": 90 }, target: { "tcpext.TW": 110 } }, "mixed"],
  ] as const)("closer: %s with %j is labelled %s", (closer, seen, label) => {
    expect(warningsOf(closer, seen)[0]?.message).toContain(`the closer was ${label}:`);
  });

  it.each([
    ["client", onClient],
    ["server", onTarget],
    ["mixed", { client: { "tcpext.TW": 94 }, target: { "tcpext.TW": 6 } }],
    ["client", { client: { "tcpext.TW": 96 }, target: { "tcpext.TW": 4 } }],
    // With a tcp_fin_timeout of at most 4 s the client's sockets have a count of their own.
    ["client", { client: { "tcpext.TWKilled": 200 }, target: { "tcpext.TW": 3 } }],
    [null, { client: {}, target: {} }],
  ] as const)("labels a trial %s with %j", (label, seen) => {
    expect(labelOf(seen)).toBe(label);
  });

  it("labels connections that end with the load too, but none whose kernels do not tell", () => {
    const { workload } = aTrial().spec;
    expect(labelOf(onClient, { workload: { ...workload, kind: "hold" } })).toBe("client");
    expect(labelOf(onTarget, { topology: "gateway" })).toBeNull();
    expect(labelOf(onTarget, { testbed: "external" })).toBeNull();
  });

  it.each(["tcpext.TW", "tcpext.TWKilled", "tcpext.TCPTimeWaitOverflow"])(
    "labels none where a kernel does not tell %s, which is not 0 for that",
    (counter) => {
      const evidence = evidenceOf("server", onClient, {});
      const readings = evidence.recording.readings();
      const [client, target] = readings as [RoleReadings, RoleReadings];
      const { [counter]: _, ...counters } = target.before.counters;
      const unread = { ...target, before: { gauges: {}, counters } };
      const recording = { readings: () => [client, unread] } as typeof evidence.recording;
      expect(countFirstCloses({ ...evidence, recording })).toBeNull();
      expect(judgeCloser({ ...evidence, recording })).toEqual([]);
    },
  );

  it("labels none where a side was not observed", () => {
    const evidence = evidenceOf("client", onClient, {});
    const [client] = evidence.recording.readings();
    const recording = { readings: () => [client] } as typeof evidence.recording;
    expect(countFirstCloses({ ...evidence, recording })).toBeNull();
  });

  it("says nothing of a gateway, which enters TIME_WAIT towards its upstream too", () => {
    expect(judge("client", onTarget, { topology: "gateway" })).toEqual([]);
  });

  it("says nothing where connections are reset, or end with the load", () => {
    const { workload } = aTrial().spec;
    expect(
      judge("server", onClient, { workload: { ...workload, closer: "server", close: "rst" } }),
    ).toEqual([]);
    const kept = { ...workload, closer: "server", requestsPerConnection: "unlimited" } as const;
    expect(judge("server", onClient, { workload: kept })).toEqual([]);
  });
});
