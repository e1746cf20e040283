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
}

export interface Queues {
  readonly listeners: readonly ListenQueue[];
  /** Handshakes that wait for the last ACK; null when they were not asked for. */
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
  const { listeners, synReceived } = visitor;
  return { listeners, synReceived: countSynReceived ? synReceived : null };
}

class QueueVisitor implements SocketVisitor {
  listeners: ListenQueue[] = [];
  synReceived = 0;

  begin(): void {
    this.listeners = [];
    this.synReceived = 0;
  }

  visit(words: Uint32Array, at: number): void {
    const familyAndState = words[at + DIAG_WORD.FAMILY_STATE] as number;
    if (((familyAndState >>> 8) & 0xff) === SYN_RECV_NUMBER) {
      this.synReceived += 1;
      return;
    }
    const source = words.slice(at + DIAG_WORD.SOURCE, at + DIAG_WORD.DESTINATION);
    const length = (familyAndState & 0xff) === AF_INET ? 4 : 16;
    this.listeners.push({
      address: formatIpAddress(new Uint8Array(source.buffer, 0, length)),
      port: swapPort(words[at + DIAG_WORD.PORTS] as number),
      depth: words[at + DIAG_WORD.RECEIVE_QUEUE] as number,
      limit: words[at + DIAG_WORD.SEND_QUEUE] as number,
    });
  }
}
