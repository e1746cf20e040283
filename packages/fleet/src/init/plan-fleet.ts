import { isIP, isIPv6 } from "node:net";
import { ChurnError, nameEnd } from "@churnlab/core";
import { nkeys } from "@nats-io/transport-node";
import { stringify } from "yaml";
import { DEFAULT_LIMITS } from "../limits/agent-limits.ts";
import { isLoopback } from "../server-url.ts";
import { AGENT_NAME } from "../subjects.ts";
import { formatServerConfig } from "./format-server-config.ts";
import { makeCertificates } from "./make-certificates.ts";

/** A file of a fleet, relative to the fleet's folder. */
export interface FleetFile {
  readonly path: string;
  readonly text: string;
  /** As for chmod(2). */
  readonly mode: number;
}

export interface FleetPlan {
  readonly files: readonly FleetFile[];
  /** The certificates are good until then. */
  readonly notAfter: Date;
  /** URL for clients. */
  readonly url: string;
}

export interface FleetOptions {
  readonly agents: readonly string[];
  /** How agents and controller reach the server: a name or an address. */
  readonly host: string;
  readonly port: number;
  readonly now: Date;
}

export const CONTROLLER_NAME = "controller";
const SYSTEM_NAME = "system";

/** What a server takes to start grows with their square: 1 to 3 s for a thousand, 10 s for three thousand (2.9, 2 processors). */
const AGENTS_MAX = 2000;
const YEARS_VALID = 2;
const SECRET = 0o600;
const PUBLIC = 0o644;

/** Names that are certificates' too: on its own host the server is reached whatever the host is called elsewhere. */
const LOOPBACK = ["localhost", "127.0.0.1", "::1"] as const;

/**
 * Makes everything a fleet needs to trust each other: a server with TLS, and a key of its own for every agent and for the
 * controller. Nothing is written.
 *
 * @throws ChurnError `E_USAGE` for names that cannot be an agent's
 */
export function planFleet({ agents, host, port, now }: FleetOptions): FleetPlan {
  checkNames(agents);
  checkHost(host);
  const notAfter = new Date(now);
  notAfter.setUTCFullYear(now.getUTCFullYear() + YEARS_VALID);
  const notBefore = new Date(now.getTime() - 3_600_000); // clocks of agents may be behind
  const hosts = [...new Set([host, ...LOOPBACK])];
  const { ca, certificate, key } = makeCertificates({ hosts, notBefore, notAfter });
  const [controller, system] = [makeKey(), makeKey()];
  const keys = agents.map((name) => ({ name, ...makeKey() }));
  const url = `tls://${nameEnd(host, port)}`;
  const config = formatServerConfig({
    host: listenAddress(host),
    port,
    agents: keys,
    controller: controller.publicKey,
    system: system.publicKey,
  });
  const files: FleetFile[] = [
    { path: "server/server.conf", text: config, mode: PUBLIC },
    { path: "server/tls/server.pem", text: certificate, mode: PUBLIC },
    { path: "server/tls/server.key", text: key, mode: SECRET },
    secretFile("controller.yaml", {
      name: CONTROLLER_NAME,
      server: url,
      seed: controller.seed,
      ca,
    }),
    secretFile("system.yaml", { name: SYSTEM_NAME, server: url, seed: system.seed, ca }),
    ...keys.map(({ name, seed }) =>
      secretFile(`agents/${name}.yaml`, { name, server: url, seed, ca, limits: FIRST_LIMITS }),
    ),
  ];
  return { files, notAfter, url };
}

/** Where the server listens so that `host` reaches it: on that address alone where it is this machine's own. */
function listenAddress(host: string): string {
  if (host === "localhost") return "127.0.0.1";
  if (isLoopback(nameEnd(host, 0))) return host;
  return isIPv6(host) ? "::" : "0.0.0.0";
}

/** What most people will want to change first, written out so that it is found; what has no bound by default gets one. */
const { addresses, ports, roles, targets, images, hostTarget } = DEFAULT_LIMITS;
export const FIRST_LIMITS: Readonly<Record<string, unknown>> = {
  addresses,
  ports,
  rate: "20000/s",
  connections: 100_000,
  duration: "1h",
  roles,
  targets,
  images,
  hostTarget,
};

function secretFile(path: string, content: Readonly<Record<string, unknown>>): FleetFile {
  const comment = `${COMMENTS[path] ?? AGENT_COMMENT}\n`;
  return { path, text: `${comment}${stringify(content, { lineWidth: 100 })}`, mode: SECRET };
}

const COMMENTS: Readonly<Record<string, string>> = {
  "controller.yaml":
    "# A secret: whoever has it commands the agents, within the limits of each.\n# churnlab run SCENARIO --fleet controller.yaml --agents 2",
  "system.yaml":
    "# A secret: for whoever looks after the server itself. churnlab does not need it.",
};

const AGENT_COMMENT = `# A secret of this agent alone: copy it to the agent's host, and nowhere else.
# churnlab agent --config THIS-FILE --bridge DEVICE --address 198.18.2.1
# Nobody but who may write this file can widen its limits. docs/fleet.md lists them. With a rate, closed loops are refused.`;

function makeKey(): { publicKey: string; seed: string } {
  const pair = nkeys.createUser();
  return { publicKey: pair.getPublicKey(), seed: new TextDecoder().decode(pair.getSeed()) };
}

function checkHost(host: string): void {
  if (isIP(host) !== 0 || /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(host)) return;
  throw new ChurnError("E_USAGE", `${JSON.stringify(host)} is no name or address of a host`, {
    hint: "Give it as agents are to reach the server: --host lab.example, or --host 192.0.2.7.",
  });
}

/** `agent-0`, `agent-1`, … Throws `E_USAGE` for more of them than a fleet has. */
export function nameAgents(count: number): string[] {
  checkSize(count);
  return Array.from({ length: count }, (_, i) => `agent-${i}`);
}

function checkSize(agents: number): void {
  if (agents >= 1 && agents <= AGENTS_MAX) return;
  throw new ChurnError("E_USAGE", `A fleet has 1 to ${AGENTS_MAX} agents, not ${agents}`, {
    hint: "Say how many with --agents, or their names: --agents a,b,c.",
  });
}

function checkNames(agents: readonly string[]): void {
  checkSize(agents.length);
  const seen = new Set<string>([CONTROLLER_NAME, SYSTEM_NAME]);
  for (const name of agents) {
    if (!AGENT_NAME.test(name)) {
      throw new ChurnError("E_USAGE", `${JSON.stringify(name)} cannot be the name of an agent`, {
        hint: "Use at most 64 letters, digits, _ and -.",
      });
    }
    if (seen.has(name)) {
      throw new ChurnError("E_USAGE", `The name ${name} is taken`, {
        hint: "Every agent needs a name of its own; controller and system are used already.",
      });
    }
    seen.add(name);
  }
}
