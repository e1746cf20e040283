// Whole connections, both ends in one thread: what one costs is what the client, the server and both kernels do for it.
import { check, libc } from "../packages/linux/src/libc.ts";
import {
  abort,
  accept,
  close,
  connect,
  listen,
} from "../packages/linux/test/fixtures/raw-sockets.ts";
import { TARGET, type TwoHosts } from "../packages/linux/test/fixtures/two-hosts.ts";
import { readThreadCpuUs } from "./thread-cpu.ts";

const MSG_NOSIGNAL = 0x4000;

/** How the server ends a connection. The client has no TIME_WAIT either way. */
export type ConnectionEnd = "fin" | "rst";

/** Makes connections of one request and one answer, and says what they cost. */
export class ShortConnections implements Disposable {
  readonly #hosts: TwoHosts;
  readonly #at: { readonly host: string; readonly port: number };
  readonly #end: ConnectionEnd;
  readonly #listener: number;
  readonly #message: Buffer = Buffer.alloc(100, "x");
  readonly #room: Buffer = Buffer.alloc(100);

  constructor(
    hosts: TwoHosts,
    { port, end }: { readonly port: number; readonly end: ConnectionEnd },
  ) {
    this.#hosts = hosts;
    this.#at = { host: TARGET, port };
    this.#end = end;
    this.#listener = listen(hosts.target, this.#at);
  }

  run(count: number): void {
    for (let index = 0; index < count; index++) this.#runOne();
  }

  /** CPU time of a connection in microseconds, where what is done in the middle is shared among all `count`. */
  measureUs(count: number, inTheMiddle: () => void = () => {}): number {
    const begunUs = readThreadCpuUs();
    this.run(count / 2);
    inTheMiddle();
    this.run(count / 2);
    return (readThreadCpuUs() - begunUs) / count;
  }

  [Symbol.dispose](): void {
    close(this.#listener);
  }

  #runOne(): void {
    const near = connect(this.#hosts.client, this.#at);
    if (near < 0) throw new Error(`connect failed with errno ${-near}`);
    const far = accept(this.#listener);
    this.#pass(near, far);
    this.#pass(far, near);
    if (this.#end === "fin") close(far);
    else abort(far);
    close(near);
  }

  #pass(from: number, to: number): void {
    check("send", libc().send(from, this.#message, this.#message.length, MSG_NOSIGNAL));
    check("recv", libc().recv(to, this.#room, this.#room.length, 0));
  }
}
