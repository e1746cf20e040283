import {
  ChurnError,
  CLOSE_MODES,
  type Misbehaviour,
  type ShardReport,
  type Workload,
} from "@churnlab/core";
import { afterAll, describe, expect, test } from "vitest";
import { TARGET_SERVERS } from "../../src/target/target-servers.ts";
import { type BuiltinTargetSpec, TargetThreads } from "../../src/target/target-threads.ts";
import { aWorkload, closed, open } from "../fixtures/a-workload.ts";
import { expectTimeWait, Lab, TARGET_HOST, type World } from "../fixtures/world.ts";

const lab = new Lab();
afterAll(() => lab[Symbol.asyncDispose]());

const aSpec: BuiltinTargetSpec = {
  server: "builtin",
  port: 8080,
  backlog: 4096,
  delayMs: 0,
  misbehaviour: "none",
  engine: "net",
};

/** For a target that answers, or resets, in its own time. */
const PATIENT = { connectMs: 3000, responseMs: 3000 };
/** For one that says nothing. */
const BRIEF = { connectMs: 1000, responseMs: 400 };

interface Misdeed {
  readonly misbehaviour: Misbehaviour;
  readonly backlog?: number;
  /** `established`: the target's connections in ESTABLISHED and CLOSE_WAIT (RFC 4022) when the load was over. */
  check(this: void, report: ShardReport, world: World, established: number): Promise<void> | void;
}

const misdeeds: readonly Misdeed[] = [
  {
    misbehaviour: "reset-after-accept",
    check({ tally, failures }, world) {
      expect(tally.connections.failed).toBe(20);
      const errnos = failures.map(({ errno }) => errno);
      expect(["ECONNRESET", "EPIPE"]).toEqual(expect.arrayContaining(errnos));
      // Data that crosses the reset is answered by another, so OutRsts may be higher.
      expect(world.targetCounter("tcp.EstabResets")).toBe(20);
    },
  },
  {
    misbehaviour: "close-with-unread-data",
    check({ failures }, world) {
      expect(failures).toMatchObject([{ step: "receive", errno: "ECONNRESET", count: 20 }]);
      expect(world.targetCounter("tcpext.TCPAbortOnClose")).toBe(20);
    },
  },
  {
    misbehaviour: "never-close",
    async check({ tally }, world, established) {
      expect(tally.connections.succeeded).toBe(20);
      expect(established).toBe(20);
      await expectTimeWait(world, { client: 20 });
    },
  },
  {
    misbehaviour: "never-accept",
    backlog: 2,
    check({ tally }) {
      expect(tally.connections).toMatchObject({ established: 3, failed: 20 });
    },
  },
];
// A gateway answers with what another server does; it is tried with one behind it.
const servers = await Promise.all(
  TARGET_SERVERS.filter(({ name }) => name !== "gateway").map((entry) => entry.load()),
);

for (const server of servers) {
  const spec: Partial<BuiltinTargetSpec> =
    server.name === "fastify" || server.name === "gateway"
      ? { server: "fastify" }
      : { engine: server.name };
  const can = (workload: Partial<Workload>, misbehaviour: Misbehaviour = "none"): boolean => {
    const job = { host: TARGET_HOST, port: 8080, backlog: 1, delayMs: 0, misbehaviour };
    return server.refuses({ ...job, workload: aWorkload(workload) }) === null;
  };
  const modes = CLOSE_MODES.map((close) => ({ close, offered: can({ closer: "server", close }) }));

  describe.skipIf(!server.probe().works)(`the ${server.name} target`, () => {
    test.each(modes.filter(({ offered }) => offered))(
      "closes first by $close",
      async ({ close }) => {
        using world = lab.open();
        const workload = aWorkload({ closer: "server", close, arrival: closed(4, { limit: 80 }) });
        const { tally } = await world.run(workload, { spec });
        expect(tally.connections).toMatchObject({ succeeded: 80, failed: 0 });
        await expectTimeWait(world, { client: 0 });
        expect(world.resetsSent()).toEqual({ client: 0, target: close === "rst" ? 80 : 0 });
      },
    );

    const refused = modes.filter(({ offered }) => !offered);
    test.runIf(refused.length > 0).each(refused)(
      "does not close first by $close",
      async ({ close }) => {
        using world = lab.open();
        const running = world.run(aWorkload({ closer: "server", close }), { spec });
        await expect(running).rejects.toMatchObject({ code: "E_TARGET" });
      },
    );

    test("lets the client close first, after several requests", async () => {
      using world = lab.open();
      const workload = aWorkload({ requestsPerConnection: 3, arrival: closed(4, { limit: 20 }) });
      const { tally } = await world.run(workload, { spec });
      expect(tally.connections.succeeded).toBe(20);
      expect(tally.requests.succeeded).toBe(60);
      await expectTimeWait(world, { client: 20, target: 0 });
      expect(world.resetsSent()).toEqual({ client: 0, target: 0 });
    });

    test("counts what it accepts and answers, and what that costs", async () => {
      using world = lab.open();
      const workload = aWorkload({ requestsPerConnection: 2, arrival: closed(2, { limit: 200 }) });
      let measured: Record<string, number> = {};
      await world.run(workload, {
        spec,
        after: async ({ target }) => {
          const numbers = await target.measure();
          measured = Object.fromEntries(numbers.map(({ metric, value }) => [metric, value]));
        },
      });
      const perConnection = measured["cpu.us_per_connection"] ?? 0;
      expect(perConnection).toBeGreaterThan(1);
      expect(perConnection / (measured["cpu.us_per_request"] ?? 0)).toBeCloseTo(2, 1);
    });

    test("waits before it answers", async () => {
      using world = lab.open();
      const workload = aWorkload({ arrival: closed(1, { limit: 3 }) });
      const { elapsedMs, tally } = await world.run(workload, { spec: { ...spec, delayMs: 100 } });
      expect(tally.connections.succeeded).toBe(3);
      expect(elapsedMs).toBeGreaterThanOrEqual(300);
    });

    test("answers a client that has closed its half", async () => {
      using world = lab.open();
      const workload = aWorkload({ close: "half", arrival: closed(2, { limit: 10 }) });
      const { tally } = await world.run(workload, { spec: { ...spec, delayMs: 5 } });
      expect(tally.connections).toMatchObject({ succeeded: 10, failed: 0 });
    });

    test("listens with the backlog it is given", async () => {
      using world = lab.open();
      const listening = await lab.targets.start({
        namespaceFd: world.target.fd,
        address: TARGET_HOST,
        workload: aWorkload(),
        spec: { ...aSpec, ...spec, backlog: 37 },
      });
      try {
        expect(world.listenQueueLimit()).toBe(37);
      } finally {
        await listening.stop();
      }
    });

    const bad = misdeeds.filter(({ misbehaviour }) => can({}, misbehaviour));
    test.runIf(bad.length > 0).each(bad)(
      "misbehaves on request: $misbehaviour",
      async (misdeed) => {
        using world = lab.open();
        let established = Number.NaN;
        const timeouts = misdeed.misbehaviour === "never-accept" ? BRIEF : PATIENT;
        const workload = aWorkload({ arrival: open(200, { limit: 20 }), timeouts });
        const report = await world.run(workload, {
          spec: { ...spec, misbehaviour: misdeed.misbehaviour, backlog: misdeed.backlog ?? 4096 },
          after: async () => {
            established = world.targetGauge("tcp.CurrEstab");
          },
        });
        expect(report.tally.connections.intended).toBe(20);
        await misdeed.check(report, world, established);
      },
    );

    const good = misdeeds.filter(({ misbehaviour }) => !can({}, misbehaviour));
    test.runIf(good.length > 0).each(good)("refuses to $misbehaviour", async ({ misbehaviour }) => {
      using world = lab.open();
      const running = world.run(aWorkload(), { spec: { ...spec, misbehaviour } });
      await expect(running).rejects.toMatchObject({ code: "E_TARGET" });
    });
  });
}

