import { ChurnError } from "@churnlab/core";
import {
  DiscardPolicy,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import { LOCKS_BUCKET, RESULTS_STREAM, RESULTS_SUBJECTS } from "../subjects.ts";

const DAY_NS = 24 * 3600 * 1e9;
const RESULT_BYTES_MAX = 512 * 1024 * 1024;
/** An agent asks for an acknowledgement every few seconds: what it repeats comes well within this. */
const DUPLICATE_WINDOW_NS = 10 * 60 * 1e9;

export interface FleetStreams {
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly locks: KV;
}

/** The stream of results and the bucket of locks, made where they are missing. Throws `E_NATS` without JetStream. */
export async function openJetStream(nc: NatsConnection): Promise<FleetStreams> {
  try {
    const jsm = await jetstreamManager(nc);
    await jsm.streams
      .add({
        name: RESULTS_STREAM,
        subjects: [RESULTS_SUBJECTS],
        retention: RetentionPolicy.Limits,
        storage: StorageType.File,
        discard: DiscardPolicy.Old,
        max_age: 7 * DAY_NS,
        max_bytes: RESULT_BYTES_MAX,
        duplicate_window: DUPLICATE_WINDOW_NS,
      })
      .catch(async (error: unknown) => {
        // It is there already, with limits of its operator.
        await jsm.streams.info(RESULTS_STREAM).catch(() => {
          throw error;
        });
      });
    const js = jetstream(nc);
    const locks = await new Kvm(js).create(LOCKS_BUCKET, { history: 1 });
    return { js, jsm, locks };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ChurnError("E_NATS", `The server's JetStream cannot be used: ${why}`, {
      hint: "Start it with nats-server --jetstream --store_dir DIR, and let the controller use it.",
      cause: error,
    });
  }
}
