import { closeSync, openSync, readSync } from "node:fs";
import { readOwnPortRange } from "./port-range.ts";

const LOOK_EVERY_MS = 10;
/** /proc/net/sockstat and sockstat6 are a few hundred bytes. */
const FILE_BYTES = 1024;

/**
 * What share of the local ports is taken, in the network namespace of the thread that makes this: sockets in use and in
 * TIME_WAIT over the usable ports of ip_local_port_range. A client's namespace has no other sockets, so with one destination
 * this is the share of ports that connect() has to step over.
 */
export class PortShare implements Disposable {
  /** 0 to 100, as it was at the last look. */
  percent = 0;
  readonly #ports: number = Math.max(1, readOwnPortRange().usable);
  readonly #buffer = Buffer.alloc(FILE_BYTES);
  readonly #timeWaitFile: number;
  readonly #inUseFile: number;
  readonly #inUseField: RegExp;
  readonly #held: DisposableStack;
  #nextLookAtMs = 0;

  /** Of the sockets of one family. */
  constructor({ ipv6 }: { readonly ipv6: boolean }) {
    using opened = new DisposableStack();
    this.#timeWaitFile = opened.adopt(openOwn("sockstat"), closeSync);
    this.#inUseFile = opened.adopt(openOwn(ipv6 ? "sockstat6" : "sockstat"), closeSync);
    this.#inUseField = ipv6 ? /TCP6: inuse (\d+)/ : /TCP: inuse (\d+)/;
    this.#held = opened.move();
  }

  /** Looks again when the last look is long enough ago; takes about 5 µs then. */
  look(nowMs: number): void {
    if (nowMs < this.#nextLookAtMs) return;
    this.#nextLookAtMs = nowMs + LOOK_EVERY_MS;
    // FIN_WAIT2 and sockets of IPv6 are in `tw` too (Documentation/networking/proc_net_tcp, net/ipv4/proc.c).
    const used =
      this.#read(this.#timeWaitFile, / tw (\d+)/) + this.#read(this.#inUseFile, this.#inUseField);
    this.percent = Math.min(100, Math.floor((100 * used) / this.#ports));
  }

  #read(file: number, field: RegExp): number {
    const length = readSync(file, this.#buffer, 0, FILE_BYTES, 0);
    return Number(field.exec(this.#buffer.toString("latin1", 0, length))?.[1] ?? 0);
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
  }
}

/**
 * A file of the thread's own /proc/net, which stays bound to the namespace it was opened in. Through Node, which closes it
 * when a worker thread is terminated (`trackUnmanagedFds`).
 */
function openOwn(name: string): number {
  return openSync(`/proc/thread-self/net/${name}`, "r");
}
