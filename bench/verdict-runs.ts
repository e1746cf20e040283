import type { ResultDocument } from "@churnlab/report";
import { failedGates, listAlarms } from "../e2e/verdicts/list-alarms.ts";
import { type BenchRow, rowOfRounds } from "./benchmark.ts";

/** `same`: two equal variants. `slower`: the second target takes 10 % longer. */
export type RunKind = "same" | "slower";

/** What one run came to, as `run --json` printed it. */
export interface VerdictRun {
  readonly kind: RunKind;
  readonly result: ResultDocument;
}

/** The gate that a slower target must fail, and no other. */
const SLOWER_GATE = "after: client.latency.total.p50";

/** So many runs of equal variants and half as many of a slower target, in turn, so that an early end leaves both kinds. */
export function orderRuns(same: number): RunKind[] {
  return Array.from({ length: same }, (_, i): RunKind[] =>
    i % 2 === 0 ? ["same", "slower"] : ["same"],
  ).flat();
}

/** What the runs show of false alarms and of a change that is there. */
export function countVerdicts(runs: readonly VerdictRun[]): BenchRow[] {
  const of = (kind: RunKind): ResultDocument[] =>
    runs.filter((run) => run.kind === kind).map(({ result }) => result);
  const [same, slower] = [of("same"), of("slower")];
  const caught = slower.filter((result) => failedGates(result).join() === SLOWER_GATE);
  const changes = slower.flatMap(readChange);
  return [
    count("verdicts.same.runs", "runs", same.length),
    count(
      "verdicts.same.gates",
      "gates",
      sum(same, ({ gates = [] }) => gates.length),
    ),
    count("verdicts.same.verdicts", "verdicts", sum(same, countJudged)),
    {
      ...count("verdicts.same.alarms", "alarms", sum(same, countAlarms)),
      ...atMost(0, sum(same, countAlarms)),
    },
    count("verdicts.slower.runs", "runs", slower.length),
    ...(slower.length === 0
      ? []
      : [
          rowOfRounds({ id: "verdicts.slower.caught", unit: "% of runs", target: { min: 100 } }, [
            (100 * caught.length) / slower.length,
          ]),
        ]),
    ...(changes.length === 0
      ? []
      : [rowOfRounds({ id: "verdicts.slower.change", unit: "%" }, changes)]),
    count("verdicts.invalid_trials", "trials", sum([...same, ...slower], countInvalid)),
  ];
}

function count(id: string, unit: string, value: number): BenchRow {
  return rowOfRounds({ id, unit }, [value]);
}

function atMost(max: number, value: number): Pick<BenchRow, "target" | "met"> {
  return { target: { max }, met: value <= max };
}

function sum(results: readonly ResultDocument[], of: (result: ResultDocument) => number): number {
  return results.reduce((total, result) => total + of(result), 0);
}

function countAlarms(result: ResultDocument): number {
  return listAlarms(result).length;
}

function countJudged({ comparisons = [] }: ResultDocument): number {
  return comparisons.reduce((total, { metrics }) => total + metrics.length, 0);
}

function countInvalid({ run }: ResultDocument): number {
  return run.trials.filter(({ state }) => state !== "completed").length;
}

/** By how much the slower target's median latency rose, in percent. */
function readChange({ comparisons = [] }: ResultDocument): number[] {
  return comparisons.flatMap(({ metrics }) =>
    metrics
      .filter(({ role, metric }) => role === "client" && metric === "latency.total.p50")
      .flatMap(({ effect }) => (effect === null ? [] : [effect * 100])),
  );
}
