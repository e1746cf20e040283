import { median, nameMetric, type PortForecast } from "@churnlab/core";
import type { StoredRun } from "@churnlab/store";
import { formatCount, formatNumber, formatValue } from "./format-value.ts";
import { gradeRun, type PredictionGrade, type VariantForecast } from "./grade-run.ts";
import { judgeTrials } from "./judge-predictions.ts";

/** With more to say than this, only what contradicts the model is said in sentences; a table has the rest. */
const SENTENCES_MAX = 4;

/**
 * What the ports of each variant did, held against the port model, in a sentence for all variants that did the same. One
 * trial is enough to claim it: the mechanism is deterministic. Empty where the model predicts nothing.
 */
export function describePhysics(run: StoredRun): string[] {
  const findings = gradeRun(run).flatMap((variant) => {
    const found = describeVariant(variant);
    return found === null ? [] : [{ ...found, variant: variant.variant }];
  });
  const sentences = [...Map.groupBy(findings, ({ text }) => text)].map(([text, group]) => {
    const agrees = group.every((finding) => finding.agrees);
    return { agrees, sentence: `${listNames(group.map(({ variant }) => variant))} ${text}` };
  });
  if (sentences.length <= SENTENCES_MAX) return sentences.map(({ sentence }) => sentence);
  const holds = findings.filter(({ agrees }) => agrees).length;
  return [
    `The port model holds in ${holds} of ${formatCount(findings.length, "variant")}.`,
    ...sentences.filter(({ agrees }) => !agrees).map(({ sentence }) => sentence),
  ];
}

interface Finding {
  readonly text: string;
  readonly agrees: boolean;
}

function describeVariant({ forecast, grades }: VariantForecast): Finding | null {
  if (forecast.kind === "none" || grades.every(({ trials }) => trials.length === 0)) return null;
  const onset = grades.find(({ prediction }) => prediction.metric === "ports.first_exhausted_ms");
  const agrees = grades.every(({ trials }) => trials.every(({ kind }) => kind !== "disagrees"));
  if (onset === undefined) return { text: describeOthers(grades, agrees), agrees };
  const seen = readOnset(onset);
  const { value: predicted } = onset.prediction;
  if (seen === null) {
    const text = `has no trial that says whether its ports ran out${predicted === "never" ? "" : `, predicted after ${formatValue(predicted, "ms")}`}.`;
    return { text: text + describeRest(grades, onset), agrees };
  }
  if (predicted === "never") {
    const text =
      seen === "never"
        ? `did not run out of ports, as predicted${describeReuse(forecast)}.`
        : "ran out of ports, although the port model predicts that it does not.";
    return { text: text + describeRest(grades, onset), agrees };
  }
  const time = formatValue(predicted, "ms");
  if (seen === "never") {
    return { text: `did not run out of ports, although predicted after ${time}.`, agrees };
  }
  const at = describeCount(forecast, grades);
  const text = `ran out of ports after ${formatValue(seen, "ms")} (predicted ${time})${at}${describeCeiling(forecast)}.`;
  return { text: text + describeRest(grades, onset), agrees };
}

/** The median over the trials in which ports ran out; `never` where they did in none, null where a trial leaves that open. */
function readOnset({ trials }: PredictionGrade): number | "never" | null {
  const times = trials.map(({ observed }) => observed).filter((time) => typeof time === "number");
  const middle = median(times);
  if (middle.defined) return middle.value;
  return trials.every(({ observed }) => observed === "never") ? "never" : null;
}

/** ` at 2 048 connections, exactly its range` where every trial shows just that. */
function describeCount(forecast: PortForecast, grades: readonly PredictionGrade[]): string {
  const counted = grades.find(({ prediction }) => prediction.metric === "connections.succeeded");
  const counts = new Set(counted?.trials.map(({ observed }) => observed));
  const [count] = counts;
  if (counts.size !== 1 || typeof count !== "number") return "";
  const exact = count === forecast.tuples ? ", exactly its range" : "";
  return ` at ${formatNumber(count)} connections${exact}`;
}

/** What goes on for ever, beside what was asked for. */
function describeCeiling({ ceilingPerS, offeredPerS }: PortForecast): string {
  if (ceilingPerS === null || offeredPerS === null) return "";
  const ceiling = formatNumber(Number(ceilingPerS.low.toPrecision(3)));
  const offered = formatNumber(Number(offeredPerS.high.toPrecision(3)));
  return `; in the long run it bears ${ceiling}/s of the ${offered}/s offered`;
}

function describeReuse({ limit, wait }: PortForecast): string {
  return limit === "reuse-delay" && wait.kind === "reuse-delay"
    ? `: each is free again after ${formatValue(wait.delayMs, "ms")}`
    : "";
}

/** Without a time to hold against the model: whether the counts agree. */
function describeOthers(grades: readonly PredictionGrade[], agrees: boolean): string {
  if (!agrees) return `contradicts the port model in ${listWrong(grades)}.`;
  const measured = grades.filter(({ trials }) => judgeTrials(trials) === "agrees").length;
  if (measured < grades.length) {
    return `agrees with the port model in ${measured} of the ${grades.length} numbers that it predicts; not every trial measured the rest.`;
  }
  return grades.length === 1
    ? "agrees with the port model in the one number that it predicts."
    : `agrees with the port model in all ${grades.length} numbers that it predicts.`;
}

function describeRest(grades: readonly PredictionGrade[], onset: PredictionGrade): string {
  const wrong = grades.filter((grade) => grade !== onset && isWrong(grade));
  return wrong.length === 0 ? "" : ` It contradicts the port model in ${listWrong(wrong)}.`;
}

function listWrong(grades: readonly PredictionGrade[]): string {
  return listNames(grades.filter(isWrong).map(({ prediction }) => nameMetric(prediction)));
}

export function isWrong({ trials }: PredictionGrade): boolean {
  return trials.some(({ kind }) => kind === "disagrees");
}

/** `a`, `a and b`, `a, b and c` */
function listNames(names: readonly string[]): string {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
