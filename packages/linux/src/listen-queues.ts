import { formatIpAddress } from "./ip-address.ts";
import { DIAG_WORD, type SockDiag, type SocketVisitor, swapPort } from "./sock-diag.ts";
import { maskOfTcpState } from "./tcp-states.ts";

const AF_INET = 2;
const LISTEN = maskOfTcpState("LISTEN");
const SYN_RECV = maskOfTcpState("SYN_RECV");
const SYN_RECV_NUMBER = 3;

/** A listening socket and the connections that wait for accept(). */
export interface ListenQueue {
  readonly address: string;
  readonly port: number;
  /** Connections that wait for accept(). */
  readonly depth: number;
  /** min(backlog, somaxconn); the kernel lets one more wait. */
  readonly limit: number;
  /** Handshakes to this address and port that wait for the last ACK; null when they were not asked for. */
  readonly synReceived: number | null;
}

export interface Queues {
  readonly listeners: readonly ListenQueue[];
  /** The same of the namespace, those of a listener that is closed by now too. */
  readonly synReceived: number | null;
}

/**
 * The accept queues of a namespace (about 20 µs), and on request its SYN_RECV count, for which the kernel walks the
 * table of all connections (0.6 ms and more). Throws `SystemError`.
 */
export function readQueues(
  diag: Pick<SockDiag, "dump">,
  { countSynReceived = false }: { readonly countSynReceived?: boolean } = {},
): Queues {
  const visitor = new QueueVisitor();
  diag.dump(countSynReceived ? LISTEN | SYN_RECV : LISTEN, visitor);
  if (countSynReceived) return visitor.queues();
  const listeners = visitor.listeners.map((each) => ({ ...each, synReceived: null }));
  return { listeners, synReceived: null };
}

const ANY_ADDRESS: readonly string[] = ["0.0.0.0", "::"];

interface Endpoint {
  readonly address: string;
  readonly port: number;
}

class QueueVisitor implements SocketVisitor {
  listeners: Omit<ListenQueue, "synReceived">[] = [];
  #handshakes: Endpoint[] = [];

  begin(): void {
    this.listeners = [];
    this.#handshakes = [];
  }

  /** A handshake belongs to the listener at its very address if there is one, else to that at any address. */
  queues(): Queues {
    const counts = new Map<string, number>();
    for (const { address, port } of this.#handshakes) {
      const found = [address, ...ANY_ADDRESS].find((host) => this.#listensAt(host, port));
      if (found === undefined) continue;
      const key = `${found} ${port}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return {
      listeners: this.listeners.map((each) => {
        return { ...each, synReceived: counts.get(`${each.address} ${each.port}`) ?? 0 };
      }),
      synReceived: this.#handshakes.length,
    };
  }

  visit(words: Uint32Array, at: number): void {
    const familyAndState = words[at + DIAG_WORD.FAMILY_STATE] as number;
    const source = words.slice(at + DIAG_WORD.SOURCE, at + DIAG_WORD.DESTINATION);
    const length = (familyAndState & 0xff) === AF_INET ? 4 : 16;
    const local = {
      address: formatIpAddress(new Uint8Array(source.buffer, 0, length)),
      port: swapPort(words[at + DIAG_WORD.PORTS] as number),
    };
    if (((familyAndState >>> 8) & 0xff) === SYN_RECV_NUMBER) {
      this.#handshakes.push(local);
      return;
    }
    this.listeners.push({
      ...local,
      depth: words[at + DIAG_WORD.RECEIVE_QUEUE] as number,
      limit: words[at + DIAG_WORD.SEND_QUEUE] as number,
    });
  }

  #listensAt(address: string, port: number): boolean {
    return this.listeners.some((each) => each.address === address && each.port === port);
  }
}
