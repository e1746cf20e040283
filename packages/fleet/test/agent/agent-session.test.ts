import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type ArmedShard,
  EMPTY_LIVE_TALLY,
  parseScenario,
  planTrials,
  SAMPLE_INTERVAL_MS,
  type Shard,
  type Target,
  type Trial,
  type Warning,
} from "@churnlab/core";
import { bootMs } from "@churnlab/linux";
import type { LoadSide } from "@churnlab/testbed";
import { afterAll, describe, expect, test } from "vitest";
import { AgentSession } from "../../src/agent/agent-session.ts";
import { KeptFence } from "../../src/agent/kept-fence.ts";
import { LiveSampler } from "../../src/agent/live-sampler.ts";
import { ResultSpool } from "../../src/agent/result-spool.ts";
import type { SideMaker } from "../../src/agent/trial-side.ts";
import { openClock } from "../../src/clock/monotonic-clock.ts";
import type { AgentLink } from "../../src/controller/agent-link.ts";
import { RemoteTarget } from "../../src/controller/remote-target.ts";
import { DEFAULT_LIMITS } from "../../src/limits/agent-limits.ts";
import type { AgentRole } from "../../src/messages/agent-description.ts";
import { PROTOCOL, type Request } from "../../src/messages/envelope.ts";
import type { ArmRequest, PrepareRequest } from "../../src/messages/trial-messages.ts";

const SCENARIO = `
version: 1
name: session
workload: { kind: short-lived, arrival: { rate: 10/s } }
`;
const { spec } = planTrials(parseScenario(SCENARIO, "session.yaml")).trials[0] as Trial;
const REQUEST: Request = {
  protocol: PROTOCOL,
  churnlab: "0",
  run: "R",
  holder: "H",
  fence: { storeMs: 1, revision: 7 },
  body: null,
};
const DEAD_MAN_MS = 800;
const UNBOUND = { durationMs: null, besidesMs: 60_000 };
const GO = new AbortController().signal;

const spool = mkdtempSync(path.join(tmpdir(), "churnlab-session-"));
afterAll(() => rmSync(spool, { recursive: true }));

function prepareOf(part: "load" | "target"): PrepareRequest {
  const key = { trial: 1, attempt: 1 };
  const peers = ["198.18.1.1"];
  return {
    key,
    part,
    spec,
    sources: 1,
    workers: 1,
    peers,
    clockOffsetMs: 0,
    liveMs: SAMPLE_INTERVAL_MS,
  };
}

/** A session whose sides are built by `builder`, and the controller's heartbeat as it would hear it. */
function openSession(
  builder: Partial<SideMaker>,
  roles: readonly AgentRole[] = ["load", "target"],
  bounds: { readonly durationMs: number | null; readonly besidesMs: number } = UNBOUND,
): {
  session: AgentSession;
  hear: (holder: string) => void;
} {
  const heard: ((holder: string) => void)[] = [];
  const never = async (): Promise<never> => {
    throw new Error("not this part");
  };
  const session = new AgentSession({
    options: {
      access: { name: "a", server: "nats://127.0.0.1", seed: null, ca: null },
      churnlab: "0",
      roles,
      labels: {},
      network: { kind: "link", bridge: "br0", path: null },
      addresses: ["198.18.2.1"],
      capacity: 1,
      spool,
      limits: { ...DEFAULT_LIMITS, durationMs: bounds.durationMs },
      clock: openClock(),
      log: () => {},
    },
    builder: { buildLoad: never, buildTarget: never, ...builder },
    spool: new ResultSpool(spool),
    fence: new KeptFence(spool, { agent: "a", server: "nats://127.0.0.1", ca: null }),
    publish: async (pieces) => pieces.length,
    kept: { replayRun: async () => {}, replayAttempt: ({ run }) => run === "R" },
    live: () => {},
    followRun: (_run, hear) => {
      heard.push(hear);
      return { [Symbol.dispose]: () => heard.splice(heard.indexOf(hear), 1) };
    },
    deadManMs: DEAD_MAN_MS,
    besidesMs: bounds.besidesMs,
  });
  return {
    session,
    hear: (holder) => {
      for (const each of heard) each(holder);
    },
  };
}

/** A side that counts how often it was taken down. */
function aSide(): LoadSide & { readonly disposals: () => number } {
  let disposals = 0;
  return {
    observers: [],
    sysctls: [],
    facts: {},
    warnings: [],
    agent: { name: "a", workers: 1, arm: () => Promise.reject(new Error("not armed here")) },
    disposals: () => disposals,
    [Symbol.asyncDispose]: async () => {
      disposals += 1;
    },
  };
}

