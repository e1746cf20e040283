import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { ResultCollector } from "../../src/controller/result-collector.ts";

/** A collector of this run that stores nothing, and finds room. */
export async function openCollector(run: string, nc: NatsConnection): Promise<ResultCollector> {
  return ResultCollector.open(run, {
    js: jetstream(nc),
    jsm: await jetstreamManager(nc),
    ledger: { has: () => false, lastAttempt: () => 0, keepLate: () => {} },
    room: { findShortage: async () => null },
    acknowledge: () => {},
    onLate: () => {},
  });
}
