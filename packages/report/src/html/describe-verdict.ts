import { type GateResult, maxOf } from "@churnlab/core";
import { type RunComparison, sideNames, type VariantComparison } from "../compare-run.ts";
import { describePhysics } from "../describe-physics.ts";
import { formatCount } from "../format-value.ts";
import { selectShown } from "../text/comparison-table.ts";
import { findCommonGap, formatClosing, formatComparability } from "../text/format-comparison.ts";
import { summariseGates } from "../text/format-gates.ts";
import { countTrials } from "../text/format-run-list.ts";
import { formatTrialNotes } from "../text/format-trial-notes.ts";
import { PLAIN_STYLE } from "../text/style.ts";
import type { Tone } from "./parts/mark.ts";
import type { ReportData } from "./report-data.ts";

/** What a run says, shortest first. */
export interface RunVerdict {
  readonly tone: Tone;
  readonly headline: string;
  /** What else has to be said of it. */
  readonly sentences: readonly string[];
  /** What has to be known before any number is read. */
  readonly notes: readonly string[];
}

type VerdictData = Pick<ReportData, "run" | "comparison" | "gates">;

/** A run in one sentence, and the few that follow from it. */
export function describeRunVerdict(data: VerdictData): RunVerdict {
  const findings = data.comparison.variants.map((pair) => describePair(data, pair));
  const { tone, headline } = chooseHeadline(data, findings);
  const said = new Set([...describePhysics(data.run), ...findings.flat()]);
  said.delete(headline);
  return { tone, headline, sentences: [...said], notes: formatTrialNotes(data.run, PLAIN_STYLE) };
}

/** Two runs in one sentence, and the few that follow from it. */
export function describeComparisonVerdict(comparison: RunComparison): RunVerdict {
  const findings = comparison.variants.map((pair) => describePair({ comparison }, pair));
  const [headline = "The runs have nothing in common.", ...sentences] =
    findings[chooseFinding({ comparison })]?.toReversed() ?? [];
  const others = findings
    .flat()
    .filter((sentence) => sentence !== headline && !sentences.includes(sentence));
  const isComparable = comparison.variants.every(({ fingerprint }) => fingerprint.comparable);
  const tone = isComparable ? toneOfFindings({ comparison }) : "doubt";
  const notes = [comparison.baselineRun, comparison.run].flatMap((run) =>
    formatTrialNotes(run, PLAIN_STYLE),
  );
  return { tone, headline, sentences: [...sentences, ...others], notes };
}

type Headline = Pick<RunVerdict, "tone" | "headline">;

function chooseHeadline(data: VerdictData, findings: readonly (readonly string[])[]): Headline {
  const { run, gates } = data;
  if (run.state === "running") {
    return { headline: `The run goes on: ${countTrials(run)} so far.`, tone: "doubt" };
  }
  if (run.trials.completed === 0) {
    return { headline: "No trial completed, so nothing can be said.", tone: "bad" };
  }
  if (gates.length > 0) return describeGates(gates);
  const finding = findings[chooseFinding(data)]?.at(-1);
  if (finding !== undefined) return { headline: finding, tone: toneOfFindings(data) };
  const trials = formatCount(run.trials.completed, "trial");
  return { headline: `${trials} completed; there is nothing to compare with.`, tone: "none" };
}

function describeGates(gates: readonly GateResult[]): Headline {
  const failed = gates.find(({ outcome }) => outcome === "fail");
  if (failed === undefined) {
    const isSure = gates.every(({ outcome }) => outcome === "pass");
    const isJudged = gates.every(({ outcome }) => outcome !== "invalid");
    const tone = isSure ? "good" : isJudged ? "doubt" : "bad";
    return { headline: `${capitalise(summariseGates(gates))}.`, tone };
  }
  const { gate, variant, reason } = failed;
  const of = variant === null ? "" : ` of ${variant}`;
  return {
    headline: `${capitalise(summariseGates(gates))}: ${gate.metric}${of}: ${reason}.`,
    tone: "bad",
  };
}

/** The pair whose finding stands for the run: the one with the highest rate. */
function chooseFinding({ comparison }: Pick<VerdictData, "comparison">): number {
  const rates = comparison.variants.map((pair) => {
    const rate = selectShown(pair).find(({ comparison: { metric } }) => metric.endsWith(".rate"));
    return rate?.comparison.candidateMedian ?? 0;
  });
  return rates.indexOf(maxOf(rates));
}

function toneOfFindings({ comparison }: Pick<VerdictData, "comparison">): Tone {
  const kinds = new Set(
    comparison.variants.flatMap((pair) =>
      selectShown(pair).flatMap(({ comparison: { better }, verdict }) =>
        verdict === null || better === "neither" ? [] : [verdict.kind],
      ),
    ),
  );
  if (kinds.has("worse")) return kinds.has("better") ? "doubt" : "bad";
  return kinds.has("better") ? "good" : "none";
}

/** How many metrics are better and worse, then the main finding; or why nothing is judged. */
function describePair(
  { comparison }: Pick<VerdictData, "comparison">,
  pair: VariantComparison,
): string[] {
  const isOneRun = comparison.run === comparison.baselineRun;
  // A side without trials has no environment either, which says less than that it has no trials.
  if (pair.fingerprint.comparable || findCommonGap(pair) !== null) {
    const sentences = formatClosing(pair, { names: sideNames(comparison, pair) });
    return isOneRun ? sentences : sentences.map((sentence) => `${pair.candidate}: ${sentence}`);
  }
  const [reason = ""] = formatComparability(pair.fingerprint, PLAIN_STYLE);
  const names = isOneRun ? `${pair.candidate} and ${pair.baseline}` : pair.candidate;
  return [`${names}: ${reason.replace(/^✗ /, "")}.`];
}

function capitalise(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
