import { setTimeout as sleep } from "node:timers/promises";
import { libc, type NetworkNamespace } from "@churnlab/linux";
import { afterAll, describe, expect, test } from "vitest";
import { connect } from "../../../linux/test/fixtures/raw-sockets.ts";
import type { BuiltinTargetSpec, RunningTarget } from "../../src/target/target-threads.ts";
import { aWorkload, closed } from "../fixtures/a-workload.ts";
import { expectTimeWait, Lab, TARGET_HOST, type World } from "../fixtures/world.ts";

const lab = new Lab();
afterAll(() => lab[Symbol.asyncDispose]());

const REQUEST = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabcdef";
const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nxxxx";

/** A client of the test's own: one blocking socket. */
class Client implements Disposable {
  readonly #fd: number;

  constructor(world: World, port: number) {
    this.#fd = connect(world.clients[0] as NetworkNamespace, { host: TARGET_HOST, port });
  }

  send(text: string): void {
    const bytes = Buffer.from(text);
    libc().send(this.#fd, bytes, bytes.length, 0);
  }

  /** What comes, until there are so many bytes or the stream has ended. */
  receive(count: number): string {
    const bytes = Buffer.alloc(count);
    let length = 0;
    while (length < count) {
      const got = libc().recv(this.#fd, bytes.subarray(length), count - length, 0);
      if (got <= 0) break;
      length += got;
    }
    return bytes.toString("latin1", 0, length);
  }

  [Symbol.dispose](): void {
    libc().close(this.#fd);
  }
}

for (const engine of ["ring", "epoll"] as const) {
  async function serve(
    world: World,
    spec: Partial<BuiltinTargetSpec> = {},
  ): Promise<AsyncDisposable & { readonly target: RunningTarget }> {
    const target = await lab.targets.start({
      namespaceFd: world.target.fd,
      address: TARGET_HOST,
      workload: aWorkload({ responseBytes: 4 }),
      spec: {
        server: "builtin",
        port: 8080,
        backlog: 4096,
        delayMs: 0,
        misbehaviour: "none",
        engine,
        ...spec,
      },
    });
    return { target, [Symbol.asyncDispose]: () => target.stop() };
  }

  describe(`the ${engine} target`, () => {
    test("answers requests that come together, one after the other", async () => {
      using world = lab.open();
      await using _ = await serve(world);
      using client = new Client(world, 8080);
      client.send(REQUEST + POST + REQUEST);
      expect(client.receive(ANSWER.length * 3)).toBe(ANSWER.repeat(3));
      // And still knows where the next one begins.
      client.send(POST);
      expect(client.receive(ANSWER.length)).toBe(ANSWER);
    });

    test("answers a request that comes in pieces, and the next that comes whole", async () => {
      using world = lab.open();
      await using _ = await serve(world);
      using client = new Client(world, 8080);
      for (const piece of [POST.slice(0, 10), POST.slice(10, -3), POST.slice(-3)]) {
        client.send(piece);
        await sleep(20);
      }
      expect(client.receive(ANSWER.length)).toBe(ANSWER);
      client.send(REQUEST);
      expect(client.receive(ANSWER.length)).toBe(ANSWER);
    });

    test("closes a connection whose bytes are no request", async () => {
      using world = lab.open();
      await using _ = await serve(world);
      using client = new Client(world, 8080);
      client.send("this is\r\nno request\r\n\r\n");
      expect(client.receive(10)).toBe("");
    });

    test("a client that goes away while its answer is due costs nothing but that answer", async () => {
      using world = lab.open();
      await using _ = await serve(world, { delayMs: 60 });
      for (let i = 0; i < 20; i++) {
        using impatient = new Client(world, 8080);
        impatient.send(REQUEST);
      }
      using client = new Client(world, 8080);
      client.send(REQUEST);
      expect(client.receive(ANSWER.length)).toBe(ANSWER);
    });

    test("sends a long answer whole before it closes", async () => {
      using world = lab.open();
      const workload = aWorkload({
        closer: "server",
        engine,
        responseBytes: 3_000_000,
        arrival: closed(4, { limit: 12 }),
      });
      const { tally } = await world.run(workload, {
        phases: { measureMs: 10_000 },
        spec: { engine },
      });
      expect(tally.connections).toMatchObject({ succeeded: 12, failed: 0 });
      await expectTimeWait(world, { client: 0 });
    });

    test("serves one trial after the other with the same counts", async () => {
      using world = lab.open();
      for (let trial = 0; trial < 5; trial++) {
        const workload = aWorkload({ engine, arrival: closed(8, { limit: 200 }) });
        const { tally } = await world.run(workload, { spec: { engine } });
        expect(tally.connections).toMatchObject({ succeeded: 200, failed: 0 });
      }
    });
  });
}