test("a controller that falls silent while a target is built ends the build", async () => {
  let gaveUp = false;
  const { session } = openSession({
    buildTarget: (_plan, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          gaveUp = true;
          reject(signal.reason);
        });
      }),
  });
  await expect(session.prepare(REQUEST, prepareOf("target"))).rejects.toMatchObject({
    code: "E_AGENT",
  });
  expect(gaveUp).toBe(true);
  expect(session.run).toBeNull();
});

test("a side whose controller fell silent while it was built is taken down, and never served", async () => {
  const side = aSide();
  const { session } = openSession({
    buildLoad: async () => {
      await sleep(1.5 * DEAD_MAN_MS);
      return side;
    },
  });
  await expect(session.prepare(REQUEST, prepareOf("load"))).rejects.toMatchObject({
    code: "E_AGENT",
  });
  expect(side.disposals()).toBe(1);
  expect(session.state).toBe("idle");
});

test("a build outlasts the dead-man's time while its controller is heard", async () => {
  const side = aSide();
  const { session, hear } = openSession({
    buildLoad: async () => {
      for (let i = 0; i < 15; i++) {
        await sleep(DEAD_MAN_MS / 10);
        hear(REQUEST.holder);
      }
      return side;
    },
  });
  await session.prepare(REQUEST, prepareOf("load"));
  expect(session.state).toBe("prepared");
  expect(session.run).toBe(REQUEST.run);
  await session[Symbol.asyncDispose]();
  expect(side.disposals()).toBe(1);
});

test("another controller of the run does not keep a build alive", async () => {
  const side = aSide();
  const { session, hear } = openSession({
    buildLoad: async () => {
      for (let i = 0; i < 15; i++) {
        await sleep(DEAD_MAN_MS / 10);
        hear("another");
      }
      return side;
    },
  });
  await expect(session.prepare(REQUEST, prepareOf("load"))).rejects.toMatchObject({
    code: "E_AGENT",
  });
  expect(side.disposals()).toBe(1);
});

