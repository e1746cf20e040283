import { ENGINE_NAMES, TESTBED_KINDS } from "@churnlab/core/scenario";
import { Argument, Command, Option } from "commander";
import type { Act } from "./act.ts";
import { addFleetCommands } from "./add-fleet-commands.ts";
import { addLiveCommands } from "./add-live-commands.ts";
import { HELP_LAYOUT } from "./command-help.ts";
import type { ExitCode } from "./exit-codes.ts";
import { collect, parseCount, parseDuration, parseNames, parseWhole } from "./parse-options.ts";
import { EXPORT_FORMATS, REPORT_FORMATS } from "./report-formats.ts";
import { VERSION } from "./version.ts";

const PORT_MAX = 65_535;

/**
 * The command tree. Every action is imported when it is called, so that `--version` and usage errors load nothing but
 * commander.
 */
export function buildProgram(setExitCode: (code: ExitCode) => void): Command {
  const act: Act =
    (load) =>
    async (...parameters) => {
      const action = await load();
      setExitCode(await action(...(parameters as never[])));
    };
  const program = new Command("churnlab")
    .description("Load and churn TCP connections, vary Linux sysctls, see what the kernels did.")
    .version(VERSION, "-V, --version")
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp(HELP_LAYOUT)
    .configureOutput({ outputError: () => {} }); // the caller prints what is thrown
  program.commandsGroup("Measure:");
  addRunCommands(program, act);
  program.commandsGroup("Judge:");
  addVerdictCommands(program, act);
  program.commandsGroup("Read:");
  addReadCommands(program, act);
  program.commandsGroup("Look at a host:");
  addLiveCommands(program, act);
  addSysctlCommands(program, act);
  program.commandsGroup("Set up:");
  addSetUpCommands(program, act);
  addFleetCommands(program, act);
  program.addHelpCommand(
    new Command("help").argument("[command]").description("Show the help of a command."),
  );
  return program;
}

function addRunCommands(program: Command, act: Act): void {
  const run = program
    .command("run")
    .description("Run the trials of scenarios and store what was seen.")
    .argument("[scenario...]", "scenario files; - reads one from stdin")
    .addOption(
      new Option(
        "--resume <run>",
        "go on with a run that was killed or interrupted: last, an id, or file.db#id",
      ).conflicts(["replicates", "seed", "only", "set", "testbed", "engine", "agents"]),
    )
    .option("--db <file>", "database to append to", "churnlab.db");
  addScenarioOptions(run)
    .addOption(new Option("--testbed <kind>", "where the hosts live").choices(TESTBED_KINDS))
    .addOption(
      new Option("--engine <name>", "who drives the connections").choices([
        "auto",
        ...ENGINE_NAMES,
      ]),
    )
    .option("--nats <url>", "run on the fleet behind this NATS server")
    .option("--fleet <file>", "run on a fleet, with the controller's file of fleet init")
    .option("--agents <n>", "agents of the fleet that offer load", parseCount)
    .option(
      "--wait-for-agents <duration>",
      "wait so long for the fleet's server and its agents: 5m",
      parseDuration,
    )
    .option(
      "--insecure",
      "use a fleet's server on another machine without TLS, or that asks for no key",
    )
    .option(
      "--reporter <format=file>",
      `write a report too, repeatable; formats: ${REPORT_FORMATS.join(", ")}`,
      collect,
    )
    .option("--report <file>", "write the run as one HTML file too")
    .option("--ui [port]", "show the run in a browser while it goes on", parseWhole(0, PORT_MAX))
    .option("--gate-model", "fail also when a trial contradicts the port model")
    .option("--allow-external", "testbed external: load hosts that are not this machine's")
    .option("--pull", "testbed docker: pull images that are not on this machine")
    .option("--json", "print the comparison as one JSON document")
    .option("-q, --quiet", "print nothing but the result")
    .action(act(async () => (await import("./commands/run.ts")).run));
  const validate = program
    .command("validate")
    .description("Check scenario files without running anything.")
    .argument("<scenario...>", "scenario files; - reads one from stdin");
  addScenarioOptions(validate)
    .option("--json", "print the problems as one JSON document")
    .action(act(async () => (await import("./commands/validate.ts")).validate));
  const plan = program
    .command("plan")
    .description("Say what would run, for how long, and what the port model expects.")
    .argument("<scenario...>", "scenario files; - reads one from stdin");
  addScenarioOptions(plan)
    .option("--json", "print the plan as one JSON document")
    .action(act(async () => (await import("./commands/plan.ts")).plan));
}

