// What an agent of docker-compose.yml does: `churnlab agent` at the addresses of its container, whose sysctls are the trials'
// to write, with load for the networks of its container and nowhere else. Its arguments are those of the command.
import { writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { allowSysctls } from "./allow-sysctls.mjs";

const LIMITS_FILE = "/tmp/agent.yaml";

allowSysctls();
const interfaces = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .filter(({ internal, family }) => !internal && family === "IPv4");
// The container is a host of the trial's own: a target may run on it.
const limits = { addresses: interfaces.map(({ cidr }) => cidr), hostTarget: true };
writeFileSync(LIMITS_FILE, JSON.stringify({ limits }));
const own = ["--config", LIMITS_FILE, ...interfaces.flatMap((one) => ["--address", one.address])];
const churnlab = path.resolve(import.meta.dirname, "../packages/cli/bin/churnlab.mjs");
process.argv.splice(1, 1, churnlab, "agent", ...own);
await import(pathToFileURL(churnlab).href);