test("whoever restores a side that is still being built does not wait for it", async () => {
  const { session } = openSession({
    buildTarget: (_plan, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
  });
  const request = prepareOf("target");
  const prepared = session.prepare({ ...REQUEST, run: "LONG" }, request);
  const [refused] = await Promise.allSettled([prepared, session.restore({ key: request.key })]);
  expect(refused).toMatchObject({ status: "rejected", reason: { code: "E_AGENT" } });
  expect(session.run).toBeNull();
});

test("a side is taken down when its controller falls silent after the build", async () => {
  const side = aSide();
  const { session } = openSession({ buildLoad: async () => side });
  await session.prepare(REQUEST, prepareOf("load"));
  await expect.poll(side.disposals, { timeout: 10 * DEAD_MAN_MS }).toBe(1);
  expect(session.state).toBe("idle");
});

test("a side is taken down after all the time that its trial may take, though its controller is heard", async () => {
  const side = aSide();
  const bounds = { durationMs: null, besidesMs: 500 };
  const { session, hear } = openSession({ buildLoad: async () => side }, ["load"], bounds);
  const brief = {
    ...spec,
    phases: { warmUpMs: 0, measureMs: 100, drainMs: 200 },
    workload: { ...spec.workload, timeouts: { connectMs: 0, responseMs: 0 } },
  };
  await session.prepare(REQUEST, { ...prepareOf("load"), spec: brief });
  const startedMs = performance.now();
  using beats = new DisposableStack();
  const timer = setInterval(() => hear(REQUEST.holder), DEAD_MAN_MS / 10);
  beats.defer(() => clearInterval(timer));
  await expect.poll(side.disposals, { timeout: 10_000 }).toBe(1);
  expect(performance.now() - startedMs).toBeGreaterThan(700);
  expect(session.run).toBeNull();
});

test("no part of a trial is built whose drain would keep it for longer than its agent allows", async () => {
  const built: string[] = [];
  const builder = {
    buildLoad: async () => (built.push("load"), aSide()),
    buildTarget: () => Promise.reject(new Error("built")),
  };
  const bounds = { durationMs: 60_000, besidesMs: 60_000 };
  const { session } = openSession(builder, ["load", "target"], bounds);
  const drained = { ...spec, phases: { ...spec.phases, drainMs: 3_600_000 } };
  for (const part of ["load", "target"] as const) {
    const request = { ...prepareOf(part), spec: drained };
    await expect(session.prepare(REQUEST, request)).rejects.toMatchObject({
      code: "E_REFUSED",
      message: expect.stringContaining("limits.duration allows 1m"),
    });
  }
  expect(built).toEqual([]);
});

describe("an agent whose side is being taken down", () => {
  /** A side that goes when it is let, as one does whose load takes its time to end. */
  function aSlowSide() {
    const left = Promise.withResolvers<void>();
    let isEnding = false;
    return {
      go: () => left.resolve(),
      isEnding: () => isEnding,
      side: {
        ...aSide(),
        [Symbol.asyncDispose]: async () => {
          isEnding = true;
          await left.promise;
        },
      },
    };
  }

  test("says that it serves the run until nothing is left, when its controller fell silent", async () => {
    const { side, go, isEnding } = aSlowSide();
    const { session } = openSession({ buildLoad: async () => side });
    await session.prepare(REQUEST, prepareOf("load"));
    await expect.poll(isEnding, { timeout: 10 * DEAD_MAN_MS }).toBe(true);
    expect(session.run).toBe("R");
    go();
    await expect.poll(() => session.run).toBeNull();
  });

  test("says so until nothing is left, when it is restored, or asked by another run", async () => {
    const { side, go, isEnding } = aSlowSide();
    const { session } = openSession({ buildLoad: async () => side });
    const request = prepareOf("load");
    await session.prepare(REQUEST, request);
    const restored = session.restore({ key: request.key });
    const prepared = session.prepare({ ...REQUEST, run: "S" }, request);
    await expect.poll(isEnding).toBe(true);
    expect(session.run).toBe("R");
    go();
    await restored;
    await prepared;
    expect(session.run).toBe("S");
    await session[Symbol.asyncDispose]();
    expect(session.run).toBeNull();
  });
});

test("who had the agent's lock before another is refused, by a session of the agent's next start too", async () => {
  const newer = { ...REQUEST, fence: { storeMs: 1, revision: 9 } };
  const { session } = openSession({});
  session.admit(REQUEST);
  session.admit(newer);
  expect(() => session.admit(REQUEST)).toThrow(/a serves a newer controller than R/);
  await session[Symbol.asyncDispose]();
  const { session: next } = openSession({});
  expect(() => next.admit(REQUEST)).toThrow(expect.objectContaining({ code: "E_FLEET_LOCKED" }));
  next.admit(newer);
});

const ARM: ArmRequest = {
  key: { trial: 1, attempt: 1 },
  seed: 1,
  workload: spec.workload,
  phases: spec.phases,
  target: { host: "198.18.1.1", port: 8080, path: "/", tls: false },
  share: { first: 0, count: 1, of: 1 },
};

/** A side whose shards run until they are stopped; `running` counts those that do. */
function aLoadingSide() {
  let running = 0;
  const kept: number[] = [];
  const armed: Shard[] = [];
  const side = aSide();
  const arm = async (shard: Shard): Promise<ArmedShard> => {
    armed.push(shard);
    const stopped = Promise.withResolvers<never>();
    stopped.promise.catch(() => {}); // of no interest to who is not running
    return {
      run: async () => {
        running += 1;
        return stopped.promise.finally(() => {
          running -= 1;
        });
      },
      live: () => EMPTY_LIVE_TALLY,
      keepUntil: (untilMs) => void kept.push(untilMs),
      stop: () => stopped.reject(new Error("stopped")),
    };
  };
  const runningAtDisposal: number[] = [];
  return {
    armed,
    kept,
    running: () => running,
    runningAtDisposal,
    side: {
      ...side,
      agent: { name: "a", workers: 1, arm },
      [Symbol.asyncDispose]: async () => {
        runningAtDisposal.push(running);
        await side[Symbol.asyncDispose]();
      },
    },
  };
}

describe("a prepared side", () => {
  test("is armed once, also by who asks again before it is", async () => {
    const { side, armed } = aLoadingSide();
    const { session } = openSession({ buildLoad: async () => side });
    await session.prepare(REQUEST, prepareOf("load"));
    const asked = await Promise.allSettled([session.arm(ARM), session.arm(ARM)]);
    expect(asked.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    await expect(session.arm(ARM)).rejects.toMatchObject({ code: "E_AGENT" });
    expect(armed).toHaveLength(1);
    await session[Symbol.asyncDispose]();
  });

  test("is started once, and never armed again: one trial has one load", async () => {
    const { side, armed, running } = aLoadingSide();
    const { session } = openSession({ buildLoad: async () => side });
    await session.prepare(REQUEST, prepareOf("load"));
    const start = { key: ARM.key, startAtMs: Number.MAX_SAFE_INTEGER };
    expect(() => session.start(start)).toThrow(/once it is armed/);
    await session.arm(ARM);
    session.start(start);
    expect(() => session.start(start)).toThrow(/once it is armed/);
    await expect(session.arm(ARM)).rejects.toMatchObject({ code: "E_AGENT" });
    expect([armed.length, running()]).toEqual([1, 1]);
    session.stop({ key: ARM.key });
    await expect.poll(() => session.state).toBe("done");
    expect(() => session.start(start)).toThrow(/once it is armed/);
    await expect(session.arm(ARM)).rejects.toMatchObject({ code: "E_AGENT" });
    await session[Symbol.asyncDispose]();
  });

  test("has no load left when its controller fell silent, before anything of it goes", async () => {
    const { side, running, runningAtDisposal } = aLoadingSide();
    const { session } = openSession({ buildLoad: async () => side });
    await session.prepare(REQUEST, prepareOf("load"));
    await session.arm(ARM);
    session.start({ key: ARM.key, startAtMs: Number.MAX_SAFE_INTEGER });
    expect(running()).toBe(1);
    await expect.poll(side.disposals, { timeout: 10 * DEAD_MAN_MS }).toBe(1);
    expect(runningAtDisposal).toEqual([0]);
  });

  test("says whether it had load until it was restored, the same to who asks again: not once its controller was silent for too long", async () => {
    for (const [frozenMs, hadLoad] of [
      [0, true],
      [DEAD_MAN_MS + 20, false],
    ] as const) {
      const { session } = openSession({ buildLoad: async () => aLoadingSide().side });
      await session.prepare(REQUEST, prepareOf("load"));
      await session.arm(ARM);
      session.start({ key: ARM.key, startAtMs: Number.MAX_SAFE_INTEGER });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, frozenMs);
      const first = session.restore({ key: ARM.key });
      const meanwhile = session.restore({ key: ARM.key });
      expect(await Promise.all([first, meanwhile])).toEqual([{ hadLoad }, { hadLoad }]);
      expect(await session.restore({ key: ARM.key })).toEqual({ hadLoad });
      const other = { key: { ...ARM.key, attempt: 2 } };
      expect(await session.restore(other)).toEqual({ hadLoad: false });
    }
  });

  test("says nothing of the load of an attempt before its own", async () => {
    const { session } = openSession({ buildLoad: async () => aLoadingSide().side });
    await session.prepare(REQUEST, prepareOf("load"));
    await session.arm(ARM);
    session.start({ key: ARM.key, startAtMs: Number.MAX_SAFE_INTEGER });
    expect(await session.restore({ key: ARM.key })).toEqual({ hadLoad: true });
    await session.prepare(REQUEST, prepareOf("load"));
    expect(await session.restore({ key: ARM.key })).toEqual({ hadLoad: false });
  });

  test("says that its load was given up once it has heard nothing for too long, before a timer has found that", async () => {
    const { side, running } = aLoadingSide();
    const { session, hear } = openSession({ buildLoad: async () => side });
    await session.prepare(REQUEST, prepareOf("load"));
    await session.arm(ARM);
    session.start({ key: ARM.key, startAtMs: Number.MAX_SAFE_INTEGER });
    session.judge();
    expect([session.state, session.run, session.key]).toEqual(["running", "R", ARM.key]);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, DEAD_MAN_MS + 20);
    hear(REQUEST.holder);
    expect([session.state, session.run, session.key]).toEqual(["done", "R", ARM.key]);
    await expect
      .poll(() => [session.state, session.run, session.key])
      .toEqual(["idle", null, null]);
    expect([running(), side.disposals()]).toEqual([0, 1]);
  });

  test("keeps its load going for as long as its controller is heard, and half a second more", async () => {
    const { side, kept } = aLoadingSide();
    const { session, hear } = openSession({ buildLoad: async () => side });
    const before = bootMs() + DEAD_MAN_MS + 500;
    await session.prepare(REQUEST, prepareOf("load"));
    await session.arm(ARM);
    await sleep(DEAD_MAN_MS / 4);
    hear("another");
    hear(REQUEST.holder);
    const [first = 0, second = 0, ...more] = kept;
    expect(more).toEqual([]);
    expect(first).toBeGreaterThanOrEqual(before);
    expect(second - first).toBeGreaterThanOrEqual(DEAD_MAN_MS / 4 - 5);
    await session[Symbol.asyncDispose]();
  });

  test("is given no more workers than it was prepared for, nor than its agent offers", async () => {
    const { side, armed } = aLoadingSide();
    const { session } = openSession({ buildLoad: async () => side });
    const many = { ...prepareOf("load"), workers: 2 };
    await expect(session.prepare(REQUEST, many)).rejects.toMatchObject({ code: "E_REFUSED" });
    await session.prepare(REQUEST, prepareOf("load"));
    const share = { first: 0, count: 2, of: 2 };
    await expect(session.arm({ ...ARM, share })).rejects.toThrow(/1 workers for the trial, not 2/);
    expect(armed).toEqual([]);
    await session.arm(ARM);
    await session[Symbol.asyncDispose]();
  });
});