function addScenarioOptions(command: Command): Command {
  return command
    .option("--replicates <n|auto>", "override the scenario's replicates", parseReplicates)
    .option("--seed <n>", "override the scenario's seed", parseWhole(0))
    .option("--only <variants>", "only these variants, separated by commas, repeatable", collect)
    .option("--set <path=value>", "override any field, repeatable", collect);
}

function addVerdictCommands(program: Command, act: Act): void {
  program
    .command("compare")
    .description("Compare the variants of a run, or two runs (the second against the first).")
    .argument("<run>", "last, last~1, the start of a run id, or file.db#id")
    .argument("[other]", "a second run")
    .option("--db <file>", "database to read", "churnlab.db")
    .option("--baseline <variant>", "variant that the others are compared with")
    .option("--metric <role.metric>", "only this metric, repeatable", collect)
    .option("--all", "every metric, not only those that moved")
    .option("--allow-diff <facts>", "judge although these differ, separated by commas", parseNames)
    .addOption(
      new Option("--format <name>", "how to print it")
        .choices(["text", "markdown", "csv", "json"])
        .default("text"),
    )
    .option("--json", "print one JSON document")
    .option("--strict", "end with 5 when it is not comparable or a metric is in doubt")
    .action(act(async () => (await import("./commands/compare.ts")).compare));
  program
    .command("gate")
    .description("Judge the gates of a run's scenario; ends with 99 when one fails.")
    .argument("<run>", "last, last~1, the start of a run id, or file.db#id")
    .option("--db <file>", "database to read", "churnlab.db")
    .option("--baseline <run|file.json>", "hold it against another run, or an exported one")
    .option("--allow-diff <facts>", "judge although these differ, separated by commas", parseNames)
    .option("--gate-model", "fail also when a trial contradicts the port model")
    .option("--strict", "end with 5 when a gate cannot be decided")
    .option("--json", "print one JSON document")
    .action(act(async () => (await import("./commands/gate.ts")).gate));
  program
    .command("history")
    .description("One metric over the runs of a scenario, and where its level changed.")
    .argument("[metric]", "role.metric", "client.connections.rate")
    .option("--scenario <name>", "scenario; that of the newest run when absent")
    .option("--variant <name>", "variant; the baseline when absent")
    .option("--branch <name>", "only runs of this branch")
    .option("--db <file>", "database to read", "churnlab.db")
    .option("--json", "print one JSON document")
    .action(act(async () => (await import("./commands/history.ts")).history));
}

