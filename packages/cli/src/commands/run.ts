import { ChurnError, type Scenario, type TrialSpec } from "@churnlab/core";
import { DASHBOARD_PORT, LiveFeed, offerLiveRuns } from "@churnlab/report";
import { openStore } from "@churnlab/store";
import { checkContainers, checkExternal, ExternalTargets } from "@churnlab/testbed";
import { abortOnSignals } from "../abort-on-signals.ts";
import { checkLimits } from "../check-limits.ts";
import { checkPrivileges } from "../check-privileges.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { checkFleet, type FleetOptions, findFleet } from "../find-fleet.ts";
import { followRuns } from "../follow-run.ts";
import { loadScenario, type ScenarioOverrides } from "../load-scenario.ts";
import { openFleet } from "../open-fleet.ts";
import { openTestbeds } from "../open-testbeds.ts";
import { listPlaceFlags } from "../place-flags.ts";
import { readResumable } from "../read-resumable.ts";
import { parseReporter, type Reporter } from "../reporter.ts";
import { serveDatabase, serveRun } from "../run-dashboard.ts";
import { runScenario, type ScenarioJob } from "../run-scenario.ts";
import { terminal } from "../terminal.ts";

export interface RunOptions extends ScenarioOverrides, FleetOptions {
  readonly db: string;
  readonly resume?: string;
  readonly testbed?: string;
  readonly engine?: string;
  readonly reporter?: readonly string[];
  readonly report?: string;
  readonly ui?: number | true;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly gateModel?: boolean;
  readonly pull?: boolean;
  readonly allowExternal?: boolean;
}

/** Checks everything that can be checked before the first packet, then runs scenario after scenario. */
export async function run(files: readonly string[], options: RunOptions): Promise<ExitCode> {
  const reporters = listReporters(options);
  const { database, jobs } = listJobs(files, options);
  const scenarios = jobs.map(({ scenario }) => scenario);
  const access = findFleet(options);
  await checkFleet(scenarios, access, { ...options, say });
  if (access !== null && options.pull === true) throw pullsOnAgents();
  if (access === null) checkLimits(scenarios);
  const port = options.ui === undefined ? null : options.ui === true ? DASHBOARD_PORT : options.ui;
  const elsewhere = await checkPrivileges(scenarios, () =>
    port === null ? null : serveDatabase(database, { port, terminal }),
  );
  if (elsewhere !== null) return elsewhere;
  const { pull = false, allowExternal = false } = options;
  await checkContainers(listSpecs(scenarios), { pull });
  const external = { allowed: allowExternal, targets: new ExternalTargets() };
  const sent = await checkExternal(scenarios, external);
  for (const line of sent) terminal.say(`load on ${line}`);
  // Before the first file is there: whoever sees one may interrupt what wrote it.
  using abort = abortOnSignals(terminal);
  using store = openStore(database, { mode: "write" });
  const feed = new LiveFeed();
  using _offer = offerLiveRuns(store.path, feed);
  await using _dashboard =
    port === null ? null : await serveRun(store, { port, terminal, feed, stop: abort.abort });
  await using testbeds =
    access === null ? openTestbeds({ pull, external }) : openFleet(access, store);
  using follower = followRuns(store, reporters);
  // One that cannot be had is said before a run is begun, not by a run that failed.
  if (access === null) for (const spec of listSpecs(scenarios)) testbeds.of(spec.testbed);
  let exitCode: ExitCode = EXIT.ok;
  const placeFlags = listPlaceFlags(options);
  for (const [i, job] of jobs.entries()) {
    const ended = await runScenario(job, {
      store,
      testbeds,
      terminal,
      signal: abort.signal,
      json: options.json ?? false,
      quiet: options.quiet ?? false,
      placeFlags,
      gateModel: options.gateModel ?? false,
      reporters: reporters.filter(({ format }) => format !== "ndjson"),
      follower,
      feed,
    }).catch((error: unknown) => {
      for (const { file } of jobs.slice(i + 1)) terminal.say(`not begun: ${file}`);
      throw error;
    });
    exitCode = graver(exitCode, ended);
    if (abort.signal.aborted) break;
  }
  return exitCode;
}

function say(line: string): void {
  terminal.say(line);
}

/** What an agent pulls is for its own file to say. */
function pullsOnAgents(): ChurnError {
  return new ChurnError("E_USAGE", "--pull is for containers on this machine, not on a fleet", {
    hint: "Pull on the agent's host, or let the agent pull: limits.pull: true in its own file.",
  });
}

/** What is to be run, and the database that it is written to. Throws `E_USAGE`, `E_RESUME` or as `loadScenario` does. */
function listJobs(
  files: readonly string[],
  options: RunOptions,
): { readonly database: string; readonly jobs: readonly ScenarioJob[] } {
  if (options.resume !== undefined) {
    const { database, ...job } = readResumable(options.resume, files, options.db);
    return { database, jobs: [job] };
  }
  if (files.length === 0) {
    throw new ChurnError("E_USAGE", "No scenario was named", {
      hint: "`churnlab run my.yaml`; `churnlab new my.yaml` writes one to start from.",
    });
  }
  const overrides = { ...options, set: [...(options.set ?? []), ...flagsAsSettings(options)] };
  const placeFlags = listPlaceFlags(options);
  const jobs = files.map((file) => {
    const scenario = loadScenario(file, overrides);
    return { scenario: { ...scenario, placeFlags }, file, resumes: null };
  });
  return { database: options.db, jobs };
}

function listSpecs(scenarios: readonly Scenario[]): TrialSpec[] {
  return scenarios.flatMap(({ variants }) => variants.map(({ spec }) => spec));
}

/** `--report FILE` is the short way to say `--reporter html=FILE`. */
function listReporters({ reporter, report }: RunOptions): Reporter[] {
  const asked = report === undefined ? [] : [`html=${report}`];
  return [...(reporter ?? []), ...asked].map(parseReporter);
}

/** What the user asked for on the command line is a setting like any other, and is checked like one. */
function flagsAsSettings({ testbed, engine, agents }: RunOptions): string[] {
  return [
    ...(agents === undefined ? [] : [`fleet.agents=${agents}`]),
    ...(testbed === undefined ? [] : [`testbed=${testbed}`]),
    ...(engine === undefined ? [] : [`workload.engine=${engine}`]),
  ];
}

/** Of several scenarios the gravest end is the end of the command. */
const GRAVITY: readonly ExitCode[] = [
  EXIT.ok,
  EXIT.notComparable,
  EXIT.gateFailed,
  EXIT.broken,
  EXIT.interrupted,
];

function graver(a: ExitCode, b: ExitCode): ExitCode {
  return GRAVITY.indexOf(a) >= GRAVITY.indexOf(b) ? a : b;
}
