import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { monotonicMs } from "../../src/monotonic.ts";
import { CpuWatch } from "../../src/worker/cpu-watch.ts";

/** A worker that is busy for a share of its time, from now on. */
function busyWorker(share: number): { readCpuUs(): number } {
  const fromMs = monotonicMs();
  return { readCpuUs: () => (monotonicMs() - fromMs) * 1000 * share };
}

describe("CpuWatch", () => {
  it("gives the busiest worker's share of the time the load took, not of a phase that it did not fill", async () => {
    const workers = [busyWorker(0.25), busyWorker(1)];
    using cpu = new CpuWatch(workers, { measureAtMs: monotonicMs(), measureMs: 60_000 });
    await sleep(200);
    const { cpuShareMax } = cpu.conclude(monotonicMs());
    expect(cpuShareMax).toBeGreaterThan(0.9);
    expect(cpuShareMax).toBeLessThan(1.1);
  });

  it("leaves out of the share what a worker did after the phase, and counts it as CPU time", async () => {
    const worker = busyWorker(1);
    using cpu = new CpuWatch([worker], { measureAtMs: monotonicMs(), measureMs: 200 });
    await sleep(300);
    const { cpuUs, cpuShareMax } = cpu.conclude(monotonicMs());
    expect(cpuShareMax).toBeLessThan(1.1);
    expect(cpuUs).toBeGreaterThan(250_000);
  });

  it("has no number, not a lower one, where a thread's time cannot be read at one of the readings", async () => {
    let readings = 0;
    const lost = { readCpuUs: () => (++readings === 1 ? 0 : null) };
    for (const unreadable of [{ readCpuUs: () => null }, lost]) {
      const workers = [busyWorker(1), unreadable];
      using cpu = new CpuWatch(workers, { measureAtMs: monotonicMs() + 60_000, measureMs: 1000 });
      expect(cpu.conclude(monotonicMs())).toEqual({ cpuUs: null, cpuShareMax: null });
    }
  });
});
