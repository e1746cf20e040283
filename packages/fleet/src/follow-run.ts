import type { NatsConnection } from "@nats-io/transport-node";
import { listen } from "./listen.ts";
import { controllerHeartbeatSchema } from "./messages/agent-description.ts";
import { controllerHeartbeatSubject, HEARTBEAT_MS, HEARTBEATS_MISSED_MAX } from "./subjects.ts";
import { tellStrays } from "./tell-strays.ts";

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

export interface SoughtController extends Omit<RunFollower, "hear"> {
  /** That process alone; any of the run's when absent. */
  readonly holder?: string;
}

/** Whether a controller of the run lives: listens for as long as one may be silent. */
export async function isHeard(
  nc: NatsConnection,
  { holder, ...followed }: SoughtController,
): Promise<boolean> {
  const heard = Promise.withResolvers<boolean>();
  const hear = (of: string): void => {
    if (holder === undefined || of === holder) heard.resolve(true);
  };
  using _subscription = followRun(nc, { ...followed, hear });
  const timer = setTimeout(() => heard.resolve(false), HEARTBEATS_MISSED_MAX * HEARTBEAT_MS);
  try {
    return await heard.promise;
  } finally {
    clearTimeout(timer);
  }
}
