import type { Command } from "commander";
import { EXIT, type ExitCode } from "./exit-codes.ts";

/** What the help of a command says besides its options. */
interface CommandHelp {
  /** What to type, and what it is for. */
  readonly examples: readonly (readonly [command: string, meaning: string])[];
  /** How it may end, besides 0, 1 and 2, which every command knows. */
  readonly exits?: readonly ExitCode[];
}

/** What an exit status means, in a few words. */
export const EXIT_MEANINGS: Readonly<Record<ExitCode, string>> = {
  [EXIT.ok]: "done",
  [EXIT.bug]: "a bug in churnlab",
  [EXIT.usage]: "the command line or a scenario is wrong",
  [EXIT.preflight]: "this machine lacks a capability, a server or a limit",
  [EXIT.broken]:
    "the run broke, a trial is invalid, or a gate could not be judged; what was recorded is kept",
  [EXIT.notComparable]: "not comparable or inconclusive (with `--strict`)",
  [EXIT.gateFailed]: "a gate failed",
  [EXIT.interrupted]: "interrupted; what was recorded is kept, everything is restored",
};

/** By the words that name a command after `churnlab`. */
const HELP: Readonly<Record<string, CommandHelp>> = {
  run: {
    examples: [
      ["run scenarios/quickstart.yaml", "every variant, then the comparison"],
      ["run my.yaml --only baseline --set phases.measure=2s", "one variant, shorter"],
      ["run my.yaml --replicates auto --reporter junit=out.xml", "for CI"],
      ["run --resume last", "go on where a run was killed or interrupted"],
    ],
    exits: [EXIT.preflight, EXIT.broken, EXIT.notComparable, EXIT.gateFailed, EXIT.interrupted],
  },
  validate: {
    examples: [
      ["validate scenarios/closer.yaml", "every problem of a file, with its place"],
      ["validate - < my.yaml", "of what is piped in"],
    ],
  },
  plan: {
    examples: [
      ["plan my.yaml", "order, duration, sysctls, port budget"],
      ["plan my.yaml --set workload.arrival.rate=1000/s", "and what another rate would do"],
    ],
  },
  compare: {
    examples: [
      ["compare last", "the variants of the newest run"],
      ["compare last~1 last", "the newest run against the one before"],
      ["compare main.db#last last --allow-diff kernel.release", "a run of another database"],
    ],
    exits: [EXIT.notComparable],
  },
  gate: {
    examples: [
      ["gate last", "the gates of the scenario"],
      ["gate last --baseline baseline.json", "against a run that was exported"],
    ],
    exits: [EXIT.broken, EXIT.notComparable, EXIT.gateFailed],
  },
  history: {
    examples: [
      ["history", "the connection rate over all runs of the newest scenario"],
      ["history client.latency.connect.p99 --variant tw_reuse=1", "one latency of one variant"],
    ],
  },
  export: {
    examples: [
      ["export last --format csv -o run.csv", "one measurement a row"],
      ["export last --format ndjson", "everything, one JSON document a line"],
    ],
  },
  report: {
    examples: [
      ["report --open", "the newest run, in a browser"],
      ["report last~1 -o before.html", "another run, as a file to keep"],
    ],
  },
  serve: {
    examples: [
      ["serve", "http://127.0.0.1:7700/"],
      ["serve --port 0 --db other.db", "a free port, another database"],
    ],
    exits: [EXIT.preflight],
  },
  runs: { examples: [["runs", "newest first"]] },
  show: {
    examples: [
      ["show last", "the trials, settings and numbers of a run"],
      ["show last --all", "every metric with every replicate"],
      ["show last --json > baseline.json", "a baseline that a repository can keep"],
    ],
  },
  watch: {
    examples: [
      ["watch", "this host, live"],
      ["watch --container web --once", "one look at a container"],
      ["watch --pid 4711 --json", "one JSON document for each reading"],
    ],
    exits: [EXIT.preflight, EXIT.broken],
  },
  ping: {
    examples: [
      ["ping 127.0.0.1:22", "five handshakes"],
      ["ping [::1]:80 -c 100 -i 10ms", "a hundred, fast"],
    ],
    exits: [EXIT.broken],
  },
  "sysctl list": { examples: [["sysctl list", "name, default and scope"]] },
  "sysctl explain": {
    examples: [["sysctl explain tcp_tw_reuse", "what it does, and what is wrongly said of it"]],
  },
  new: {
    examples: [
      ["new my.yaml", "the template tw-reuse, with comments"],
      ["new - --template smoke", "printed"],
    ],
  },
  doctor: {
    examples: [
      ["doctor", "every capability, what it is for, and the fix"],
      ["doctor --strict", "for CI: ends with 3 when anything is missing"],
    ],
    exits: [EXIT.preflight],
  },
  clean: { examples: [["clean", "after a run in containers was killed"]] },
  schema: {
    examples: [
      ["schema > scenario.schema.json", "for editors"],
      ["schema result", "of what --json prints"],
    ],
  },
  completion: {
    examples: [
      ["completion bash", "source <(churnlab completion bash)"],
      ["completion fish", "churnlab completion fish | source"],
    ],
  },
  "fleet init": {
    examples: [
      ["fleet init --agents 4 --host 192.0.2.1", "keys for four agents, and the server's files"],
    ],
  },
};

/** The examples of every command that has some, by the words that name it. */
export const COMMAND_EXAMPLES: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(HELP).map(([name, { examples }]) => [name, examples.map(([line]) => line)]),
);

/** Adds to every command of the tree its examples and how it may end. */
export function addCommandHelp(command: Command, path: readonly string[] = []): void {
  const help = HELP[path.join(" ")];
  if (help !== undefined) command.addHelpText("after", formatCommandHelp(help));
  for (const each of command.commands) addCommandHelp(each, [...path, each.name()]);
}

/** The examples of a command, and its exit status. */
function formatCommandHelp({ examples, exits = [] }: CommandHelp): string {
  const width = Math.max(...examples.map(([command]) => command.length));
  const lines = examples.map(
    ([command, meaning]) => `  churnlab ${command.padEnd(width)}  ${meaning}`,
  );
  const codes = [EXIT.ok, EXIT.bug, EXIT.usage, ...exits].map(
    (code) => `  ${String(code).padEnd(5)}${EXIT_MEANINGS[code]}`,
  );
  return ["", "Examples:", ...lines, "", "Exit status:", ...codes].join("\n");
}
