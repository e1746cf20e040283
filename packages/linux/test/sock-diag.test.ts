import { ERRNO } from "@churnlab/core/errno";
import { describe, expect, test } from "vitest";
import { NLMSG } from "../src/netlink-message.ts";
import { type DiagSocket, SockDiag, type SocketVisitor } from "../src/sock-diag.ts";
import { SystemError } from "../src/system-error.ts";

/** What the kernel answers to one dump: messages that each stand for a socket, or an errno. */
type Answer = { readonly sockets: number } | number;

/** After so many sockets, opening one fails as often as it says. */
interface Refusal {
  readonly after: number;
  times: number;
}

const SOCKET_BYTES = 88;
const SOCKET_TYPE = 20;

/** A netlink socket whose kernel says what a test wants. */
class ScriptedSocket implements DiagSocket {
  readonly buffer: Buffer = Buffer.alloc(4096);
  readonly #answers: Answer[];
  closed = false;

  constructor(answers: Answer[]) {
    this.#answers = answers;
  }

  send(): void {
    if (this.closed) throw new Error("sent to a descriptor that is somebody else's");
  }

  receive(): number {
    const answer = this.#answers.shift();
    if (answer === undefined) throw new Error("no more answers");
    if (typeof answer === "number") throw new SystemError("recv", answer, "netlink");
    let at = 0;
    for (let i = 0; i < answer.sockets; i += 1) {
      at += this.#write(at, [SOCKET_BYTES, SOCKET_TYPE]);
    }
    return at + this.#write(at, [20, NLMSG.DONE]);
  }

  failureAt(): undefined {
    return undefined;
  }

  close(): void {
    this.closed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #write(at: number, [bytes, type]: readonly [number, number]): number {
    this.buffer.writeUInt32LE(bytes, at);
    this.buffer.writeUInt16LE(type, at + 4);
    return bytes;
  }
}

class Counter implements SocketVisitor {
  sockets = 0;

  begin(): void {
    this.sockets = 0;
  }

  visit(): void {
    this.sockets += 1;
  }
}

function dump(answers: readonly Answer[], refusal: Refusal = { after: 0, times: 0 }) {
  const left = [...answers];
  const opened: { readonly queueBytes: number | undefined; readonly socket: ScriptedSocket }[] = [];
  const diag = new SockDiag({ run: (work) => work() }, (queueBytes) => {
    if (opened.length >= refusal.after && refusal.times > 0) {
      refusal.times -= 1;
      throw new SystemError("socket", ERRNO.EMFILE, "netlink");
    }
    const socket = new ScriptedSocket(left);
    opened.push({ queueBytes, socket });
    return socket;
  });
  const counter = new Counter();
  const ask = () => diag.dump(0xfff, counter);
  return { ask, counter, opened, diag };
}

describe("a dump of sockets", () => {
  test("that finds no room is asked for once more, with more room", () => {
    const { ask, counter, opened } = dump([ERRNO.ENOBUFS, { sockets: 3 }]);
    ask();
    expect(counter.sockets).toBe(3);
    expect(opened.at(-1)?.queueBytes).toBeGreaterThan(1024 * 1024);
    expect(opened.slice(0, -1).every(({ socket }) => socket.closed)).toBe(true);
  });

  test("that finds no room twice fails, and leaves a fresh socket for the next", () => {
    const { ask, counter, opened } = dump([ERRNO.ENOBUFS, ERRNO.ENOBUFS, { sockets: 2 }]);
    expect(ask).toThrow(expect.objectContaining({ code: "ENOBUFS" }));
    expect(opened.every(({ socket }) => socket.closed)).toBe(true);
    ask();
    expect(counter.sockets).toBe(2);
    expect(opened.filter(({ socket }) => !socket.closed)).toHaveLength(1);
  });

  test.each([
    ["with more room", ERRNO.ENOBUFS, ["EMFILE"]],
    ["for the next dump", ERRNO.EPERM, ["EPERM", "EMFILE"]],
  ])(
    "asks nothing of a closed socket when none can be opened %s, and recovers",
    (_when, errno, failures) => {
      const refusal = { after: 1, times: 1 };
      const { ask, counter } = dump([errno, { sockets: 4 }], refusal);
      for (const code of failures) expect(ask).toThrow(expect.objectContaining({ code }));
      ask();
      expect([counter.sockets, refusal.times]).toEqual([4, 0]);
    },
  );

  test("is refused once it is closed", () => {
    const { ask, diag, opened } = dump([{ sockets: 1 }]);
    diag.close();
    expect(ask).toThrow(expect.objectContaining({ code: "EBADF" }));
    expect(opened).toHaveLength(1);
  });

  test("that fails otherwise is not repeated", () => {
    const { ask } = dump([ERRNO.EPERM, { sockets: 2 }]);
    expect(ask).toThrow(expect.objectContaining({ code: "EPERM" }));
  });
});
