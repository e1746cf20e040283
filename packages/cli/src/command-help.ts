import { type Command, Help, type HelpConfiguration } from "commander";
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
  "": {
    examples: [
      ["run scenarios/quickstart.yaml", "run every variant, then compare"],
      ["plan my.yaml", "what would run, and what to expect"],
      ["compare last", "the variants of the newest run"],
      ["doctor", "what this machine can do"],
    ],
  },
  run: {
    examples: [
      ["run scenarios/quickstart.yaml", "every variant, then the comparison"],
      ["run my.yaml --only baseline --set phases.measure=2s", "one variant, shorter"],
      ["run my.yaml --replicates auto --reporter junit=out.xml", "for CI"],
      ["run my.yaml --fleet fleet/controller.yaml --agents 2", "by two agents of a fleet"],
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
      ["compare last --all --format csv", "one comparison a row"],
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
  clean: {
    examples: [["clean", "after a run in containers was killed"]],
    exits: [EXIT.preflight],
  },
  schema: {
    examples: [
      ["schema > scenario.schema.json", "for editors"],
      ["schema result", "of what run, compare and show --json print"],
      ["schema gate", "of what gate --json prints; history, watch and ping have theirs"],
    ],
  },
  completion: {
    examples: [
      ["completion bash", "source <(churnlab completion bash)"],
      ["completion fish", "churnlab completion fish | source"],
    ],
  },
  agent: {
    examples: [
      [
        "agent --config fleet/agents/a1.yaml --bridge br0 --address 198.18.2.1",
        "with the key that fleet init made for it",
      ],
      [
        "agent --nats nats://127.0.0.1 --name a1 --bridge br0 --address 198.18.2.1",
        "in a fleet on this machine, to try it (docs/fleet.md)",
      ],
    ],
    exits: [EXIT.preflight, EXIT.interrupted],
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

/** Lays out the help of every command: how it is typed, what for, examples, and only then all that it takes. */
export const HELP_LAYOUT: HelpConfiguration = {
  sortSubcommands: false,
  // Beside a column of names even a narrow screen leaves so much room.
  minWidthToWrap: 20,
  // What a command takes is said by its own help.
  subcommandTerm: (command) => command.name(),
  formatHelp(command, helper) {
    const [usage = "", ...parts] = Help.prototype.formatHelp
      .call(helper, command, helper)
      .trimEnd()
      .split("\n\n");
    const description = command.description() === "" ? [] : parts.splice(0, 1);
    const examples = formatExamples(command, helper);
    return `${[usage, ...description, ...examples, ...parts, ...formatExits(command, helper)].join("\n\n")}\n`;
  },
};

/** `fleet init`; empty for churnlab itself. */
function pathOf(command: Command): string {
  const { parent } = command;
  return parent === null ? "" : `${pathOf(parent)} ${command.name()}`.trim();
}

function formatExamples(command: Command, helper: Help): string[] {
  const { examples } = HELP[pathOf(command)] ?? { examples: [] };
  if (examples.length === 0) return [];
  const width = helper.helpWidth ?? WIDTH;
  const longest = Math.max(...examples.map(([line]) => line.length));
  const fits = examples.every(
    ([, meaning]) => INDENT.length + 9 + longest + 2 + meaning.length <= width,
  );
  const lines = examples.flatMap(([line, meaning]) =>
    fits
      ? [`${INDENT}churnlab ${line.padEnd(longest)}  ${meaning}`]
      : [
          ...continueLine(`churnlab ${line}`, width),
          ...indent(helper.boxWrap(meaning, width - 2 * INDENT.length), INDENT + INDENT),
        ],
  );
  return [["Examples:", ...lines].join("\n")];
}

const INDENT = "  ";
/** Of what is no screen. */
const WIDTH = 80;

/** A command over as many lines as it needs, each but the last ended as a shell asks, so that it can be copied. */
function continueLine(line: string, width: number): string[] {
  const lines: string[] = [];
  let current = INDENT;
  for (const word of line.split(" ")) {
    const longer = current.trim() === "" ? current + word : `${current} ${word}`;
    if (longer.length + 2 <= width || current.trim() === "") {
      current = longer;
    } else {
      lines.push(`${current} \\`);
      current = INDENT + INDENT + word;
    }
  }
  return [...lines, current];
}

function formatExits(command: Command, helper: Help): string[] {
  const help = HELP[pathOf(command)];
  if (help === undefined || command.parent === null) return [];
  const width = (helper.helpWidth ?? WIDTH) - EXIT_COLUMN;
  const lines = [EXIT.ok, EXIT.bug, EXIT.usage, ...(help.exits ?? [])].flatMap((code) =>
    indent(helper.boxWrap(EXIT_MEANINGS[code], width), `${INDENT}${code}`.padEnd(EXIT_COLUMN)),
  );
  return [["Exit status:", ...lines].join("\n")];
}

const EXIT_COLUMN = 7;

/** The first line after `head`, the others below it. */
function indent(text: string, head: string): string[] {
  return text.split("\n").map((line, i) => (i === 0 ? head : " ".repeat(head.length)) + line);
}
