import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { ResultCollector } from "../../src/controller/result-collector.ts";

/** Which controller's it is. */
interface Owner {
  readonly holder?: string;
  readonly isOwn?: () => Promise<boolean>;
}

/** A collector of this run that stores nothing, and finds room; absent parts are those of a run's only controller. */
export async function openCollector(
  run: string,
  nc: NatsConnection,
  { holder = "H", isOwn = async () => true }: Owner = {},
): Promise<ResultCollector> {
  return ResultCollector.open(run, {
    holder,
    isOwn,
    js: jetstream(nc),
    jsm: await jetstreamManager(nc),
    ledger: { has: () => false, lastAttempt: () => 0, keepLate: () => {} },
    room: { findShortage: async () => null },
    acknowledge: () => {},
    onLate: () => {},
  });
}
