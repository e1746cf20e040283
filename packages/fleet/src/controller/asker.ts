import type { Fence } from "../messages/fence.ts";
import type { AgentQuestion } from "./request-reply.ts";

/** In whose name an agent is asked. */
export interface Asker {
  readonly churnlab: string;
  readonly run: string;
  /** Unique per controller process. */
  readonly holder: string;
  readonly fenceOf: (agent: string) => Fence;
  readonly nowMs: () => number;
}

/** Who asks this agent: in which version, for which run, and by which right as of now. */
export function headOf(
  { churnlab, run, holder, fenceOf }: Asker,
  agent: string,
): Omit<AgentQuestion, "verb" | "body" | "withinMs"> {
  return { churnlab, run, holder, fence: fenceOf(agent), agent };
}
