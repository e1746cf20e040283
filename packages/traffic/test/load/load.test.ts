import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { bootMs } from "@churnlab/linux";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadEngine } from "../../src/engines.ts";
import { monotonicMs } from "../../src/monotonic.ts";
import { MEASURE, WorkerCounters } from "../../src/worker-counters.ts";
import { aWorkload, closed, open } from "../fixtures/a-workload.ts";

const KEPT_MS = 150;

const server = http.createServer((_request, response) => response.end("ok"));

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** As a process that is stopped: nothing is read, and no timer fires. */
function freeze(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test.each(
  (["net", "undici"] as const).flatMap((engine) => [
    { engine, arrival: open(500) },
    { engine, arrival: closed(4) },
  ]),
)(
  "a load of $engine, $arrival.model, that was frozen for longer than it was kept begins nothing when it wakes",
  async ({ engine, arrival }) => {
    const counters = new WorkerCounters();
    const { port } = server.address() as AddressInfo;
    const running = (await loadEngine(engine)).run(
      {
        workload: aWorkload({ engine, arrival }),
        target: { host: "127.0.0.1", port, path: "/", tls: false },
        worker: { index: 0, of: 1 },
        sourceAddress: "127.0.0.1",
        seed: 1,
        startAtMs: monotonicMs(),
        warmUpMs: 0,
        measureMs: 20_000,
      },
      counters,
    );
    while (counters.read(MEASURE, "succeeded") < 20) await sleep(1);
    const attempted = counters.read(MEASURE, "attempted");
    counters.keepUntil(bootMs() + KEPT_MS);
    freeze(2 * KEPT_MS);
    await running;
    expect(counters.read(MEASURE, "attempted")).toBe(attempted);
  },
);