test("a controller that misses results of its run hears whether they are kept", () => {
  const { session } = openSession({});
  const asked = { key: { trial: 1, attempt: 1 } };
  expect([session.replay("R", asked), session.replay("S", asked)]).toEqual([
    { isKept: true },
    { isKept: false },
  ]);
});

test("a side that was prepared for a part that its agent does not offer is not built", async () => {
  const { session } = openSession({ buildTarget: () => Promise.reject(new Error("built")) }, [
    "load",
  ]);
  await expect(session.prepare(REQUEST, prepareOf("target"))).rejects.toMatchObject({
    code: "E_REFUSED",
    message: "a was asked for a target, and offers load",
  });
});

test("a look that waits for its time ends with the side, and reads nothing of it", async () => {
  let reads = 0;
  const observer = {
    role: "client",
    readCounters: () => {
      reads += 1;
      return { gauges: { time_wait: 0 }, counters: {} };
    },
    readQueues: () => null,
    readPorts: () => null,
    takeEvents: () => [],
    conclude: () => [],
    close: () => {},
  } as const;
  const { session } = openSession({
    buildLoad: async () => ({ ...aSide(), observers: [observer] }),
  });
  const request = prepareOf("load");
  await session.prepare(REQUEST, request);
  const atMs = openClock().nowMs() + 60_000;
  const looking = session.read({ key: request.key, role: "client", atMs, marks: true });
  const before = reads;
  const [looked] = await Promise.allSettled([looking, session.restore({ key: request.key })]);
  expect(looked).toMatchObject({ status: "rejected", reason: { code: "E_AGENT" } });
  expect(reads).toBe(before);
});

