import { ChurnError } from "@churnlab/core";
import {
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { LockStore } from "./lock-store.ts";
import { makeResultsStream } from "./results-stream.ts";

export interface FleetStreams {
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly locks: LockStore;
}

/** The stream of results and the bucket of locks, made where they are missing. Throws `E_NATS` without JetStream. */
export async function openJetStream(nc: NatsConnection): Promise<FleetStreams> {
  try {
    const jsm = await jetstreamManager(nc);
    await makeResultsStream(jsm);
    const js = jetstream(nc);
    return { js, jsm, locks: await LockStore.open(js, jsm) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ChurnError("E_NATS", `The server's JetStream cannot be used: ${why}`, {
      hint: "Start it with nats-server --jetstream --store_dir DIR, and let the controller use it.",
      cause: error,
    });
  }
}
