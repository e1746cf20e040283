import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import path from "node:path";
import { expect, test } from "vitest";

const CHECK = path.resolve(import.meta.dirname, "../check-listening.mjs");

/** The exit status of a target's health check, where the target is told to serve on this port. */
function check(port: number): number | null {
  const env = { ...process.env, CHURNLAB_TARGET: JSON.stringify({ job: { port } }) };
  return spawnSync(process.execPath, [CHECK], { env }).status;
}

test("a target is healthy while it listens on the port that CHURNLAB_TARGET names", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  expect(check(port)).toBe(0);
  server.close();
  await once(server, "close");
  expect(check(port)).toBe(1);
});
