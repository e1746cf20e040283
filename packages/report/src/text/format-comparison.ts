import {
  ALPHA,
  BLOCKS_MIN,
  blocksNeeded,
  COMPARISON_GAPS,
  claimsDifference,
  describeVerdict,
  type FingerprintComparison,
  type FingerprintDifference,
  type GateResult,
  summariseVerdicts,
  wrapText,
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
import { formatCount } from "../format-value.ts";
import { buildOverviews, countBlocks } from "../overview.ts";
import { describeScenario } from "../scenario-facts.ts";
import { layoutComparison, selectShown } from "./comparison-table.ts";
import { formatForecast } from "./format-forecast.ts";
import { formatGates } from "./format-gates.ts";
import { formatHarness } from "./format-harness.ts";
import type { FormatOptions } from "./format-options.ts";
import { formatPhysics } from "./format-physics.ts";
import { formatRunHeader } from "./format-run-header.ts";
import { formatRunSummary } from "./format-run-summary.ts";
import { formatTrialNotes } from "./format-trial-notes.ts";
import { layoutOverview } from "./layout-overview.ts";
import { PLAIN_STYLE, type Style } from "./style.ts";

/**
 * What `run` and `compare` print: who is compared; what the port model predicted, which one trial is enough to claim; the
 * gates; one table with a column for each variant, and what may be said of it. Where no difference can be defended it
 * says `~`. With `all`, a table for each pair with every metric. A run of one variant has nothing to compare and is
 * summarised.
 */
export function formatComparison(
  comparison: RunComparison,
  options: ComparisonOptions = {},
): string {
  const { run, baselineRun, variants } = comparison;
  const { style = PLAIN_STYLE, gates = [], all = false } = options;
  const judged = gates.length === 0 ? [] : [formatGates(gates, style)];
  if (variants.length === 0) return joinSections([[formatRunSummary(run, options)], judged]);
  const isOneRun = run === baselineRun;
  return joinSections([
    isOneRun
      ? [formatRunHeader(run, style)]
      : [`A ${formatRunHeader(baselineRun, style)}`, `B ${formatRunHeader(run, style)}`],
    [...(isOneRun ? [] : formatTrialNotes(baselineRun, style)), ...formatTrialNotes(run, style)],
    all ? formatForecast(run, style) : formatPhysics(run, style),
    judged,
    ...(all
      ? variants.map((pair) => formatPair(comparison, pair, options))
      : formatOverviews(comparison, style)),
    formatHarness(run, style),
  ]);
}

export interface ComparisonOptions extends FormatOptions {
  /** The gates of the run, where they are to be shown too. */
  readonly gates?: readonly GateResult[];
}

/** Sections with an empty line between them. */
function joinSections(sections: readonly (readonly string[])[]): string {
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

function formatOverviews(comparison: RunComparison, style: Style): string[][] {
  return buildOverviews(comparison).map((overview) => {
    const pairs = overview.columns.flatMap(({ pair }) => (pair === null ? [] : [pair]));
    return [
      ...(overview.title === null ? [] : [style.strong(overview.title)]),
      ...describeSettings(comparison, pairs),
      ...formatDoubts(pairs, style),
      ...layoutOverview(overview, style),
      ...formatFindings(comparison, pairs),
    ];
  });
}

/** Of up to this many pairs everything is said in words. */
const PAIRS_TOLD = 3;

function describeSettings(
  comparison: RunComparison,
  pairs: readonly VariantComparison[],
): string[] {
  if (pairs.length > PAIRS_TOLD) return [];
  const declared = pairs.flatMap((pair) => {
    const changes = describeChanges(comparison, pair);
    return changes === "" ? [] : [{ changes, candidate: pair.candidate }];
  });
  if (declared.length === 0) return [];
  const list = declared.map(({ changes, candidate }) =>
    pairs.length === 1 ? changes : `${candidate}: ${changes}`,
  );
  return wrapText(list.join("; "), "varies as declared: ");
}

/**
 * What keeps pairs from being judged, each thing once however many pairs share it. A side without a completed trial may
 * have no environment either, which says nothing more.
 */
export function formatDoubts(pairs: readonly VariantComparison[], style: Style): string[] {
  const lines = pairs
    .filter((pair) => findCommonGap(pair) === null)
    .flatMap(({ fingerprint }) => formatComparability(fingerprint, style));
  return [...new Set(lines)];
}

/** What may be said of each pair; what holds for several of them is said once, and of many pairs their signs tell. */
export function formatFindings(
  comparison: RunComparison,
  pairs: readonly VariantComparison[],
): string[] {
  const closings =
    pairs.length > PAIRS_TOLD && pairs.some(isJudgeable)
      ? ["✓ better, ✗ worse, ~ no difference is claimed; --all has the intervals and reasons"]
      : pairs.flatMap((pair) => formatClosing(pair, { names: sideNames(comparison, pair) }));
  const perConnection = pairs.some(
    (pair) => isJudgeable(pair) && pair.metrics.some(readsOtherwise),
  );
  return [
    ...new Set(closings),
    ...(perConnection ? [PER_CONNECTION] : []),
    ...describeFamilies(pairs),
  ];
}

/** What claims of several variants beside each other are worth: each holds for its own. Nothing of one. */
export function describeFamilies(pairs: readonly VariantComparison[]): string[] {
  const judged = pairs.filter(isJudgeable).length;
  if (judged < 2) return [];
  const percent = Math.min(100, Math.round(judged * ALPHA * 100));
  return [
    `Each variant is judged by itself: up to ${ALPHA * 100} % chance of a false claim in what is shown unasked,`,
    `up to ${percent} % among these ${judged}; as much again in all other metrics.`,
  ];
}

function isJudgeable(pair: VariantComparison): boolean {
  return pair.fingerprint.comparable && countBlocks(pair) >= BLOCKS_MIN;
}

const PER_CONNECTION =
  "Counts are compared per connection attempted, as the variants did not attempt equally many.";

/** Whether a count goes one way and its share of the connections the other. */
function readsOtherwise({ comparison }: JudgedMetric): boolean {
  const { effect, baselineMedian: from, candidateMedian: to } = comparison;
  if (comparison.class !== "count" || effect === null || from === null || to === null) return false;
  return Math.abs(effect) >= comparison.margin && Math.sign(effect) !== Math.sign(to - from);
}

function formatPair(
  comparison: RunComparison,
  pair: VariantComparison,
  options: FormatOptions,
): string[] {
  const style = options.style ?? PLAIN_STYLE;
  return [
    style.strong(titleVariant(comparison, pair)),
    ...describeSettings(comparison, [pair]),
    ...formatComparability(pair.fingerprint, style),
    ...layoutComparison(comparison, pair, options),
    ...formatClosing(pair, { ...options, names: sideNames(comparison, pair) }),
  ];
}

/** What the scenario gives the two sides different values of: sysctls, and between variants of one run all the rest. */
function describeChanges({ run, baselineRun }: RunComparison, pair: VariantComparison): string {
  const from = readSettings(baselineRun, pair.baseline);
  const to = readSettings(run, pair.candidate);
  if (run === baselineRun) {
    for (const [key, value] of readSpec(run, pair.baseline)) from.set(key, value);
    for (const [key, value] of readSpec(run, pair.candidate)) to.set(key, value);
  }
  return [...new Set([...from.keys(), ...to.keys()])]
    .filter((key) => from.get(key) !== to.get(key))
    .map((key) => `${key} ${from.get(key) ?? "unset"} → ${to.get(key) ?? "unset"}`)
    .join(", ");
}

function readSettings(run: StoredRun, variant: string): Map<string, string> {
  const settings = run.variantList.find(({ name }) => name === variant)?.spec.sysctls ?? {};
  return new Map(
    Object.entries(settings).flatMap(([role, values]) =>
      Object.entries(values).map(([name, value]): [string, string] => [`${role} ${name}`, value]),
    ),
  );
}

/** Workload, target and phases by their path: `workload.closer`. Texts without their quotes. */
function readSpec(run: StoredRun, variant: string): [string, string][] {
  return Object.entries(describeScenario(run, variant)).map(([key, value]) => [
    key.replace(/^scenario\./, ""),
    value.replace(/^"(.*)"$/, "$1"),
  ]);
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

/**
 * How many metrics the candidate is better and worse on, then the difference that says most; or, in one line, why nothing
 * can be claimed of any metric. Empty where the environments are not comparable, which is said elsewhere.
 */
export function formatClosing(
  pair: VariantComparison,
  { names, ...options }: FormatOptions & { readonly names: SideNames },
): string[] {
  const gap = findCommonGap(pair);
  if (gap !== null) return [`${names.candidate} against ${names.baseline}: ${gap}.`];
  if (!pair.fingerprint.comparable) return [];
  const blocks = countBlocks(pair);
  if (blocks < BLOCKS_MIN) return [describeFewBlocks(blocks)];
  const judged = selectShown(pair, options).filter(isClaimable);
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

/** Why no metric at all has a comparison; null where one has. */
export function findCommonGap({ metrics }: VariantComparison): string | null {
  const [first] = metrics;
  if (first === undefined) return "nothing was measured on either side";
  const { comparison } = first;
  if (comparison.basis !== "none" || !SIDE_GAPS.has(comparison.gap)) return null;
  return COMPARISON_GAPS[comparison.gap];
}

/** These are of the trials, and so of every metric alike. */
const SIDE_GAPS: ReadonlySet<string> = new Set(["no-completed-trial", "no-pair"]);

/** Why there is no verdict in a whole table. */
export function describeFewBlocks(blocks: number): string {
  return `${formatCount(blocks, "block")}: medians only; an interval needs ${BLOCKS_MIN}, a claim ${blocksNeeded(1)} or more (churnlab run … --replicates 12)`;
}

type Judged = JudgedMetric & { readonly verdict: NonNullable<JudgedMetric["verdict"]> };

function isClaimable(metric: JudgedMetric): metric is Judged {
  return metric.verdict !== null && metric.comparison.better !== "neither";
}

/** The difference that says most: the rate's if it is claimed, else the first that is; else what is known of the rate. */
function chooseMain(judged: readonly Judged[]): Judged | undefined {
  const claimed = judged.filter(({ verdict }) => claimsDifference(verdict));
  const isRate = ({ comparison }: Judged): boolean => comparison.metric.endsWith(".rate");
  return claimed.find(isRate) ?? claimed[0] ?? judged.find(isRate);
}
