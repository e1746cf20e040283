import {
  layOut,
  MSG_MORE,
  MSG_NOSIGNAL,
  MSG_WAITALL,
  OPCODE,
  type Operation,
  type OperationFields,
  RECVSEND_POLL_FIRST,
  SHUT_WR,
  SO_LINGER,
  SOL_SOCKET,
  SQE,
  setOption,
} from "@churnlab/linux";
import { FixedBytes, fixedInts } from "../slots/fixed-bytes.ts";
import type { Messages } from "../slots/messages.ts";

const QUIET = SQE.FIXED_FILE | SQE.SKIP_SUCCESS;
const POLLIN = 1;

/** What is done with a connected socket, laid out once. */
export class ConnectedOperations {
  /** Sends that are heard of when they fail. A `link` begins the operation after it when all is sent. */
  readonly send: Operation;
  readonly sendLast: Operation;
  readonly sendLastAndLink: Operation;
  /** Sends that are heard of, for what does not fit into an empty send buffer. */
  readonly sendHeard: Operation;
  readonly sendLastHeard: Operation;
  /** The address of both is the slot's. */
  readonly receive: Operation;
  /** For what is certainly not there yet. */
  readonly receiveLater: Operation;
  /** Waits until there is something to receive. */
  readonly watch: Operation;
  readonly shutdown: Operation;
  /** SO_LINGER {1, 0}: close() sends a reset. */
  readonly linger: Operation;
  readonly #memory: readonly FixedBytes[];

  constructor(messages: Messages, inboxBytes: number) {
    const plain = new FixedBytes(messages.plain);
    const last = new FixedBytes(messages.last);
    const reset = fixedInts(1, 0);
    this.#memory = [plain, last, reset];
    this.send = sendAll(plain, QUIET);
    this.sendLast = sendAll(last, QUIET, messages.endsWithFin === true ? MSG_MORE : 0);
    this.sendLastAndLink = sendAll(last, QUIET | SQE.LINK);
    this.sendHeard = sendAll(plain, SQE.FIXED_FILE);
    this.sendLastHeard = sendAll(last, SQE.FIXED_FILE);
    this.receive = receiveUpTo(inboxBytes, 0);
    this.receiveLater = receiveUpTo(inboxBytes, RECVSEND_POLL_FIRST);
    this.watch = onSocket(OPCODE.POLL_ADD, { flags: SQE.FIXED_FILE, opFlags: POLLIN });
    this.shutdown = onSocket(OPCODE.SHUTDOWN, { flags: QUIET, length: SHUT_WR });
    this.linger = setOption({
      level: SOL_SOCKET,
      name: SO_LINGER,
      value: reset.address,
      length: reset.length,
      flags: QUIET,
    });
  }

  free(): void {
    for (const bytes of this.#memory) bytes.free();
  }
}

function sendAll({ address, length }: FixedBytes, flags: number, more = 0): Operation {
  const opFlags = MSG_NOSIGNAL | MSG_WAITALL | more;
  return onSocket(OPCODE.SEND, { flags, address, length, opFlags });
}

function receiveUpTo(length: number, ioprio: number): Operation {
  return onSocket(OPCODE.RECV, { flags: SQE.FIXED_FILE, length, ioprio });
}

function onSocket(opcode: number, fields: Partial<OperationFields>): Operation {
  return layOut({ ...fields, opcode, slotIn: "fd" });
}
