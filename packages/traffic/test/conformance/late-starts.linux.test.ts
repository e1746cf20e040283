import { countHistogram, type HistogramRecord, quantileUs, type ShardReport } from "@churnlab/core";
import { afterAll, describe, expect, test } from "vitest";
import { ENGINES } from "../../src/engines.ts";
import { monotonicMs } from "../../src/monotonic.ts";
import { aWorkload, open } from "../fixtures/a-workload.ts";
import { answerWith, serveRudely } from "../fixtures/rude-server.ts";
import { Lab, targetAddress } from "../fixtures/world.ts";

const lab = new Lab();
afterAll(() => lab[Symbol.asyncDispose]());

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

const engines = await Promise.all(ENGINES.map((entry) => entry.load()));

for (const engine of engines) {
  /** A load whose start is in the past, as when a generator was held up for so long. */
  async function startLate(lateMs: number, arrival: ReturnType<typeof open>): Promise<ShardReport> {
    using world = lab.open();
    await using server = serveRudely(world.target, answerWith(ANSWER));
    const workload = aWorkload({ engine: engine.name, arrival });
    const shard = await world.arm(workload, targetAddress(server.port));
    return await shard.run(monotonicMs() - lateMs);
  }

  describe.skipIf(!engine.probe().works)(`the ${engine.name} engine, held up,`, () => {
    test("measures a total from the intended start, and a request from the actual one", async () => {
      // The last of them is due after 190 ms.
      const report = await startLate(450, open(100, { limit: 20 }));
      expect(report.tally.connections).toMatchObject({ intended: 20, succeeded: 20, dropped: 0 });
      const counts = ["schedule", "connect", "request", "total"].map((metric) =>
        countHistogram(histogramOf(report, metric)),
      );
      expect(counts).toEqual([20, 20, 20, 20]);
      const leastMs = (metric: string): number =>
        (quantileUs(histogramOf(report, metric), 0) as number) / 1000;
      expect(leastMs("schedule")).toBeGreaterThanOrEqual(250);
      expect(leastMs("total")).toBeGreaterThanOrEqual(leastMs("schedule"));
      expect(leastMs("connect")).toBeLessThan(250);
      expect(leastMs("request")).toBeLessThan(250);
    });

    test("counts every arrival that it does not begin as dropped", async () => {
      const { tally, histograms } = await startLate(1100, open(1000, { limit: 500 }));
      const { intended, attempted, succeeded, dropped } = tally.connections;
      expect(intended).toBe(500);
      // Those of the first 100 ms are more than a second late.
      expect(dropped).toBeGreaterThanOrEqual(100);
      expect(attempted).toBe(500 - dropped);
      expect(succeeded).toBe(attempted);
      expect(countHistogram(histogramOf({ histograms }, "schedule"))).toBe(attempted);
    });
  });
}

function histogramOf(
  { histograms }: Pick<ShardReport, "histograms">,
  wanted: string,
): HistogramRecord {
  return histograms.find(({ metric }) => metric === wanted) as HistogramRecord;
}
