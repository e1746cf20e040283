import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { monotonicMs } from "../../src/monotonic.ts";
import { undiciEngine } from "../../src/undici/undici-engine.ts";
import { MEASURE, WorkerCounters } from "../../src/worker-counters.ts";
import { aWorkload, closed } from "../fixtures/a-workload.ts";

const folder = mkdtempSync(join(tmpdir(), "churnlab-tls-"));
const trusted = tls.getCACertificates("default");
let server: https.Server;

beforeAll(async () => {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=churnlab test", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "2",
      ...subject,
      "-keyout",
      key,
      "-out",
      cert,
    ],
    { stdio: "ignore" },
  );
  const identity = { key: readFileSync(key), cert: readFileSync(cert) };
  server = https.createServer(identity, (_request, response) => response.end("ok"));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
});

afterAll(() => {
  server.close();
  tls.setDefaultCACertificates(trusted);
  rmSync(folder, { recursive: true });
});

describe("TLS through undici", () => {
  test("fails at connect where the certificate is not trusted", async () => {
    const counters = await offer();
    expect(counters.toTally(MEASURE).connections).toMatchObject({ attempted: 6, failed: 6 });
    expect(counters.toFailures()).toMatchObject([{ step: "connect", errno: "EPROTO", count: 6 }]);
  });

  test("carries requests where it is, with a whole handshake for every connection", async () => {
    tls.setDefaultCACertificates([...trusted, readFileSync(join(folder, "cert.pem"), "utf8")]);
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
