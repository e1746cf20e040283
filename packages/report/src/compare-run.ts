import {
  ChurnError,
  type Comparison,
  claimsDifference,
  compareFingerprints,
  compareVariants,
  decideVerdicts,
  type FingerprintComparison,
  type MetricKey,
  nameMetric,
  suggestName,
  type Verdict,
  type VerdictKind,
} from "@churnlab/core";
import {
  type ComparisonRow,
  collectFacts,
  listVaryingFacts,
  type StoredRun,
  type StoredTrial,
  type StoreReader,
} from "@churnlab/store";
import { describeComparison } from "./describe-comparison.ts";
import { isHeadline } from "./metric-groups.ts";
import { describeScenario } from "./scenario-facts.ts";
import { listRunMetrics } from "./variant-readings.ts";

export interface CompareRunOptions {
  /** The variant that the others are held against; else the scenario's baseline. */
  readonly baseline?: string;
  /** Only these metrics, as `role.metric`. */
  readonly metrics?: readonly string[];
  /** Another run: then each variant is compared with the variant of the same name there. */
  readonly against?: StoredRun;
  /** Facts, or their first segments, that may differ (`kernel`, `cpu.count`). */
  readonly allowDifferences?: readonly string[];
}

/** One metric, measured and judged; no verdict where the two sides are not comparable. */
export interface JudgedMetric {
  readonly comparison: Comparison;
  readonly verdict: Verdict | null;
}

export interface VariantComparison {
  readonly baseline: string;
  readonly candidate: string;
  readonly fingerprint: FingerprintComparison;
  readonly metrics: readonly JudgedMetric[];
}

/** A run's variants against their baseline, or against another run. Everything that `compare` shows. */
export interface RunComparison {
  readonly run: StoredRun;
  /** The run that the baselines are of; the run itself where its variants are compared with each other. */
  readonly baselineRun: StoredRun;
  readonly variants: readonly VariantComparison[];
  /** The metrics that were asked for; null: all. */
  readonly chosen: readonly MetricKey[] | null;
  /** The same, flat, as it is stored. */
  readonly rows: readonly ComparisonRow[];
}

/**
 * Compares the variants of a run with its baseline, or two runs variant by variant. Variants are judged only where their
 * environments agree in all that the scenario does not vary. Throws `E_RUN_UNKNOWN`, `E_METRIC_UNKNOWN`, `E_USAGE`.
 */
export function compareRun(
  store: StoreReader,
  runId: string,
  options: CompareRunOptions = {},
): RunComparison {
  const run = store.loadRun(runId);
  const baselineRun = options.against ?? run;
  const metrics = options.metrics && parseMetrics(options.metrics, [run, baselineRun]);
  const sides = options.against ? pairRuns(run, options.against) : pairVariants(run, options);
  const variants = sides.map((side) => compareSides(side, { ...options, metrics }));
  return { run, baselineRun, variants, chosen: metrics ?? null, rows: variants.flatMap(toRows) };
}

export interface SideNames {
  readonly baseline: string;
  readonly candidate: string;
}

/** What the two sides are called: by their variants in one run, A and B in two. */
export function sideNames({ run, baselineRun }: RunComparison, pair: VariantComparison): SideNames {
  return run === baselineRun ? pair : { baseline: "A", candidate: "B" };
}

/** `tw_reuse=1 against baseline`, or `tw_reuse=1: B against A` */
export function titleVariant({ run, baselineRun }: RunComparison, pair: VariantComparison): string {
  return run === baselineRun
    ? `${pair.candidate} against ${pair.baseline}`
    : `${pair.candidate}: B against A`;
}

/**
 * Whether there is something to judge, every metric that was asked for could be judged, and none is in doubt. Where none
 * was asked for, those that are shown all the same count.
 */
export function isDecided({ variants, chosen }: RunComparison): boolean {
  if (variants.length === 0) return false;
  return variants.every(({ metrics, fingerprint }) => {
    const comparisons = metrics.map(({ comparison }) => comparison);
    const counting = new Set(chosen === null ? selectHeadlines(comparisons) : comparisons);
    const judged = metrics.filter(
      ({ comparison }) => comparison.better !== "neither" && counting.has(comparison),
    );
    return (
      fingerprint.comparable &&
      judged.every(({ verdict }) => verdict !== null && !UNDECIDED.has(verdict.kind))
    );
  });
}

const UNDECIDED: ReadonlySet<VerdictKind> = new Set(["inconclusive", "invalid"]);

/** The names of the metrics, as `role.metric`, whose difference is claimed. */
export function claimedMetrics({ metrics }: VariantComparison): string[] {
  return metrics
    .filter(({ verdict }) => verdict !== null && claimsDifference(verdict))
    .map(({ comparison }) => nameMetric(comparison));
}

/** One variant on each side of a comparison. */
interface Sides {
  readonly baseline: Side;
  readonly candidate: Side;
}

interface Side {
  readonly run: StoredRun;
  readonly variant: string;
}

function pairVariants(run: StoredRun, { baseline: name }: CompareRunOptions): Sides[] {
  const names = run.variantList.map((variant) => variant.name);
  const chosen = name ?? run.variantList.find((variant) => variant.baseline)?.name ?? names[0];
  if (chosen === undefined) return [];
  if (!names.includes(chosen)) throw unknownVariant(chosen, names);
  return names
    .filter((candidate) => candidate !== chosen)
    .map((variant) => ({ baseline: { run, variant: chosen }, candidate: { run, variant } }));
}

