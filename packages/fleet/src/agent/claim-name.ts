import { ChurnError } from "@churnlab/core";
import type { NatsConnection } from "@nats-io/transport-node";
import { listen } from "../listen.ts";
import { heartbeatSchema } from "../messages/agent-description.ts";
import { HEARTBEAT_MS, heartbeatSubject } from "../subjects.ts";
import { tellStrays } from "../tell-strays.ts";
import type { AgentOptions } from "./agent-options.ts";

/** Long enough to hear another agent of the same name. */
const LISTEN_MS = HEARTBEAT_MS * 1.5;

/**
 * Listens before it speaks: one that hears another instance under its name gives up. Of two that begin at once, the one with the
 * larger instance id does. Rejects with `E_FLEET`; `lost` resolves when the name is lost afterwards.
 */
export async function claimName(
  nc: NatsConnection,
  { options, instance }: { readonly options: AgentOptions; readonly instance: string },
): Promise<{ readonly lost: Promise<ChurnError> }> {
  const { name } = options.access;
  const taken = new ChurnError("E_FLEET", `Another agent is called ${name}`, {
    hint: "Give each agent a --name of its own.",
  });
  const { promise, resolve } = Promise.withResolvers<ChurnError>();
  let established = false;
  // An agent that may not listen to its own name is told apart by its controller.
  const onStray = tellStrays((line) => options.log(line));
  const beats = { subject: heartbeatSubject(name), schema: heartbeatSchema, onStray };
  listen(nc, beats, ({ instance: other }) => {
    if (other === instance) return;
    if (!established || other < instance) resolve(taken);
  });
  const free = new Promise<null>((done) => setTimeout(() => done(null), LISTEN_MS));
  const heard = await Promise.race([promise, free]);
  if (heard !== null) throw heard;
  established = true;
  return { lost: promise };
}
