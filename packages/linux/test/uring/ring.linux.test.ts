import { readdirSync, readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { ERRNO } from "@churnlab/core";
import { expect, test } from "vitest";
import { libc } from "../../src/libc.ts";
import { layOut } from "../../src/uring/operation.ts";
import { Ring } from "../../src/uring/ring.ts";
import { RING_SETUPS } from "../../src/uring/ring-layout.ts";
import { OPCODE, SETUP, SQE } from "../../src/uring/uring-abi.ts";
import { CollectingRing, QUIET, TAG } from "../fixtures/collecting-ring.ts";
import { accept, close, listen } from "../fixtures/raw-sockets.ts";
import { CLIENT, makeTwoHosts, TARGET, TARGET6 } from "../fixtures/two-hosts.ts";

const PORT = 8080;

/** Cancels what is not there: completes at once, with ENOENT. */
const NOTHING = layOut({ opcode: OPCODE.ASYNC_CANCEL });

const countDescriptors = (): number => readdirSync("/proc/self/fd").length;
/** No more than before: the runtime, too, has some open for a moment. */
async function expectDescriptors(before: number): Promise<void> {
  await expect.poll(countDescriptors, { interval: 10 }).toBeLessThanOrEqual(before);
}
/** Of rings only: the memory of the runtime comes and goes as it likes. */
const countMappings = (): number =>
  readFileSync("/proc/self/maps", "utf8").split("[io_uring]").length;

test.each(RING_SETUPS.map((setup) => ({ setup: `0x${setup.toString(16)}`, flags: setup })))(
  "a chain opens, connects and sends in a ring of set-up $setup",
  ({ flags }) => {
    using hosts = makeTwoHosts();
    const listener = listen(hosts.target, { host: TARGET, port: PORT });
    using ring = new CollectingRing({ setups: [flags] });
    hosts.client.run(() => {
      ring.pushConnection(0, { host: TARGET, port: PORT });
      expect(ring.collect(1)).toEqual([{ slot: 0, tag: TAG.send, result: 5 }]);
    });
    close(accept(listener));
    close(listener);
  },
);

test("a ring connects over IPv6", () => {
  using hosts = makeTwoHosts();
  const listener = listen(hosts.target, { host: TARGET6, port: PORT });
  using ring = new CollectingRing();
  hosts.client.run(() => {
    ring.pushConnection(0, { host: TARGET6, port: PORT });
    expect(ring.collect(1)).toEqual([{ slot: 0, tag: TAG.send, result: 5 }]);
  });
  close(listener);
});

test("a chain that fails at a quiet operation posts the completion of that one and no other", () => {
  using hosts = makeTwoHosts();
  using ring = new CollectingRing();
  hosts.client.run(() => {
    ring.pushConnection(0, { host: TARGET, port: PORT });
    ring.ring.reserve(3);
    ring.pushSocket(1, CLIENT);
    // An address of the other host cannot be bound.
    const foreign = { host: TARGET, port: 0, opcode: OPCODE.BIND, flags: QUIET };
    ring.pushAddressed(1, TAG.bind, foreign);
    const to = { host: TARGET, port: PORT, opcode: OPCODE.CONNECT, flags: SQE.FIXED_FILE };
    ring.pushAddressed(1, TAG.connect, to);
    ring.collect(6);
  });
  expect(ring.completions.toSorted((a, b) => a.slot - b.slot)).toEqual([
    { slot: 0, tag: TAG.connect, result: -ERRNO.ECONNREFUSED },
    { slot: 1, tag: TAG.bind, result: -ERRNO.EADDRNOTAVAIL },
  ]);
});

test("more entries than the ring has room for are handed over, and none of their completions is lost", () => {
  using ring = new CollectingRing({ submissions: 8, completions: 16 });
  for (let i = 0; i < 1000; i++) ring.ring.push(NOTHING, i, TAG.nothing);
  const completions = ring.collect(1000);
  expect(completions.map(({ slot }) => slot)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  expect(completions.every(({ result }) => result === -ERRNO.ENOENT)).toBe(true);
});

test("a wait ends when its time is over, with nothing in flight or with silence", () => {
  using hosts = makeTwoHosts();
  const listener = listen(hosts.target, { host: TARGET, port: PORT });
  using ring = new CollectingRing();
  hosts.client.run(() => {
    ring.ring.wait(20);
    ring.pushConnection(0, { host: TARGET, port: PORT });
    ring.collect(1);
    const { address, length } = ring.keep(Buffer.alloc(64));
    const receive = { opcode: OPCODE.RECV, flags: SQE.FIXED_FILE, slotIn: "fd" } as const;
    ring.ring.push(layOut({ ...receive, address, length }), 0, TAG.receive);
    const startedAt = performance.now();
    ring.ring.wait(30);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(30);
    expect(ring.ring.reap(ring)).toBe(0);
    // Ends the receive, so that its memory may be freed.
    close(accept(listener));
    expect(ring.collect(2)[1]).toMatchObject({ tag: TAG.receive });
  });
  close(listener);
});

test("sockets in slots, and the ring itself, take no descriptor of the process", async () => {
  using hosts = makeTwoHosts();
  const listener = listen(hosts.target, { host: TARGET, port: PORT });
  const before = countDescriptors();
  using ring = new CollectingRing({ slots: 50 });
  hosts.client.run(() => {
    for (let slot = 0; slot < 50; slot++) ring.pushConnection(slot, { host: TARGET, port: PORT });
    expect(ring.collect(50).filter(({ result }) => result === 5)).toHaveLength(50);
  });
  await expectDescriptors(before);
  close(listener);
});

test("500 rings, opened and closed, leave neither descriptors nor memory behind", async () => {
  new Ring({ slots: 1 }).close();
  const [descriptors, mappings] = [countDescriptors(), countMappings()];
  for (let i = 0; i < 500; i++) new Ring({ slots: 1 }).close();
  await expectDescriptors(descriptors);
  expect(countMappings()).toBe(mappings);
});

test("a thread that is terminated in the middle leaves no ring, no descriptor and no connection", async () => {
  using hosts = makeTwoHosts();
  const listener = listen(hosts.target, { host: TARGET, port: PORT });
  const before = countDescriptors();
  const worker = new Worker(new URL("../fixtures/ring-worker.ts", import.meta.url), {
    workerData: { namespaceFd: hosts.client.fd, host: TARGET, port: PORT },
    execArgv: ["--conditions=@churnlab/source"],
  });
  const peer = accept(listener);
  await worker.terminate();
  // The kernel closes the sockets of a ring a moment after its thread is gone.
  const bytes = Buffer.alloc(64);
  expect(libc().recv(peer, bytes, bytes.length, 0)).toBe(5);
  expect(libc().recv(peer, bytes, bytes.length, 0)).toBe(0);
  close(peer);
  await expectDescriptors(before);
  close(listener);
});

test("what the kernel refuses is thrown, and leaves nothing behind", async () => {
  const [descriptors, mappings] = [countDescriptors(), countMappings()];
  const impossible = SETUP.SINGLE_ISSUER | 0x4000_0000;
  expect(() => new Ring({ slots: 1, setups: [impossible] })).toThrow(/io_uring_setup: EINVAL/);
  expect(() => new Ring({ slots: 2 ** 30 })).toThrow(/io_uring_register/);
  await expectDescriptors(descriptors);
  expect(countMappings()).toBe(mappings);
});