test("a live sample that cannot be taken costs its line, is told of seldom, and not the agent", async () => {
  const told: string[] = [];
  let samples = 0;
  using _sampler = new LiveSampler(
    openClock(),
    { offsetMs: 0, stepMs: 10 },
    {
      sample: () => {
        samples += 1;
        if (samples < 3) throw new Error("pread: EIO");
      },
      onFailure: (error) => told.push((error as Error).message),
    },
  );
  await expect.poll(() => samples).toBeGreaterThan(4);
  expect(told).toEqual(["pread: EIO", "pread: EIO"]);
});

test("a target's doubts about its own numbers are told with them, once it was measured", async () => {
  const doubts: Warning[] = [];
  const target: Target = {
    address: { host: "198.18.1.1", port: 8080, path: "/", tls: false },
    ended: () => null,
    measure: async () => {
      doubts.push({ code: "W_TARGET_UNCOUNTED", message: "it did not tell" });
      return [];
    },
    conclude: () => doubts,
  };
  const { agent: _, ...side } = aSide();
  const { session } = openSession({ buildTarget: async () => ({ ...side, target }) });
  const request = prepareOf("target");
  await session.prepare(REQUEST, request);
  const look = { key: request.key, role: "target", atMs: null, marks: false } as const;
  const { target: told } = await session.read(look);
  expect(told?.warnings).toEqual(doubts);
  const remote = new RemoteTarget({ lost: GO } as AgentLink, target.address);
  remote.take(told);
  expect(remote.conclude()).toEqual(doubts);
  await session[Symbol.asyncDispose]();
});
