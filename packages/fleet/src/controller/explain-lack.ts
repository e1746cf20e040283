import { ChurnError } from "@churnlab/core";
import { formatVersion, PROTOCOL } from "../messages/envelope.ts";
import type { FoundAgents } from "./discover-agents.ts";

/**
 * Why there is no placement, where agents of another version answered: they are named beside what is missing. Where nobody else
 * answered, they are what is missing (`E_FLEET_VERSION`).
 */
export function explainLack(
  error: unknown,
  { agents, foreign: [first, ...others] }: FoundAgents,
  churnlab: string,
): unknown {
  if (first === undefined || !(error instanceof ChurnError)) return error;
  const more = others.length === 0 ? "" : `, and ${others.length} more are of another version`;
  const own = formatVersion({ churnlab, protocol: PROTOCOL });
  const why = `The agent ${first.name} is churnlab ${first.version}${more}, this is ${own}`;
  const install = "Install the same version on both.";
  if (agents.length === 0) {
    return new ChurnError("E_FLEET_VERSION", why, { hint: install, cause: error });
  }
  const { code, message, hint = install } = error;
  return new ChurnError(code, `${message}. ${why}`, { hint, cause: error });
}
