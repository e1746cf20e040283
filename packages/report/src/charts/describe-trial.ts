import { type Arrival, predictPorts, type TrialSpec } from "@churnlab/core";
import { isLimit } from "./describe-event.ts";
import type { OfferedRate, PhaseSpan } from "./trial-series.ts";

/** The phases that take time; each begins where the one before it was meant to end. */
export function listPhases(phases: {
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly drainMs: number;
}): PhaseSpan[] {
  const { warmUpMs, measureMs, drainMs } = phases;
  const spans: PhaseSpan[] = [
    { phase: "warm-up", fromMs: -warmUpMs, toMs: 0 },
    { phase: "measure", fromMs: 0, toMs: measureMs },
    { phase: "drain", fromMs: measureMs, toMs: measureMs + drainMs },
  ];
  return spans.filter(({ fromMs, toMs }) => toMs > fromMs);
}

/** What the schedule asks for in the measure phase; null in a closed loop, which has none. */
export function offeredRate(
  { arrival, kind }: { readonly arrival: Arrival; readonly kind: string },
  measureMs: number,
): OfferedRate | null {
  if (arrival.model === "closed") return null;
  const unit = kind === "keep-alive" ? "requests" : "connections";
  return { unit, corners: listCorners(arrival, measureMs) };
}

/** The corners of the schedule in the measure phase (see `arrivalTimes`). */
function listCorners(
  { shape, ratePerS, toPerS, steps }: Extract<Arrival, { model: "open" }>,
  measureMs: number,
): OfferedRate["corners"] {
  const endPerS = toPerS ?? ratePerS;
  if (shape !== "step") {
    const lastPerS = shape === "ramp" ? endPerS : ratePerS;
    return [
      { tMs: 0, perS: ratePerS },
      { tMs: measureMs, perS: lastPerS },
    ];
  }
  const plateaus = Math.max(1, steps ?? 2);
  return Array.from({ length: plateaus }, (_, i) => {
    const share = plateaus === 1 ? 0 : i / (plateaus - 1);
    const perS = ratePerS + (endPerS - ratePerS) * share;
    const fromMs = (measureMs * i) / plateaus;
    // The plateau ends just before the next begins, so that the line steps instead of sloping.
    const toMs = (measureMs * (i + 1)) / plateaus - (i === plateaus - 1 ? 0 : 0.001);
    return [
      { tMs: fromMs, perS },
      { tMs: toMs, perS },
    ];
  }).flat();
}

/** The forecast of a variant is the same for all its trials, and not cheap. */
const portsOf = new WeakMap<TrialSpec, number | null>();

/** The local ports of one source that a scenario gives its client; null where that cannot be known from it. */
export function readPorts(spec: TrialSpec): number | null {
  let ports = portsOf.get(spec);
  if (ports === undefined) {
    const forecast = predictPorts(spec);
    ports = forecast.kind === "predicted" ? forecast.ports : null;
    portsOf.set(spec, ports);
  }
  return ports;
}

/** Events that are shown in another form: a figure or a table of their own, a hole in a line, a text. */
const SHOWN_ELSEWHERE: ReadonlySet<string> = new Set([
  "connect-by-port-use",
  "sampler.hole",
  "target.log",
]);

/** Whether an event is a moment of a trial, worth a line in its charts. */
export function isMoment(kind: string): boolean {
  return !SHOWN_ELSEWHERE.has(kind) && !isLimit(kind);
}
