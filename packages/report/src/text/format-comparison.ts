import {
  claimsDifference,
  describeVerdict,
  type FingerprintComparison,
  type FingerprintDifference,
  summariseVerdicts,
} from "@churnlab/core";
import type { StoredRun } from "@churnlab/store";
import {
  type JudgedMetric,
  type RunComparison,
  type SideNames,
  sideNames,
  titleVariant,
  type VariantComparison,
} from "../compare-run.ts";
import { layoutComparison, selectShown } from "./comparison-table.ts";
import { formatForecast } from "./format-forecast.ts";
import { formatHarness } from "./format-harness.ts";
import { formatRunHeader } from "./format-run-header.ts";
import { type FormatOptions, formatRunSummary } from "./format-run-summary.ts";
import { formatTrialNotes } from "./format-trial-notes.ts";
import { PLAIN_STYLE, type Style } from "./style.ts";

/**
 * What `compare` prints: who is compared, whether they may be, a table for each variant, and one sentence at the end of
 * each. Where no difference can be defended it prints `~`. A run of one variant has nothing to compare and is summarised.
 */
export function formatComparison(comparison: RunComparison, options: FormatOptions = {}): string {
  const { run, baselineRun, variants } = comparison;
  if (variants.length === 0) return formatRunSummary(run, options);
  const style = options.style ?? PLAIN_STYLE;
  const isOneRun = run === baselineRun;
  const sections = [
    isOneRun
      ? [formatRunHeader(run, style)]
      : [`A ${formatRunHeader(baselineRun, style)}`, `B ${formatRunHeader(run, style)}`],
    [...(isOneRun ? [] : formatTrialNotes(baselineRun, style)), ...formatTrialNotes(run, style)],
    ...variants.map((pair) => formatPair(comparison, pair, options)),
    formatForecast(run, style),
    formatHarness(run, style),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

function formatPair(
  comparison: RunComparison,
  pair: VariantComparison,
  options: FormatOptions,
): string[] {
  const style = options.style ?? PLAIN_STYLE;
  return [
    style.strong(titleVariant(comparison, pair)),
    ...formatDeclared(comparison, pair),
    ...formatComparability(pair.fingerprint, style),
    ...layoutComparison(comparison, pair, options),
    ...formatClosing(pair, { ...options, names: sideNames(comparison, pair) }),
  ];
}

/** The sysctls that the scenario gives the two sides different values of. */
function formatDeclared(comparison: RunComparison, pair: VariantComparison): string[] {
  const from = readSettings(comparison.baselineRun, pair.baseline);
  const to = readSettings(comparison.run, pair.candidate);
  const keys = [...new Set([...from.keys(), ...to.keys()])].filter(
    (key) => from.get(key) !== to.get(key),
  );
  if (keys.length === 0) return [];
  const list = keys.map((key) => `${key} ${from.get(key) ?? "unset"} → ${to.get(key) ?? "unset"}`);
  return [`varies as declared: ${list.join(", ")}`];
}

function readSettings(run: StoredRun, variant: string): Map<string, string> {
  const settings = run.variantList.find(({ name }) => name === variant)?.spec.sysctls ?? {};
  return new Map(
    Object.entries(settings).flatMap(([role, values]) =>
      Object.entries(values).map(([name, value]): [string, string] => [`${role} ${name}`, value]),
    ),
  );
}

/** Nothing where both sides agree; else every difference that nobody meant, and what that means. */
export function formatComparability(
  { comparable, differences }: FingerprintComparison,
  style: Style,
): string[] {
  const allowed = differences.filter(({ excuse }) => excuse === "allowed");
  const lines = allowed.map((difference) => `also differs, as allowed: ${describe(difference)}`);
  if (comparable) return lines;
  const unexcused = differences.filter(({ excuse }) => excuse === null);
  const keys = unexcused.map(({ key }) => key).join(",");
  return [
    ...lines,
    `${style.bad("✗")} not comparable: ${unexcused.map(describe).join("; ")}`,
    `  numbers without verdicts; --allow-diff ${keys} judges anyway`,
  ];
}

function describe({ key, baseline, candidate }: FingerprintDifference): string {
  return `${key} ${baseline ?? "unknown"} ≠ ${candidate ?? "unknown"}`;
}

/** How many metrics the candidate is better and worse on, then the difference that says most. */
export function formatClosing(
  pair: VariantComparison,
  { names, ...options }: FormatOptions & { readonly names: SideNames },
): string[] {
  const judged = selectShown(pair, options).filter(isJudged);
  if (judged.length === 0) return [];
  const summary = summariseVerdicts(
    judged.map(({ verdict }) => verdict),
    names.candidate,
  );
  const main = chooseMain(judged);
  return main === undefined
    ? [summary]
    : [summary, describeVerdict(main.comparison, main.verdict, names)];
}

type Judged = JudgedMetric & { readonly verdict: NonNullable<JudgedMetric["verdict"]> };

function isJudged(metric: JudgedMetric): metric is Judged {
  return metric.verdict !== null && metric.comparison.better !== "neither";
}

/** The difference that says most: the rate's if it is claimed, else the first that is; else what is known of the rate. */
function chooseMain(judged: readonly Judged[]): Judged | undefined {
  const claimed = judged.filter(({ verdict }) => claimsDifference(verdict));
  const isRate = ({ comparison }: Judged): boolean => comparison.metric.endsWith(".rate");
  return claimed.find(isRate) ?? claimed[0] ?? judged.find(isRate);
}
