import { quoteWord } from "@churnlab/core";
import type { Access } from "../connection-options.ts";
import type { AgentDescription, AgentRole } from "../messages/agent-description.ts";
import { withoutSecrets } from "../server-url.ts";

/** As docs/fleet.md names it. */
const BRIDGE = "churn0";
/** Where hosts of a role have their addresses, in 198.18.0.0/15 (RFC 2544). */
const NETWORKS = { target: "198.18.1", load: "198.18.2" } as const;
const HOSTS_MAX = 254;

/** An agent that is missing. */
export interface MissingAgent {
  readonly role: AgentRole;
  readonly labels: Readonly<Record<string, string>>;
  readonly addresses: number;
}

/** How an agent's command line says where the server of this controller is. */
export function describeReach({ server, seed, insecure = false }: Access): string {
  if (seed !== null) return "--config FILE-OF-FLEET-INIT";
  const url = `--nats ${quoteWord(withoutSecrets(server))}`;
  return insecure ? `${url} --insecure` : url;
}

/** The command that starts an agent which is missing, with a name and addresses that none of these agents has. */
export function suggestAgent(
  { role, labels, addresses }: MissingAgent,
  agents: readonly AgentDescription[],
  reach: string,
): string {
  const names = new Set(agents.map(({ name }) => name));
  const taken = new Set(agents.flatMap((agent) => agent.addresses));
  const stem = role === "target" ? "t" : "a";
  const free = Array.from({ length: HOSTS_MAX }, (_, i) => `${NETWORKS[role]}.${i + 1}`)
    .filter((address) => !taken.has(address))
    .slice(0, addresses);
  const words = [
    "churnlab agent",
    reach,
    ...(reach.startsWith("--nats") ? [`--name ${findFree(stem, names)}`] : []),
    `--role ${role}`,
    ...Object.entries(labels).map(([name, value]) => `--label ${quoteWord(`${name}=${value}`)}`),
    `--bridge ${BRIDGE}`,
    ...free.map((address) => `--address ${address}`),
  ];
  return `${words.join(" ")} (on a host with that bridge; where there is none: ip link add ${BRIDGE} type bridge && ip link set ${BRIDGE} up)`;
}

function findFree(stem: string, names: ReadonlySet<string>): string {
  for (let number = 1; ; number++) if (!names.has(`${stem}${number}`)) return `${stem}${number}`;
}
