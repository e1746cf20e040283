import type { NatsConnection } from "@nats-io/transport-node";
import type { ControllerHeartbeat } from "../messages/agent-description.ts";
import { sayOver } from "../say.ts";
import { controllerHeartbeatSubject, HEARTBEAT_MS } from "../subjects.ts";

export interface LivingController extends Pick<ControllerHeartbeat, "run" | "holder"> {
  /** One line for people. */
  readonly log: (line: string) => void;
}

/** Says that this controller lives, now and at every heartbeat, until it is disposed of. */
export function sayAlive(nc: NatsConnection, { run, holder, log }: LivingController): Disposable {
  const say = sayOver(nc, log);
  let seq = 0;
  const beat = (): void => {
    const heartbeat: ControllerHeartbeat = { run, holder, seq: seq++ };
    say(controllerHeartbeatSubject(run), heartbeat);
  };
  beat();
  const timer = setInterval(beat, HEARTBEAT_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
