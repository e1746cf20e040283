// Many simulated agents in one process: fleet-agents-once.ts <directory of the fleet> <name>…; the first may be a target.
// Prints `ready` when all serve, and ends with its standard input.
import { mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { connectNats, DEFAULT_LIMITS, openClock } from "@churnlab/fleet";
import { createNetworkNamespace, openCounters } from "@churnlab/linux";
import { serveAgent } from "../packages/fleet/src/agent/fleet-agent.ts";
import { accessOf } from "../packages/fleet/test/init/written-fleet.ts";
import { simulateSides } from "./fleet-simulation.ts";

const [directory = "", ...names] = process.argv.slice(2);
const spool = mkdtempSync(path.join("/dev/shm", "churnlab-spool-"));
using namespace = createNetworkNamespace();
const counters = openCounters(namespace);
const builder = simulateSides(() => counters.read());

// Handshakes have a bound of time at the server; then each listens for another of its name, all of them at once.
const CONNECTING_MAX = 20;
const left = names.values();
const serving: Promise<unknown>[] = [];
await Promise.all(
  Array.from({ length: CONNECTING_MAX }, async () => {
    for (const name of left)
      serving.push(serve(name, await connectNats(accessOf(directory, name))));
  }),
);
await Promise.all(serving);
console.log("ready");
process.stdin.resume();
process.stdin.on("end", () => {
  rmSync(spool, { recursive: true, force: true });
  process.exit(0);
});

/** The target has the first; each agent one of its own, so that its ports are told apart. */
function addressOf(name: string): string {
  const number = name === "target" ? 1 : 256 + Number(name.replace("agent-", ""));
  return `198.18.${number >> 8}.${number & 255}`;
}

type Connection = Awaited<ReturnType<typeof connectNats>>;

async function serve(name: string, nc: Connection): Promise<void> {
  const isTarget = name === "target";
  await serveAgent(nc, {
    options: {
      access: accessOf(directory, name),
      churnlab: "0.0.0-simulated",
      roles: [isTarget ? "target" : "load"],
      labels: {},
      network: { kind: "host" },
      addresses: [addressOf(name)],
      capacity: 1,
      spool: path.join(spool, name),
      limits: { ...DEFAULT_LIMITS, hostTarget: true },
      clock: openClock(),
      log: (line) => process.stderr.write(`${name}: ${line}\n`),
    },
    builder,
    network: { namespace },
  });
}
