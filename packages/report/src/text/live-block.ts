import type { TrialPhase } from "@churnlab/core";
import stringWidth from "string-width";
import { formatClock, formatNumber, formatValue } from "../format-value.ts";
import { drawBar } from "./draw-bar.ts";
import { fitLine } from "./fit-line.ts";

/** A run at one moment, as far as it is known; null where nothing is. */
export interface LiveBlock {
  readonly runId: string;
  /** Counted from 1. */
  readonly variant: { readonly name: string; readonly number: number; readonly of: number };
  readonly replicate: { readonly number: number; readonly of: number };
  readonly trial: { readonly number: number; readonly of: number };
  readonly phase: TrialPhase;
  /** Of the whole run. */
  readonly elapsedMs: number;
  readonly expectedMs: number;
  /** Of the client. */
  readonly sockets: { readonly open: number; readonly timeWait: number } | null;
  /** Local ports of the client that a connection to the target can choose from. */
  readonly portRange: number | null;
  readonly rates: LiveRates | null;
  /** Since the trial began. */
  readonly counts: {
    readonly attempted: number;
    readonly failed: number;
    readonly dropped: number;
  };
  readonly connectUsP99: number | null;
  /** Oldest first; the last few are shown. */
  readonly events: readonly LiveEvent[];
}

export interface LiveRates {
  /** What the schedule asks for; null in a closed loop. */
  readonly offeredPerS: number | null;
  readonly achievedPerS: number;
  readonly failedPerS: number;
}

export interface LiveEvent {
  /** Since the start of the run. */
  readonly atMs: number;
  readonly variant: string;
  readonly text: string;
}

/** Counters of a trial at one moment; they only grow. */
export interface LiveCount {
  readonly atMs: number;
  readonly succeeded: number;
  readonly failed: number;
}

/** Rates between two moments; null when there is no time between them. */
export function measureRates(
  before: LiveCount,
  after: LiveCount,
): Omit<LiveRates, "offeredPerS"> | null {
  const seconds = (after.atMs - before.atMs) / 1000;
  if (seconds <= 0) return null;
  return {
    achievedPerS: Math.max(0, (after.succeeded - before.succeeded) / seconds),
    failedPerS: Math.max(0, (after.failed - before.failed) / seconds),
  };
}

const PROGRESS_CELLS = 20;
const PORT_CELLS = 28;
const EVENTS_SHOWN = 2;
const COLUMNS_MIN = 20;

/** The block that is redrawn on a terminal while a run goes on; every line fits into `columns`. */
export function formatLiveBlock(state: LiveBlock, columns: number): string[] {
  const events = state.events.slice(-EVENTS_SHOWN);
  const width = Math.max(COLUMNS_MIN, columns);
  const lines = [
    ...flowParts(describePlace(state), { gap: "  ", width }),
    ...flowParts(describePorts(state), { title: "ports    ", gap: "  ", width }),
    ...flowParts(describeRates(state), { title: "rate     ", gap: "   ", width }),
    ...events.map((event, i) => `${i === 0 ? "events" : "      "}   ${formatLiveEvent(event)}`),
  ];
  return lines.map((line) => fitLine(line, width));
}

/** Parts beside each other, on as many lines as they need. */
function flowParts(
  parts: readonly string[],
  { title = "", gap, width }: { title?: string; gap: string; width: number },
): string[] {
  const lines: string[] = [];
  let line = title;
  let isEmpty = true;
  for (const part of parts) {
    const longer = isEmpty ? line + part : line + gap + part;
    if (isEmpty || stringWidth(longer) <= width) line = longer;
    else {
      lines.push(line);
      line = " ".repeat(title.length) + part;
    }
    isEmpty = false;
  }
  return [...lines, line];
}

/** The same in one line, for a log: printed now and then. */
export function formatLiveLine(state: LiveBlock): string {
  const { elapsedMs, expectedMs, trial, variant, replicate, counts, sockets, portRange } = state;
  const ofRange = portRange === null ? "" : ` of ${formatNumber(portRange)}`;
  const timeWait =
    sockets === null ? [] : [`TIME_WAIT ${formatNumber(sockets.timeWait)}${ofRange}`];
  return [
    formatProgress(elapsedMs, expectedMs),
    `trial ${trial.number}/${trial.of}`,
    variant.name,
    `replicate ${replicate.number}/${replicate.of}`,
    state.phase,
    ...(state.rates === null ? [] : [perS(state.rates.achievedPerS)]),
    `attempted ${formatNumber(counts.attempted)}`,
    `failed ${formatNumber(counts.failed)}`,
    ...timeWait,
  ].join("  ");
}

/** `00:05 baseline: …` */
export function formatLiveEvent({ atMs, variant, text }: LiveEvent): string {
  return `${formatClock(atMs)} ${variant}: ${text}`;
}

function describePlace({
  runId,
  variant,
  replicate,
  phase,
  elapsedMs,
  expectedMs,
}: LiveBlock): string[] {
  return [
    `run ${runId}`,
    `variant ${variant.number}/${variant.of} ${variant.name}`,
    `replicate ${replicate.number}/${replicate.of}`,
    phase.padEnd("warm-up".length),
    `${drawBar(elapsedMs / expectedMs, PROGRESS_CELLS, "░")}  ${formatProgress(elapsedMs, expectedMs)}`,
  ];
}

function formatProgress(elapsedMs: number, expectedMs: number): string {
  return `${formatClock(elapsedMs)}/${formatClock(expectedMs)}`;
}

/** How much of the port range is taken by connections that are open or in TIME_WAIT. */
function describePorts({ sockets, portRange }: LiveBlock): string[] {
  if (sockets === null) return ["not seen yet"];
  const { open, timeWait } = sockets;
  const counts = `open ${formatNumber(open)}   TIME_WAIT ${formatNumber(timeWait)}`;
  if (portRange === null) return [counts];
  const taken = open + timeWait;
  const free = Math.max(0, portRange - taken);
  const bar = drawBar(taken / portRange, PORT_CELLS);
  return [`${counts} of ${formatNumber(portRange)}`, `${bar}  free ${formatNumber(free)}`];
}

function describeRates({ rates, counts, connectUsP99 }: LiveBlock): string[] {
  const offered = rates?.offeredPerS ?? null;
  return [
    ...(offered === null ? [] : [`offered ${perS(offered)}`]),
    `achieved ${rates === null ? "–" : perS(rates.achievedPerS)}`,
    `failed ${rates === null ? "–" : perS(rates.failedPerS)}`,
    `failures ${formatNumber(counts.failed)}`,
    ...(counts.dropped === 0 ? [] : [`dropped ${formatNumber(counts.dropped)}`]),
    ...(connectUsP99 === null ? [] : [`connect p99 ${formatValue(connectUsP99, "us")}`]),
  ];
}

function perS(rate: number): string {
  return formatValue(Math.round(rate), "/s");
}
