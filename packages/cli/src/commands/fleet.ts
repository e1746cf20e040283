import path from "node:path";
import { formatCount, quoteWord } from "@churnlab/core";
import { nameAgents, planFleet, writeFleet } from "@churnlab/fleet";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { parseNames } from "../parse-options.ts";
import { terminal } from "../terminal.ts";

interface FleetInitOptions {
  /** Names separated by commas, or how many. */
  readonly agents: string;
  readonly host: string;
  readonly port: number;
  readonly force?: boolean;
}

/** Writes a server configuration, certificates and one file for every agent, and says what to do with them. */
export function initFleet(directory: string, options: FleetInitOptions): ExitCode {
  const { host, port, force = false } = options;
  const agents = listAgents(options.agents);
  const { files, notAfter, url } = planFleet({ agents, host, port, now: new Date() });
  writeFleet(directory, files, force);
  terminal.print(directory);
  terminal.say("");
  for (const line of describeSteps(directory, agents)) terminal.say(line);
  terminal.say("");
  terminal.say(
    `${formatCount(agents.length, "agent")} at ${url}; the certificates are good until ${notAfter.toISOString().slice(0, 10)}.`,
  );
  return EXIT.ok;
}

/** `a,b,c`, or a number of agents to be called agent-0, agent-1, … */
function listAgents(text: string): string[] {
  return /^\d+$/.test(text) ? nameAgents(Number(text)) : parseNames(text);
}

function describeSteps(directory: string, agents: readonly string[]): string[] {
  const at = (file: string): string => quoteWord(path.join(directory, file));
  const first = agents[0] ?? "";
  // One of them has the target.
  const loads = Math.max(1, agents.length - 1);
  return [
    "Next    on the host of the server:",
    `          cd ${at("server")} && nats-server -c server.conf`,
    `        on the host of each agent, with its own file alone and its own address (here ${first}):`,
    `          churnlab agent --config ${at(`agents/${first}.yaml`)} --bridge DEVICE --address 198.18.2.1`,
    "        on the host that runs trials:",
    `          churnlab run SCENARIO --fleet ${at("controller.yaml")} --agents ${loads}`,
  ];
}
