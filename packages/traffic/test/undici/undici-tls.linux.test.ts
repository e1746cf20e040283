import { readFileSync } from "node:fs";
import https from "node:https";
import type { AddressInfo } from "node:net";
import tls from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { monotonicMs } from "../../src/monotonic.ts";
import { undiciEngine } from "../../src/undici/undici-engine.ts";
import { MEASURE, WorkerCounters } from "../../src/worker-counters.ts";
import { aWorkload, closed } from "../fixtures/a-workload.ts";

/** For 127.0.0.1, signed by itself, of use to nobody but these tests. */
const read = (name: string): string =>
  readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url), "utf8");
const identity = { key: read("key"), cert: read("cert") };
const trusted = tls.getCACertificates("default");
const server = https.createServer(identity, (_request, response) => response.end("ok"));

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
});

afterAll(() => {
  server.close();
  tls.setDefaultCACertificates(trusted);
});

describe("TLS through undici", () => {
  test("fails at connect where the certificate is not trusted", async () => {
    const counters = await offer();
    expect(counters.toTally(MEASURE).connections).toMatchObject({ attempted: 6, failed: 6 });
    expect(counters.toFailures()).toMatchObject([{ step: "connect", errno: "EPROTO", count: 6 }]);
  });

  test("carries requests where it is, with a whole handshake for every connection", async () => {
    tls.setDefaultCACertificates([...trusted, identity.cert]);
    const resumed: boolean[] = [];
    server.on("secureConnection", (socket) => resumed.push(socket.isSessionReused()));
    const counters = await offer();
    expect(counters.toTally(MEASURE).connections).toMatchObject({ succeeded: 6, failed: 0 });
    expect(counters.toTally(MEASURE).requests).toMatchObject({ succeeded: 12, failed: 0 });
    expect(resumed).toEqual([false, false, false, false, false, false]);
  });
});

async function offer(): Promise<WorkerCounters> {
  const { port } = server.address() as AddressInfo;
  const counters = new WorkerCounters();
  const job = {
    workload: aWorkload({
      engine: "undici",
      requestsPerConnection: 2,
      arrival: closed(2, { limit: 6 }),
    }),
    target: { host: "127.0.0.1", port, path: "/", tls: true },
    worker: { index: 0, of: 1 },
    sourceAddress: "127.0.0.1",
    seed: 1,
    startAtMs: monotonicMs(),
    warmUpMs: 0,
    measureMs: 3000,
  };
  await undiciEngine.run(job, counters);
  return counters;
}