function pairRuns(run: StoredRun, against: StoredRun): Sides[] {
  const names = new Set(against.variantList.map(({ name }) => name));
  const common = run.variantList.map(({ name }) => name).filter((name) => names.has(name));
  if (common.length > 0) {
    return common.map((variant) => ({
      baseline: { run: against, variant },
      candidate: { run, variant },
    }));
  }
  throw new ChurnError(
    "E_NOT_COMPARABLE",
    `Runs ${against.runId} and ${run.runId} have no variant of the same name`,
    { hint: "Compare runs of the same scenario." },
  );
}

function unknownVariant(name: string, names: readonly string[]): ChurnError {
  const suggestion = suggestName(name, names);
  return new ChurnError("E_USAGE", `The run has no variant ${name}`, {
    hint: suggestion === null ? `It has ${names.join(", ")}.` : `Did you mean ${suggestion}?`,
  });
}

/** Names as people type them; one that no trial measured is refused with the nearest that one did. */
function parseMetrics(names: readonly string[], runs: readonly StoredRun[]): MetricKey[] {
  const known = new Map(runs.flatMap(listRunMetrics).map((key) => [nameMetric(key), key]));
  return names.map((name) => {
    const key = known.get(name);
    if (key !== undefined) return key;
    const suggestion = suggestName(name, known.keys());
    throw new ChurnError("E_METRIC_UNKNOWN", `No trial measured ${name}`, {
      hint:
        suggestion === null ? "`compare --all` shows every metric." : `Did you mean ${suggestion}?`,
    });
  });
}

type SideOptions = Pick<CompareRunOptions, "allowDifferences"> & {
  readonly metrics: readonly MetricKey[] | undefined;
};

function compareSides({ baseline, candidate }: Sides, options: SideOptions): VariantComparison {
  const fingerprint = compareSideFacts({ baseline, candidate }, options.allowDifferences ?? []);
  const comparisons = compareVariants(trialsOf(baseline), trialsOf(candidate), {
    design: baseline.run === candidate.run ? "blocks" : "runs",
    ...(options.metrics === undefined ? {} : { metrics: options.metrics }),
  });
  const families = options.metrics === undefined ? listFamilies(comparisons) : [comparisons];
  const verdicts = new Map(fingerprint.comparable ? families.flatMap(judgeFamily) : []);
  return {
    baseline: baseline.variant,
    candidate: candidate.variant,
    fingerprint,
    metrics: comparisons.map((comparison) => {
      return { comparison, verdict: verdicts.get(comparison) ?? null };
    }),
  };
}

/**
 * Of one variant, the metrics that are shown without being asked for are one family, all others another: each p has to hold
 * for what a person looks at together. Metrics that were asked for are one family, whichever they are. One that is zero
 * throughout cannot be called different, so it belongs to no family (Tarone 1990). Other variants of the same table are not
 * of the family: four of them would leave a table of 12 blocks nothing to claim.
 */
function listFamilies(comparisons: readonly Comparison[]): Comparison[][] {
  const headlines = new Set(selectHeadlines(comparisons));
  const [zeros, others] = split(
    comparisons.filter((comparison) => !headlines.has(comparison)),
    isZeroThroughout,
  );
  return [[...headlines], zeros, others];
}

function judgeFamily(family: readonly Comparison[]): [Comparison, Verdict][] {
  const verdicts = decideVerdicts(family);
  return family.map((member, i) => [member, verdicts[i] as Verdict]);
}

function split<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}

/**
 * The comparisons that are shown without being asked for: those that matter, that are not zero throughout, and that do
 * not repeat another (with one request per connection, requests are connections).
 */
export function selectHeadlines(comparisons: readonly Comparison[]): Comparison[] {
  const rate = comparisons.find(({ metric }) => metric === "connections.rate");
  return comparisons.filter((comparison) => {
    const repeats =
      comparison.metric === "requests.rate" &&
      comparison.baselineMedian === rate?.baselineMedian &&
      comparison.candidateMedian === rate.candidateMedian;
    return isHeadline(comparison.metric) && !isZeroThroughout(comparison) && !repeats;
  });
}

/** Whether no trial of either side has anything but zero. */
function isZeroThroughout(comparison: Comparison): boolean {
  if (comparison.baselineMedian !== 0 || comparison.candidateMedian !== 0) return false;
  if (comparison.basis === "budget") return comparison.events === 0;
  return (
    comparison.basis === "paired" &&
    comparison.scale === "absolute" &&
    comparison.differences.every((difference) => difference === 0)
  );
}

function trialsOf({ run, variant }: Side): StoredTrial[] {
  return run.trialList.filter((trial) => trial.variant === variant);
}

/** In one run every difference between scenarios of variants is meant; between two runs none is. */
function compareSideFacts(
  { baseline, candidate }: Sides,
  allow: readonly string[],
): FingerprintComparison {
  const isOneRun = baseline.run === candidate.run;
  const factsOf = (side: Side): Record<string, string> => {
    const facts = collectFacts(trialsOf(side));
    return isOneRun ? facts : { ...facts, ...describeScenario(side.run, side.variant) };
  };
  const [from, to] = [factsOf(baseline), factsOf(candidate)];
  const keys = Object.keys({ ...from, ...to });
  const varying = isOneRun ? listVaryingFacts(candidate.run.resolved, keys) : [];
  return compareFingerprints(from, to, { varying, allow });
}

function toRows({ baseline, candidate, metrics }: VariantComparison): ComparisonRow[] {
  return metrics.map(({ comparison, verdict }) => ({
    baseline,
    variant: candidate,
    ...describeComparison(comparison, verdict),
  }));
}
