import { findBrokenIdentities } from "@churnlab/core";
import { type NetworkNamespace, OPCODE, RING_SETUPS } from "@churnlab/linux";
import { afterAll, describe, expect, test } from "vitest";
import { monotonicMs } from "../../src/monotonic.ts";
import { refusalOnKernel } from "../../src/ring/ring-engine.ts";
import { refusalToServeOnKernel } from "../../src/ring/ring-target.ts";
import { MEASURE } from "../../src/worker-counters.ts";
import { aWorkload, closed } from "../fixtures/a-workload.ts";
import { ringWhereRefused, runWithSlots } from "../fixtures/blocking-engines.ts";
import { Lab, targetAddress } from "../fixtures/world.ts";

const lab = new Lab();
afterAll(() => lab[Symbol.asyncDispose]());

describe("on a kernel that is older", () => {
  test.each(RING_SETUPS.map((_, refused) => ({ refused })))(
    "and refuses $refused of the ring's set-ups, the next carries the same load",
    async ({ refused }) => {
      using world = lab.open();
      const workload = aWorkload({ close: "rst", arrival: closed(8, { limit: 200 }) });
      const target = await lab.targets.start({
        namespaceFd: world.target.fd,
        address: targetAddress(8080).host,
        workload,
        spec: {
          server: "builtin",
          port: 8080,
          backlog: 4096,
          delayMs: 0,
          misbehaviour: "none",
          engine: "ring",
        },
      });
      try {
        const counters = runWithSlots(
          ringWhereRefused(refused),
          {
            workload,
            target: target.address,
            worker: { index: 0, of: 1 },
            sourceAddress: "198.19.0.1",
            seed: 1,
            startAtMs: monotonicMs(),
            warmUpMs: 0,
            measureMs: 10_000,
          },
          { namespace: world.clients[0] as NetworkNamespace, slots: 8 },
        );
        const tally = counters.toTally(MEASURE);
        expect(findBrokenIdentities(tally, counters.toFailures())).toEqual([]);
        expect(tally.connections).toMatchObject({ attempted: 200, succeeded: 200, failed: 0 });
        expect(world.resetsSent()).toEqual({ client: 200, target: 0 });
        expect(counters.holdings.empty).toBe(true);
      } finally {
        await target.stop();
      }
    },
  );

  const all = new Set<number>(Object.values(OPCODE));
  const without = (...missing: readonly number[]): Set<number> =>
    new Set([...all].filter((opcode) => !missing.includes(opcode)));

  test("what it lacks is refused by name, and nothing else", () => {
    const linux66 = without(OPCODE.BIND, OPCODE.READ_MULTISHOT);
    const linux610 = without(OPCODE.BIND);
    expect(refusalOnKernel(aWorkload(), linux66)).toBeNull();
    expect(refusalOnKernel(aWorkload({ close: "rst" }), linux66)).toContain("Linux 6.7");
    expect(refusalOnKernel(aWorkload({ close: "rst" }), linux610)).toBeNull();
    expect(refusalOnKernel(aWorkload({ bind: "address" }), linux610)).toContain("Linux 6.11");
    expect(refusalOnKernel(aWorkload({ bind: "address", close: "rst" }), all)).toBeNull();
  });

  test("what the target lacks is refused by name, whether it closes by reset or misbehaves by it", () => {
    const linux66 = without(OPCODE.BIND, OPCODE.READ_MULTISHOT);
    const polite = { workload: aWorkload(), misbehaviour: "none" } as const;
    const resets = [
      { ...polite, workload: aWorkload({ close: "rst" }) },
      { ...polite, misbehaviour: "reset-after-accept" },
    ] as const;
    expect(refusalToServeOnKernel(polite, linux66)).toBeNull();
    for (const job of resets) {
      expect(refusalToServeOnKernel(job, linux66)).toContain("Linux 6.7");
      expect(refusalToServeOnKernel(job, without(OPCODE.BIND))).toBeNull();
    }
  });
});
