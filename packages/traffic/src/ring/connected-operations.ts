import type { TargetAddress, Workload } from "@churnlab/core";
import {
  layOut,
  MSG_NOSIGNAL,
  MSG_WAITALL,
  OPCODE,
  type Operation,
  RECVSEND_POLL_FIRST,
  SHUT_WR,
  SO_LINGER,
  SOL_SOCKET,
  SQE,
  setOption,
} from "@churnlab/linux";
import { encodeRequests } from "../requests.ts";
import { FixedBytes, fixedInts } from "../slots/fixed-bytes.ts";

/** A request of at most this size fits into an empty send buffer, so that it is sent while it is handed over. */
const SENT_AT_ONCE_BYTES = 4096;

const QUIET = SQE.FIXED_FILE | SQE.SKIP_SUCCESS;

/** What is done with a connected socket, laid out once. */
export class ConnectedOperations {
  readonly send: Operation;
  readonly sendLast: Operation;
  /** Whether a send posts a completion: only where it can take time. */
  readonly sendIsHeard: boolean;
  readonly receive: Operation;
  /** For an answer that is certainly not there yet. The address of both is the slot's. */
  readonly receiveLater: Operation;
  readonly shutdown: Operation;
  readonly linger: Operation;
  readonly #memory: readonly FixedBytes[];

  constructor(workload: Workload, target: TargetAddress, inboxBytes: number) {
    const requests = encodeRequests(workload, target);
    const plain = new FixedBytes(requests.plain);
    const last = new FixedBytes(requests.last);
    // struct linger {1, 0}: close() sends a reset.
    const reset = fixedInts(1, 0);
    this.#memory = [plain, last, reset];
    this.sendIsHeard = plain.length > SENT_AT_ONCE_BYTES;
    const flags = SQE.FIXED_FILE | (this.sendIsHeard ? 0 : SQE.SKIP_SUCCESS);
    this.send = sendAll(plain, flags);
    this.sendLast = sendAll(last, flags);
    this.receive = receiveUpTo(inboxBytes, 0);
    this.receiveLater = receiveUpTo(inboxBytes, RECVSEND_POLL_FIRST);
    this.shutdown = layOut({
      opcode: OPCODE.SHUTDOWN,
      flags: QUIET,
      slotIn: "fd",
      length: SHUT_WR,
    });
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

function sendAll({ address, length }: FixedBytes, flags: number): Operation {
  const opFlags = MSG_NOSIGNAL | MSG_WAITALL;
  return layOut({ opcode: OPCODE.SEND, flags, slotIn: "fd", address, length, opFlags });
}

function receiveUpTo(length: number, ioprio: number): Operation {
  return layOut({ opcode: OPCODE.RECV, flags: SQE.FIXED_FILE, slotIn: "fd", length, ioprio });
}
