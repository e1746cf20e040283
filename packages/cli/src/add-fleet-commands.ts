import { type Command, InvalidArgumentError } from "commander";
import type { Act } from "./program.ts";

/** The commands that set a fleet of agents up. */
export function addFleetCommands(program: Command, act: Act): void {
  const fleet = program.command("fleet").description("Agents on other machines, over NATS.");
  fleet
    .command("init")
    .description("Write a server configuration with TLS, and a key for every agent.")
    .argument("[directory]", "folder to write", "fleet")
    .requiredOption("--agents <names|n>", "their names, separated by commas, or how many")
    .option("--host <host>", "name or address by which agents reach the server", "127.0.0.1")
    .option("--port <n>", "port that the server listens on", parsePort, 4222)
    .option("--force", "make all keys anew, over files that exist")
    .action(act(async () => (await import("./commands/fleet.ts")).initFleet));
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isSafeInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new InvalidArgumentError("It must be a whole number from 1 to 65535.");
}