describe("target threads", () => {
  const optionsIn = (world: { readonly target: { readonly fd: number } }) => ({
    namespaceFd: world.target.fd,
    address: TARGET_HOST,
    workload: aWorkload(),
    spec: aSpec,
  });

  test("say that nothing can listen on an address the host does not have", async () => {
    using world = lab.open();
    const starting = lab.targets.start({ ...optionsIn(world), address: "198.18.7.7" });
    await expect(starting).rejects.toMatchObject({
      code: "E_TARGET",
      message: expect.stringContaining("EADDRNOTAVAIL") as string,
    });
  });

  test("say that a port is taken, and are not lost by it", async () => {
    using world = lab.open();
    const first = await lab.targets.start(optionsIn(world));
    await expect(lab.targets.start(optionsIn(world))).rejects.toMatchObject({
      code: "E_TARGET",
      message: expect.stringContaining("EADDRINUSE") as string,
    });
    expect(first.ended()).toBeNull();
    await first.stop();
    const again = await lab.targets.start(optionsIn(world));
    await again.stop();
  });

  test("throw what a server throws that nobody but a programmer can mend as the bug it is", async () => {
    using world = lab.open();
    // No scenario can ask for this.
    const workload = aWorkload({ responseBytes: -1 });
    const starting = lab.targets.start({ ...optionsIn(world), workload });
    await expect(starting).rejects.toThrow(/out of range/);
    await expect(starting).rejects.not.toBeInstanceOf(ChurnError);
    await (await lab.targets.start(optionsIn(world))).stop();
  });

  test.each(["ring", "epoll"] as const)(
    "throw a bug that %s meets while it serves when it is measured, and serve on with another thread",
    async (engine) => {
      await using targets = new TargetThreads();
      using world = lab.open();
      // No scenario can ask for this: a time that cannot be added to.
      const spec = { ...aSpec, engine, delayMs: 1n as unknown as number };
      const target = await targets.start({ ...optionsIn(world), spec });
      expect(await target.measure()).toEqual([]);
      const workload = aWorkload({ timeouts: BRIEF });
      const { tally } = await world.offer(workload, target.address);
      expect(tally.connections).toMatchObject({ attempted: 1, failed: 1 });
      await expect.poll(() => target.ended()).toMatch(/BigInt/);
      await expect(target.measure()).rejects.toThrow(/BigInt/);
      await expect(target.measure()).rejects.not.toBeInstanceOf(ChurnError);
      await target.stop();
      const next = await targets.start(optionsIn(world));
      expect(await next.measure()).toEqual([]);
      await next.stop();
    },
  );

  test("tell that a target has crashed, with what crashed it", async () => {
    await using targets = new TargetThreads();
    using world = lab.open();
    const spec = { ...aSpec, delayMs: 1n as unknown as number };
    const target = await targets.start({ ...optionsIn(world), spec });
    await world.offer(aWorkload({ timeouts: BRIEF }), target.address);
    await expect.poll(() => target.ended()).toMatch(/target thread failed: .*BigInt/);
    await target.stop();
  });

  test("tell when a target has ended by itself", async () => {
    await using targets = new TargetThreads();
    using world = lab.open();
    const target = await targets.start(optionsIn(world));
    expect(target.ended()).toBeNull();
    await targets.threads[0]?.terminate();
    expect(target.ended()).toMatch(/terminated/);
    await target.stop();
    const next = await targets.start(optionsIn(world));
    expect(next.ended()).toBeNull();
    await next.stop();
  });
});
