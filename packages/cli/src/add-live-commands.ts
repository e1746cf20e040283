import { parseDurationMs } from "@churnlab/core/parse-duration";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Act } from "./act.ts";
import { parseWhole } from "./parse-options.ts";

/** A screen that is drawn more often than four times per second only flickers. */
const WATCH_INTERVAL_MS_MIN = 250;
/** A ping is a look, not a load. */
const PING_INTERVAL_MS_MIN = 10;
const PING_COUNT_MAX = 1_000_000;
/** PID_MAX_LIMIT (include/linux/threads.h). */
const PID_MAX = 4_194_304;

/** The commands that look at what is there, and change nothing. */
export function addLiveCommands(program: Command, act: Act): void {
  program
    .command("watch")
    .description("Show the ports, TIME_WAIT, queues and resets of a live host, and where they go.")
    .option("--pid <pid>", "the host that this process lives in", parseWhole(1, PID_MAX))
    .option("--netns <name>", "a namespace of `ip netns`, or its path")
    .option("--container <name>", "a container of docker, podman or nerdctl")
    .addOption(intervalOption("--interval <duration>", "between readings", WATCH_INTERVAL_MS_MIN))
    .option("--once", "one look, then end")
    .option("--no-capture", "do not count resets that arrive: a filter on every packet")
    .option("--json", "print one JSON document for each reading")
    .action(act(async () => (await import("./commands/watch.ts")).watch));
  program
    .command("ping")
    .description("Measure TCP handshakes with a port: open, closed or filtered, and how far away.")
    .argument("<host:port>", "192.0.2.1:80, [2001:db8::1]:80, or a name")
    .option("-c, --count <n>", "handshakes to make", parseWhole(1, PING_COUNT_MAX), 5)
    .addOption(intervalOption("-i, --interval <duration>", "between them", PING_INTERVAL_MS_MIN))
    .addOption(intervalOption("--timeout <duration>", "how long to wait for an answer", 1))
    .option("--json", "print one JSON document")
    .action(act(async () => (await import("./commands/ping.ts")).ping));
}

/** An option that takes a duration of at least `minMs`; one second when absent. */
function intervalOption(flags: string, description: string, minMs: number): Option {
  return new Option(flags, description).argParser(parseInterval(minMs)).default(1000, "1s");
}

function parseInterval(minMs: number): (text: string) => number {
  return (text) => {
    const ms = parseDurationMs(text);
    if (ms !== null && ms >= minMs && ms <= 3_600_000) return ms;
    throw new InvalidArgumentError(
      `It must be a duration with a unit, such as 1s, from ${minMs}ms to 1h.`,
    );
  };
}