function addReadCommands(program: Command, act: Act): void {
  program
    .command("export")
    .description("Write a run in a format that other programs read.")
    .argument("<run>", "last, last~1, the start of a run id, or file.db#id")
    .addOption(
      new Option("--format <name>", "how to write it")
        .choices(EXPORT_FORMATS)
        .makeOptionMandatory(),
    )
    .option("-o, --output <file>", "a file instead of stdout")
    .option("--db <file>", "database to read", "churnlab.db")
    .action(act(async () => (await import("./commands/export.ts")).exportRun));
  program
    .command("report")
    .description("Write a run as one HTML file: figures, tables, and how to reproduce it.")
    .argument("[run]", "last, last~1, the start of a run id, or file.db#id", "last")
    .option("-o, --output <file>", "file to write; - prints it")
    .option("--open", "open it in a browser")
    .option("--db <file>", "database to read", "churnlab.db")
    .action(act(async () => (await import("./commands/report.ts")).report));
  program
    .command("serve")
    .description("Show all runs in a browser: reports, comparisons, and a run that goes on.")
    .option("--port <n>", "port to listen on; 0 takes a free one", parseWhole(0, PORT_MAX), 7700)
    .option(
      "--listen <address>",
      "address to listen on; others than loopback need a token",
      "127.0.0.1",
    )
    .option("--db <file>", "database to read", "churnlab.db")
    .action(act(async () => (await import("./commands/serve.ts")).serve));
  program
    .command("runs")
    .description("List the runs of a database, newest first.")
    .option("--db <file>", "database to read", "churnlab.db")
    .option("--json", "print one JSON document")
    .action(act(async () => (await import("./commands/runs.ts")).runs));
  program
    .command("show")
    .description("Show one run: its trials, sysctls, failures, events and warnings.")
    .argument("<run>", "last, last~1, the start of a run id, or file.db#id")
    .option("--db <file>", "database to read", "churnlab.db")
    .option("--all", "every metric with every replicate")
    .option("--json", "print one JSON document")
    .action(act(async () => (await import("./commands/show.ts")).show));
}

function addSysctlCommands(program: Command, act: Act): void {
  const sysctl = program.command("sysctl").description("What the TCP sysctls really do.");
  sysctl
    .command("list")
    .description("Every knob that churnlab knows.")
    .option("--json", "print one JSON document")
    .action(act(async () => (await import("./commands/sysctl.ts")).listSysctls));
  sysctl
    .command("explain")
    .description("One knob: default, scope, whom it acts on, and the myths about it.")
    .argument("<name>", "its name, or the last part of it")
    .option("--json", "print one JSON document")
    .action(act(async () => (await import("./commands/sysctl.ts")).explainOne));
}

function addSetUpCommands(program: Command, act: Act): void {
  program
    .command("new")
    .description("Write a commented scenario to start from.")
    .argument("[file]", "file to write; - prints it; TEMPLATE.yaml when absent")
    .addOption(
      new Option("--template <name>", "what it is about")
        .choices(["smoke", "tw-reuse", "port-range", "matrix"])
        .default("tw-reuse"),
    )
    .option("--force", "write over a file that exists")
    .action(act(async () => (await import("./commands/new.ts")).newScenario));
  program
    .command("doctor")
    .description("Try out what this machine can do, and say how to mend what it cannot.")
    .option("--json", "print one JSON document")
    .option("--strict", "end with 3 when anything is missing")
    .action(act(async () => (await import("./commands/doctor.ts")).doctor));
  program
    .command("clean")
    .description("Remove what interrupted runs left behind.")
    .option(
      "--container <name>",
      "also this container, whose run cannot be seen from here; repeatable",
      collect,
    )
    .action(act(async () => (await import("./commands/clean.ts")).clean));
  program
    .command("schema")
    .description("Print the JSON Schema of scenario files, or of what a command prints as JSON.")
    .addArgument(
      new Argument("[what]", "which")
        .choices(["scenario", "result", "gate", "history", "watch", "ping"])
        .default("scenario"),
    )
    .action(act(async () => (await import("./commands/schema.ts")).schema));
  program
    .command("completion")
    .description("Print what a shell sources to complete churnlab's commands and options.")
    .addArgument(
      new Argument("<what>", "which shell; runs, metrics: what its script asks a database").choices(
        ["bash", "zsh", "fish", "runs", "metrics"],
      ),
    )
    .option("--db <file>", "database to read", "churnlab.db")
    .action(act(async () => (await import("./commands/completion.ts")).completion));
}

function parseReplicates(text: string): number | "auto" {
  return text === "auto" ? text : parseCount(text);
}
