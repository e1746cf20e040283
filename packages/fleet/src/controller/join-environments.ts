import type { Environment } from "@churnlab/core";
import type { PrepareReply } from "../messages/trial-messages.ts";

/** The load's facts are the machine's; those of the target that differ are told beside them. */
export function joinEnvironments(
  loads: readonly PrepareReply[],
  { facts: ofTarget }: PrepareReply,
): Environment {
  const facts: Record<string, string> = {};
  for (const { facts: ofLoad } of loads) {
    for (const [name, value] of Object.entries(ofLoad)) {
      const seen = facts[name];
      if (seen === undefined) facts[name] = value;
      else if (!seen.split(" | ").includes(value)) facts[name] = `${seen} | ${value}`;
    }
  }
  for (const [name, value] of Object.entries(ofTarget)) {
    if (name.startsWith("target.")) facts[name] = value;
    else if (facts[name] !== value) facts[`target.host.${name}`] = value;
  }
  return { facts: { ...facts, "fleet.agents": String(loads.length) } };
}
