// What an agent of docker-compose.yml does: `churnlab agent` with fresh namespaces for each trial, joined to a bridge that it
// makes on the network `load` of its container, with load for their addresses and nowhere else. Where its container has only
// one network, that is the trials', and load is for that network. Its arguments are those of the command.
import { lookup } from "node:dns/promises";
import { writeFileSync } from "node:fs";
import { BlockList } from "node:net";
import { networkInterfaces } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { makeBridge, presentNetworkNamespace } from "../packages/linux/dist/index.js";
import { allowSysctls } from "./allow-sysctls.mjs";

const LIMITS_FILE = "/tmp/agent.yaml";
const BRIDGE = "load0";
/** Of RFC 2544; an agent's hosts have the second half of its own address in it, which the engine gives to nobody else. */
const BENCHMARK_NETWORK = "198.18.0.0/15";

allowSysctls();
const args = process.argv.slice(2);
const { address: server } = await lookup(readServer(args).hostname, 4);
const interfaces = Object.entries(networkInterfaces()).flatMap(([device, addresses]) =>
  (addresses ?? [])
    .filter(({ internal, family }) => !internal && family === "IPv4")
    .map(({ address, cidr }) => ({ device, address, cidr: cidr ?? "" })),
);
const apart = interfaces.find(({ cidr }) => !isInside(cidr, server));
const own = apart === undefined ? serveOnOwnNetwork() : serveOnBridge(apart);
const churnlab = path.resolve(import.meta.dirname, "../packages/cli/bin/churnlab.mjs");
process.argv.splice(1, 1, churnlab, "agent", "--config", LIMITS_FILE, ...own);
await import(pathToFileURL(churnlab).href);

/**
 * Of the command's arguments, where the server is: `--nats URL` or `--nats=URL`.
 * @param {string[]} words
 */
function readServer(words) {
  const options = /** @type {const} */ ({ nats: { type: "string" } });
  const { nats = "" } = parseArgs({ args: words, options, strict: false }).values;
  const url = String(nats).includes("://") ? String(nats) : `nats://${nats}`;
  if (nats !== "" && URL.canParse(url)) return new URL(url);
  process.stderr.write("An agent in a container needs --nats URL: --nats nats://nats:4222\n");
  process.exit(2);
}

/**
 * Fresh namespaces for each trial, on the network that the server is not on.
 * @param {{ device: string, address: string }} port
 */
function serveOnBridge({ device, address }) {
  const present = presentNetworkNamespace();
  makeBridge(present, { device: BRIDGE, port: device });
  present.close();
  const [, , high, low] = address.split(".");
  limit({ addresses: [BENCHMARK_NETWORK] });
  return ["--bridge", BRIDGE, "--address", `198.18.${high}.${low}`];
}

/** The container itself, where it has no other network. It is a host of the trial's own then: a target may run on it. */
function serveOnOwnNetwork() {
  limit({ addresses: interfaces.map(({ cidr }) => cidr), hostTarget: true });
  return ["--host-network", ...interfaces.flatMap(({ address }) => ["--address", address])];
}

/** @param {object} limits */
function limit(limits) {
  writeFileSync(LIMITS_FILE, JSON.stringify({ limits }));
}

/**
 * @param {string} cidr
 * @param {string} address
 */
function isInside(cidr, address) {
  const [network = "", prefix] = cidr.split("/");
  const list = new BlockList();
  list.addSubnet(network, Number(prefix));
  return list.check(address);
}
