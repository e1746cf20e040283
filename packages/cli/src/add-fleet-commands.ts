import { type Command, Option } from "commander";
import type { Act } from "./act.ts";
import { collect, parseCount, parseWhole } from "./parse-options.ts";

/** The commands that set a fleet of agents up. */
export function addFleetCommands(program: Command, act: Act): void {
  program
    .command("agent")
    .description("Offer this machine to the trials of a fleet, over NATS.")
    .option("--nats <url>", "the fleet's server; that of --config when absent")
    .option("--config <file>", "the agent's file, as fleet init writes it: server, key, limits")
    .option("--name <name>", "what it is called; the host's name when absent")
    .option("--role <roles>", "load, target, or both, separated by commas", "load,target")
    .option("--label <name=value>", "what scenarios pick it by, repeatable", collect)
    .option("--bridge <device>", "join fresh namespaces to this bridge, one per trial and source")
    .option("--netns <path>", "the namespace of the bridge; without --bridge, that of the trials")
    .option("--host-network", "run trials in the network of this host, and change its sysctls")
    .option("--address <address>", "of its target or of a source, repeatable", collect)
    .option("--workers <n>", "most worker threads; the processors when absent", parseCount)
    .option("--spool <dir>", "where results wait until they are stored: a directory of its own")
    .option("--insecure", "use a server on another machine without TLS, or that asks for no key")
    .addOption(
      new Option("--clock-offset <ms>", "pretend to have booted at another time")
        .argParser(Number)
        .hideHelp(),
    )
    .action(act(async () => (await import("./commands/agent.ts")).agent));
  const fleet = program.command("fleet").description("Agents on other machines, over NATS.");
  fleet
    .command("init")
    .description("Write a server configuration with TLS, and a key for every agent.")
    .argument("[directory]", "folder to write", "fleet")
    .requiredOption("--agents <names|n>", "their names, separated by commas, or how many")
    .option("--host <host>", "name or address by which agents reach the server", "127.0.0.1")
    .option("--port <n>", "port that the server listens on", parseWhole(1, 65_535), 4222)
    .option("--force", "make all keys anew, over files that exist")
    .action(act(async () => (await import("./commands/fleet.ts")).initFleet));
}
