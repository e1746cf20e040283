// Whether a run that is watched for half an hour, in real time, leaves the page and the server as small as they were.
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { launchChromium, openPage, untilDrawn } from "../e2e/report/chromium.ts";
import { type Benchmark, type BenchOptions, type BenchRow, rowOfRounds } from "./benchmark.ts";
import { startServer } from "./dashboard-server.ts";

const MINUTES = 30;
const MINUTE_MS = 60_000;
/**
 * The first part of the time, in which code is compiled. Series take twice as many samples into a point each time they are
 * full, so that after a quarter of the time they are as full as at its end; between any others heaps would differ by that.
 */
const SETTLED_SHARE = 1 / 4;

export const bench: Benchmark = {
  name: "dashboard",
  description: "a tab that watches 8 series at 10 Hz for half an hour (--rounds: minutes)",
  run,
};

async function run({ rounds = MINUTES, log }: BenchOptions): Promise<BenchRow[]> {
  await using server = await startServer();
  const browser = await launchChromium();
  try {
    await using opened = await openPage(browser);
    const { page } = opened;
    await page.goto(new URL("/live", server.address).href);
    await untilDrawn(page);
    const settledMs = rounds * MINUTE_MS * SETTLED_SHARE;
    await sleep(settledMs);
    const before = { ...(await server.readUse()), pageBytes: await readHeap(page) };
    log(
      `${Math.round(before.pageBytes / 1000)} kB in the page after ${settledMs / MINUTE_MS} minutes`,
    );
    const share = await server.measureCpuShare(rounds * MINUTE_MS - settledMs);
    const after = { ...(await server.readUse()), pageBytes: await readHeap(page) };
    const flat = { unit: "%", target: { max: 10 } };
    return [
      rowOfRounds({ id: "dashboard.minutes", unit: "minutes" }, [rounds]),
      rowOfRounds({ id: "dashboard.page_heap", unit: "MB" }, [after.pageBytes / 1e6]),
      rowOfRounds({ id: "dashboard.page_heap_growth", ...flat }, [
        growth(before.pageBytes, after.pageBytes),
      ]),
      rowOfRounds({ id: "dashboard.server_heap", unit: "MB" }, [after.heapBytes / 1e6]),
      rowOfRounds({ id: "dashboard.server_heap_growth", ...flat }, [
        growth(before.heapBytes, after.heapBytes),
      ]),
      rowOfRounds({ id: "dashboard.soak_cpu", unit: "% of a core", target: { max: 2 } }, [
        100 * share,
      ]),
    ];
  } finally {
    await browser.close();
  }
}

function growth(from: number, to: number): number {
  return 100 * (to / from - 1);
}

/** What the page keeps: the least of some looks, for one that draws at this moment holds more. */
async function readHeap(page: Page): Promise<number> {
  const client = await page.context().newCDPSession(page);
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 5; look++) {
    await client.send("HeapProfiler.collectGarbage");
    const { usedSize } = (await client.send("Runtime.getHeapUsage")) as { usedSize: number };
    least = Math.min(least, usedSize);
    await sleep(300);
  }
  await client.detach();
  return least;
}
