import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
} from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import { LOCKS_BUCKET } from "../subjects.ts";

/** What a look at the store costs: one question, however many locks there are. */
export interface StoreState {
  /** When the store was made, Unix milliseconds of the server: another store has another. */
  readonly madeAtMs: number;
  /** Rises with every change of any lock. */
  readonly lastRevision: number;
}

/** The bucket of all locks of a fleet, made where it is missing, also in the middle of a run. */
export class LockStore {
  readonly #js: JetStreamClient;
  readonly #jsm: JetStreamManager;
  #kv: KV;

  static async open(js: JetStreamClient, jsm: JetStreamManager): Promise<LockStore> {
    return new LockStore(js, jsm, await makeBucket(js));
  }

  private constructor(js: JetStreamClient, jsm: JetStreamManager, kv: KV) {
    this.#js = js;
    this.#jsm = jsm;
    this.#kv = kv;
  }

  get kv(): KV {
    return this.#kv;
  }

  /** Makes the bucket again where the server lost it. */
  async look(): Promise<StoreState> {
    try {
      return await this.#read();
    } catch (error) {
      if (!isMissing(error)) throw error;
      this.#kv = await makeBucket(this.#js);
      return this.#read();
    }
  }

  async #read(): Promise<StoreState> {
    const { created, state } = await this.#jsm.streams.info(`KV_${LOCKS_BUCKET}`);
    return { madeAtMs: Date.parse(created), lastRevision: state.last_seq };
  }
}

function makeBucket(js: JetStreamClient): Promise<KV> {
  return new Kvm(js).create(LOCKS_BUCKET, { history: 1 });
}

/** Whether the server says that it has no such stream, or no such consumer. */
export function isMissing(error: unknown): boolean {
  if (!(error instanceof JetStreamApiError)) return false;
  const { StreamNotFound, ConsumerNotFound } = JetStreamApiCodes;
  return error.code === StreamNotFound || error.code === ConsumerNotFound;
}

/** Whether the server says that a key has changed since: another was quicker. */
export function isConflict(error: unknown): boolean {
  if (!(error instanceof JetStreamApiError)) return false;
  const { StreamWrongLastSequence, StreamWrongLastSequenceUnknown } = JetStreamApiCodes;
  return error.code === StreamWrongLastSequence || error.code === StreamWrongLastSequenceUnknown;
}
