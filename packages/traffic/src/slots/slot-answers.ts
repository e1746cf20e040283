import type { Workload } from "@churnlab/core";
import { createResponseReader } from "../create-response-reader.ts";
import { PARTIAL, type Progress, type ResponseReader, WHOLE } from "../response-reader.ts";
import { KnownBytes } from "./known-bytes.ts";
import type { Inbox } from "./slot-wire.ts";

/**
 * Tells of every slot where its answer ends. An answer that comes at once and equals the one before, whatever connection that
 * was of, is not parsed again; the others are read by a reader, which a slot keeps once it has needed one.
 */
export class SlotAnswers {
  /** When what is read has come. */
  nowMs = 0;
  /** Of the answer that was whole last: `ResponseReader.refusal`. */
  refusal = 0;
  /** Of the answer that was whole last: `ResponseReader.closes`. */
  closes = false;
  /** Of the answer that was whole last: when its first byte came. */
  firstByteAtMs = 0;
  #knownCloses = false;
  readonly #workload: Workload;
  readonly #known = new KnownBytes();
  readonly #readers: ResponseReader[] = [];
  /** When the first byte came, of slots of whose present answer a part has come. */
  readonly #begunAtMs = new Map<number, number>();

  constructor(workload: Workload) {
    this.#workload = workload;
  }

  read(slot: number, inbox: Inbox, length: number): Progress {
    const begunAtMs = this.#begunAtMs.size === 0 ? undefined : this.#begunAtMs.get(slot);
    const begins = begunAtMs === undefined;
    this.firstByteAtMs = begunAtMs ?? this.nowMs;
    if (begins && this.#known.equal(inbox, length)) {
      this.refusal = 0;
      this.closes = this.#knownCloses;
      return WHOLE;
    }
    this.#readers[slot] ??= createResponseReader(this.#workload);
    const reader = this.#readers[slot];
    if (begins) reader.reset();
    const progress = reader.read(inbox.bytes, 0, length);
    this.refusal = reader.refusal;
    this.closes = reader.closes;
    if (begins && progress === WHOLE && this.refusal === 0 && this.#known.learn(inbox, length)) {
      this.#knownCloses = this.closes;
    }
    if (progress !== PARTIAL) this.forget(slot);
    else if (begins) this.#begunAtMs.set(slot, this.nowMs);
    return progress;
  }

  /** The peer has ended the stream. */
  end(slot: number): Progress {
    const begunAtMs = this.#begunAtMs.get(slot);
    if (begunAtMs === undefined) return PARTIAL;
    this.#begunAtMs.delete(slot);
    this.firstByteAtMs = begunAtMs;
    const reader = this.#readers[slot] as ResponseReader;
    this.refusal = reader.refusal;
    this.closes = reader.closes;
    return reader.end();
  }

  /** The connection is over, whatever has come of its answer. */
  forget(slot: number): void {
    if (this.#begunAtMs.size > 0) this.#begunAtMs.delete(slot);
  }
}
