import { ChurnError, listSome, type MetricKey, nameMetric, suggestName } from "@churnlab/core";
import { buildHistory, formatHistory, formatHistoryJson, listRunMetrics } from "@churnlab/report";
import { openStore, type StoredRun, type StoreReader } from "@churnlab/store";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { fitScreen } from "../fit-screen.ts";
import { terminal } from "../terminal.ts";
import { terminalStyle } from "../terminal-style.ts";

interface HistoryOptions {
  readonly db: string;
  readonly scenario?: string;
  readonly variant?: string;
  readonly branch?: string;
  readonly json?: boolean;
}

/**
 * One metric of one variant over the runs of a scenario, with the runs from which its level changed. A change is to be
 * looked at: it never fails the command.
 */
export function history(metric: string, options: HistoryOptions): ExitCode {
  using store = openStore(options.db, { mode: "read" });
  const run = findNewest(store, options.scenario);
  const filter = {
    scenario: run.scenario,
    variant: findVariant(run, options.variant),
    ...findMetric(run, metric),
    ...(options.branch === undefined ? {} : { branch: options.branch }),
  };
  const found = buildHistory(store, filter);
  if (found.runs.length === 0) throw unknownBranch(store, run.scenario, options.branch ?? "");
  terminal.print(
    options.json ? formatHistoryJson(found) : fitScreen(formatHistory(found, terminalStyle)),
  );
  return EXIT.ok;
}

/** The newest run of a scenario, or of all. */
function findNewest(store: StoreReader, scenario: string | undefined): StoredRun {
  if (scenario === undefined) return store.loadRun(store.findRun("last"));
  const runs = store.listRuns();
  const newest = runs.findLast((run) => run.scenario === scenario);
  if (newest !== undefined) return store.loadRun(newest.runId);
  throw new ChurnError("E_RUN_UNKNOWN", `${store.path} has no run of the scenario ${scenario}`, {
    hint: hintAt(
      scenario,
      runs.map((run) => run.scenario),
    ),
  });
}

function unknownBranch(store: StoreReader, scenario: string, branch: string): ChurnError {
  const runs = store.listRuns().filter((run) => run.scenario === scenario);
  const branches = new Set(runs.flatMap(({ tags }) => tags["branch"] ?? []));
  return new ChurnError("E_RUN_UNKNOWN", `No run of ${scenario} is of the branch ${branch}`, {
    hint: hintAt(branch, [...branches], branches.size === 0 ? "No run has a branch." : undefined),
  });
}

function findVariant(run: StoredRun, name: string | undefined): string {
  const names = run.variantList.map((variant) => variant.name);
  const baseline = run.variantList.find((variant) => variant.baseline)?.name ?? names[0] ?? "";
  const wanted = name ?? baseline;
  if (names.includes(wanted)) return wanted;
  throw new ChurnError("E_USAGE", `The scenario ${run.scenario} has no variant ${wanted}`, {
    hint: hintAt(wanted, names),
  });
}

function findMetric(run: StoredRun, name: string): MetricKey {
  const known = new Map(listRunMetrics(run).map((key) => [nameMetric(key), key]));
  const key = known.get(name);
  if (key !== undefined) return key;
  throw new ChurnError("E_METRIC_UNKNOWN", `No trial of run ${run.runId} measured ${name}`, {
    hint: hintAt(name, [...known.keys()], "`churnlab show last --all` lists them."),
  });
}

/** The name that was meant; else where to find all, which is here when they are few. */
function hintAt(name: string, known: readonly string[], elsewhere?: string): string {
  const suggestion = suggestName(name, known);
  if (suggestion !== null) return `Did you mean ${suggestion}?`;
  return elsewhere ?? `There are ${listSome([...new Set(known)])}.`;
}
