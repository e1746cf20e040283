import { ChurnError, type Scenario } from "@churnlab/core";
import { type Access, awaitAgents, connectNats, readAgentFile } from "@churnlab/fleet";
import { VERSION } from "./version.ts";

export interface FleetOptions {
  /** URL of a server that asks for no key. */
  readonly nats?: string;
  /** The controller's file, as `fleet init` writes it. */
  readonly fleet?: string;
  readonly agents?: number;
  /** Whether a server on another machine may do without TLS and keys. */
  readonly insecure?: boolean;
  /** How long its server and agents are waited for, in milliseconds. */
  readonly waitForAgents?: number;
}

const CONTROLLER = "controller";

/** How the fleet is reached; null where the trials run on this machine. Throws `E_USAGE`, `E_AGENT_FILE`. */
export function findFleet({ nats, fleet, agents, insecure = false }: FleetOptions): Access | null {
  if (fleet !== undefined) {
    const { name, server, seed, ca } = readAgentFile(fleet);
    const url = nats ?? server;
    if (url !== null) return { name: name ?? CONTROLLER, server: url, seed, ca, insecure };
    throw new ChurnError("E_USAGE", `${fleet} names no server, and there is no --nats`, {
      hint: "Say where the fleet's server is: --nats URL, or server: URL in that file.",
    });
  }
  if (nats !== undefined) return { name: CONTROLLER, server: nats, seed: null, ca: null, insecure };
  if (agents === undefined) return null;
  throw new ChurnError("E_USAGE", "--agents is for trials on a fleet", {
    hint: "Say where its server is: --nats URL or --fleet FILE.",
  });
}

/** How long a fleet is waited for, and who is told. */
interface Patience {
  /** Absent: the server has to answer now, and agents are looked for by the first trial. */
  readonly waitForAgents?: number;
  /** One line for people. */
  readonly say: (line: string) => void;
}

/** A fleet needs a scenario that asks for one, and such a scenario needs a fleet; the server has to answer. */
export async function checkFleet(
  scenarios: readonly Scenario[],
  access: Access | null,
  { waitForAgents, say }: Patience,
): Promise<void> {
  for (const { name, variants } of scenarios) {
    for (const { spec } of variants) {
      if (spec.fleet !== undefined && access === null) {
        throw new ChurnError("E_USAGE", `${name} asks for a fleet of ${spec.fleet.agents} agents`, {
          hint: "Say where its server is: --nats URL or --fleet FILE.",
        });
      }
      if (spec.fleet === undefined && access !== null) {
        throw new ChurnError("E_USAGE", `${name} says nothing of a fleet`, {
          hint: "Say how many agents it takes: --agents N, or fleet: { agents: N } in the scenario.",
        });
      }
    }
  }
  if (access === null) {
    if (waitForAgents === undefined) return;
    throw new ChurnError("E_USAGE", "--wait-for-agents is for trials on a fleet", {
      hint: "Say where its server is: --nats URL or --fleet FILE.",
    });
  }
  if (waitForAgents !== undefined) {
    const specs = scenarios.flatMap(({ variants }) => variants.map(({ spec }) => spec));
    return awaitAgents({ access, churnlab: VERSION, specs, withinMs: waitForAgents, say });
  }
  const connection = await connectNats(access);
  await connection.close();
}
