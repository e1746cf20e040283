import type { Heartbeat } from "../messages/agent-description.ts";
import type { Say } from "../say.ts";
import { HEARTBEAT_MS, heartbeatSubject } from "../subjects.ts";
import type { AgentOptions } from "./agent-options.ts";
import type { AgentSession } from "./agent-session.ts";

/** Says every second that the agent lives, and what it does. */
export function beat(
  say: Say,
  session: Pick<AgentSession, "judge" | "state" | "run" | "key">,
  { options, instance }: { readonly options: AgentOptions; readonly instance: string },
): Disposable {
  const { access, clock } = options;
  let seq = 0;
  const send = (): void => {
    session.judge();
    const { state, run, key } = session;
    const heartbeat: Heartbeat = {
      agent: access.name,
      instance,
      seq: seq++,
      state,
      run,
      key,
      nowMs: clock.nowMs(),
    };
    say(heartbeatSubject(access.name), heartbeat);
  };
  send();
  const timer = setInterval(send, HEARTBEAT_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
