import { describe, expect, test } from "vitest";
import { readQueues } from "../src/listen-queues.ts";
import type { SocketVisitor } from "../src/sock-diag.ts";
import { maskOfTcpState, type TcpState } from "../src/tcp-states.ts";

const LISTEN = maskOfTcpState("LISTEN");
const SYN_RECV = maskOfTcpState("SYN_RECV");

/** A kernel with these listeners on port 80 of any address, and handshakes towards that port. */
class AskedKernel {
  readonly masks: number[] = [];
  readonly #sockets: Readonly<Partial<Record<TcpState, number>>>;

  constructor(sockets: Readonly<Partial<Record<TcpState, number>>>) {
    this.#sockets = sockets;
  }

  readonly dump = (states: number, visitor: SocketVisitor): void => {
    this.masks.push(states);
    visitor.begin();
    const words = new Uint32Array(22);
    for (const state of ["LISTEN", "SYN_RECV"] as const) {
      if ((states & maskOfTcpState(state)) === 0) continue;
      const number = Math.log2(maskOfTcpState(state));
      words.set([(number << 8) | 2, 80 << 8], 4);
      for (let left = this.#sockets[state] ?? 0; left > 0; left--) visitor.visit(words, 0);
    }
  };
}

describe("a reading of queues", () => {
  test("does not make the kernel walk all connections where nothing listens", () => {
    const kernel = new AskedKernel({ SYN_RECV: 1 });
    expect(readQueues(kernel, { countSynReceived: true })).toEqual({
      listeners: [],
      synReceived: null,
    });
    expect(kernel.masks).toEqual([LISTEN]);
  });

  test("counts the handshakes of a listener, for which the kernel is asked apart", () => {
    const kernel = new AskedKernel({ LISTEN: 1, SYN_RECV: 3 });
    const { listeners, synReceived } = readQueues(kernel, { countSynReceived: true });
    expect(synReceived).toBe(3);
    expect(listeners).toMatchObject([{ address: "0.0.0.0", port: 80, synReceived: 3 }]);
    expect(kernel.masks).toEqual([LISTEN, SYN_RECV]);
  });

  test("asks for listeners only unless it is told otherwise", () => {
    const kernel = new AskedKernel({ LISTEN: 1 });
    readQueues(kernel);
    expect(kernel.masks).toEqual([LISTEN]);
  });
});
