import type { NatsConnection } from "@nats-io/transport-node";
import { listen } from "../listen.ts";
import { controllerHeartbeatSchema } from "../messages/agent-description.ts";
import { controllerHeartbeatSubject, HEARTBEAT_MS, HEARTBEATS_MISSED_MAX } from "../subjects.ts";
import { tellStrays } from "../tell-strays.ts";

export interface RunFollower {
  readonly run: string;
  /** Told whose each heartbeat is. */
  readonly hear: (holder: string) => void;
  readonly log: (line: string) => void;
}

/** Hears the controllers of a run, until it is disposed of. */
export function followRun(nc: NatsConnection, { run, hear, log }: RunFollower): Disposable {
  const subject = controllerHeartbeatSubject(run);
  const beats = { subject, schema: controllerHeartbeatSchema, onStray: tellStrays(log) };
  const subscription = listen(nc, beats, ({ holder }) => hear(holder));
  return { [Symbol.dispose]: () => subscription.unsubscribe() };
}

/** Whether a controller of the run lives: listens for as long as one may be silent. */
export async function isHeard(
  nc: NatsConnection,
  followed: Omit<RunFollower, "hear">,
): Promise<boolean> {
  const heard = Promise.withResolvers<boolean>();
  using _subscription = followRun(nc, { ...followed, hear: () => heard.resolve(true) });
  const timer = setTimeout(() => heard.resolve(false), HEARTBEATS_MISSED_MAX * HEARTBEAT_MS);
  try {
    return await heard.promise;
  } finally {
    clearTimeout(timer);
  }
}
