import { availableParallelism, homedir, hostname } from "node:os";
import path from "node:path";
import { ChurnError } from "@churnlab/core";
import {
  AGENT_NAME,
  AGENT_ROLES,
  type AgentDescription,
  type AgentLimits,
  type AgentNetwork,
  type AgentOptions,
  type AgentRole,
  DEFAULT_LIMITS,
  openClock,
  readAgentFile,
  startAgent,
} from "@churnlab/fleet";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { onStopSignals } from "../on-stop-signals.ts";
import { terminal } from "../terminal.ts";
import { VERSION } from "../version.ts";

export interface AgentCommandOptions {
  readonly nats?: string;
  readonly config?: string;
  readonly name?: string;
  readonly role: string;
  readonly label?: readonly string[];
  readonly bridge?: string;
  readonly netns?: string;
  readonly hostNetwork?: boolean;
  readonly address?: readonly string[];
  readonly workers?: number;
  readonly spool?: string;
  readonly insecure?: boolean;
  readonly clockOffset?: number;
}

/** Serves until a signal comes, takes down what it has built then, and ends as interrupted. */
export async function agent(options: AgentCommandOptions): Promise<ExitCode> {
  const read = readOptions(options);
  const started = await startAgent(read);
  const signal = Promise.withResolvers<null>();
  const listening = onStopSignals(() => signal.resolve(null));
  const { name, roles, addresses, containers } = started.description;
  terminal.say(`agent ${name} (${roles.join(", ")}) serves with ${addresses.join(", ")}`);
  if (read.limits.images.length > 0) terminal.say(describeContainers(containers));
  try {
    const failure = await Promise.race([signal.promise, started.ended]);
    if (failure !== null) throw failure;
    return EXIT.interrupted;
  } finally {
    listening[Symbol.dispose]();
    await started[Symbol.asyncDispose]();
  }
}

/** Whoever allows images is to know whether they can run. */
function describeContainers(containers: AgentDescription["containers"]): string {
  return "engine" in containers
    ? `targets in containers: ${containers.engine}`
    : `no targets in containers: ${containers.lack}`;
}

/** The command line over the agent's file. Throws `E_USAGE`, `E_AGENT_FILE`. */
function readOptions(options: AgentCommandOptions): AgentOptions {
  const file = options.config === undefined ? null : readAgentFile(options.config);
  const server = options.nats ?? file?.server ?? null;
  if (server === null) {
    throw new ChurnError("E_USAGE", "An agent needs a NATS server", {
      hint: "Say --nats URL, or --config FILE with a server in it.",
    });
  }
  const name = options.name ?? file?.name ?? hostname().split(".")[0] ?? "";
  if (!AGENT_NAME.test(name)) {
    throw new ChurnError("E_USAGE", `${JSON.stringify(name)} cannot be the name of an agent`, {
      hint: "A name has at most 64 letters, digits, _ and -: say --name.",
    });
  }
  const limits = file?.limits ?? DEFAULT_LIMITS;
  return {
    access: {
      name,
      server,
      seed: file?.seed ?? null,
      ca: file?.ca ?? null,
      insecure: options.insecure ?? false,
    },
    churnlab: VERSION,
    roles: narrowRoles(readRoles(options.role), limits),
    labels: { ...file?.labels, ...readLabels(options.label ?? []) },
    network: readNetwork(options),
    addresses: readAddresses(options),
    capacity: options.workers ?? Math.max(1, availableParallelism()),
    spool: options.spool ?? path.join(findStateDirectory(), name),
    limits,
    clock: openClock(options.clockOffset ?? 0),
    log: (line) => terminal.say(`${new Date().toISOString()} ${name}: ${line}`),
  };
}

/** Where a service keeps what outlives it: systemd's, root's (FHS 5.8), or the user's (XDG Base Directory Specification). */
function findStateDirectory(): string {
  const { STATE_DIRECTORY, XDG_STATE_HOME } = process.env;
  const [given = ""] = STATE_DIRECTORY?.split(":") ?? [];
  if (given !== "") return given;
  if (process.geteuid?.() === 0) return "/var/lib/churnlab";
  return path.join(XDG_STATE_HOME || path.join(homedir(), ".local/state"), "churnlab");
}

function readRoles(text: string): AgentRole[] {
  return text.split(",").map((word) => {
    const role = AGENT_ROLES.find((known) => known === word.trim());
    if (role !== undefined) return role;
    throw new ChurnError("E_USAGE", `An agent has no role ${JSON.stringify(word)}`, {
      hint: `There are: ${AGENT_ROLES.join(", ")}.`,
    });
  });
}

/** It offers only what it would not refuse. */
function narrowRoles(asked: readonly AgentRole[], { roles, file }: AgentLimits): AgentRole[] {
  const offered = asked.filter((role) => roles.includes(role));
  if (offered.length > 0) return offered;
  throw new ChurnError(
    "E_USAGE",
    `The agent is to offer ${asked.join(", ")}, and its limits allow ${roles.join(", ")} alone`,
    { hint: `Say --role ${roles.join(",")}, or change limits.roles in ${file}.` },
  );
}

function readLabels(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = "", ...value] = pair.split("=");
      if (name !== "" && value.length > 0) return [name, value.join("=")];
      throw new ChurnError("E_USAGE", `${JSON.stringify(pair)} is no label`, {
        hint: "A label is said as name=value, for example --label zone=a.",
      });
    }),
  );
}

/** Where its load and its target live: never the host itself, unless it is said. */
function readNetwork({ bridge, netns, hostNetwork }: AgentCommandOptions): AgentNetwork {
  if (hostNetwork === true) return { kind: "host" };
  if (bridge !== undefined) return { kind: "link", bridge, path: netns ?? null };
  if (netns !== undefined) return { kind: "namespace", path: netns };
  throw new ChurnError("E_USAGE", "An agent needs a network for its side of a trial", {
    hint: "Say --bridge DEVICE (a fresh namespace per trial), --netns PATH, or --host-network.",
  });
}

function readAddresses(options: AgentCommandOptions): readonly string[] {
  const { address = [], bridge } = options;
  if (address.length > 1 && (bridge === undefined || options.hostNetwork === true)) {
    throw new ChurnError("E_USAGE", "One namespace is one source: it takes one --address", {
      hint: "For more of them say --bridge DEVICE: each gets a namespace of its own.",
    });
  }
  if (address.length > 0) return address;
  throw new ChurnError("E_USAGE", "An agent needs an address for its side of a trial", {
    hint: "Say --address, for example --address 198.18.1.1; once for each source.",
  });
}
