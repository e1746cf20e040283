import { setTimeout as sleep } from "node:timers/promises";
import type { Measurement, ShardReport, Warning, WorldConclusion } from "@churnlab/core";
import { leastMoveMs } from "../clock/estimate-offset.ts";
import type { AgentLink, ClockWish, MeasuredClock } from "./agent-link.ts";

/** Above this a start is not at one time. */
const OFFSET_ERROR_MS_MAX = 5;
/** A clock that was set, or a machine that slept. */
const DRIFT_MS_MAX = 5;
/** Starts that are farther from each other are no one start. */
const START_SKEW_MS_MAX = 50;
/** Agents whose clocks are measured at one time. */
const EXCHANGING_MAX = 8;
/** Before a trial, what the one before it found will do: a clock that jumped since shows it afterwards. */
const ANY_RECENT: ClockWish = { sinceMs: Number.NEGATIVE_INFINITY, fresh: 0 };
/** After a trial, so many exchanges at least are of now: they show a clock that jumped at its end. */
const FRESH_EXCHANGES = 2;
/** While a trial goes on, one agent is asked for its clock so often, and all of them together no more often than that. */
const EXCHANGE_MS = 400;
const EXCHANGES_PER_S_MAX = 2500;
/** Lead before a start: enough for the message, for the workers' own threads, and for as many messages as there are agents. */
const LEAD_MS_MIN = 250;
const LEAD_ROUND_TRIPS = 10;
const LEAD_MS_PER_AGENT = 1.5;

/** How late the first units of an agent's workers were, against its own clock. */
export type AgentStart = NonNullable<ShardReport["startLateMs"]>;

/**
 * The clocks of a trial's agents, before it and after it. Exchanges go on in between, a few at a time, so that most of what a
 * measurement needs is there when its turn comes: a hundred agents are not asked twenty times each while the trial waits.
 */
export class FleetClocks implements Disposable {
  readonly #links: readonly AgentLink[];
  readonly #before: readonly MeasuredClock[];
  readonly #measuredAtMs: number;
  readonly #over = new AbortController();

  static async measure(links: readonly AgentLink[]): Promise<FleetClocks> {
    return new FleetClocks(links, await measureAll(links, ANY_RECENT));
  }

  private constructor(links: readonly AgentLink[], before: readonly MeasuredClock[]) {
    this.#links = links;
    this.#before = before;
    this.#measuredAtMs = links[0]?.nowMs() ?? 0;
    void exchangeAlong(links, this.#over.signal);
  }

  [Symbol.dispose](): void {
    this.#over.abort();
  }

  get startLeadMs(): number {
    const roundTripMs = Math.max(...this.#before.map((clock) => clock.roundTripMs));
    const manyMs = LEAD_MS_PER_AGENT * this.#links.length;
    return Math.max(LEAD_MS_MIN, LEAD_ROUND_TRIPS * roundTripMs, manyMs);
  }

  /** Measures again, and says how well all agreed, and how far their starts were from each other. */
  async conclude(starts: readonly AgentStart[]): Promise<WorldConclusion> {
    this.#over.abort();
    // Of one that is lost there is only what was known before.
    const living = this.#links.filter(({ lost }) => !lost.aborted);
    const wish = { sinceMs: this.#measuredAtMs, fresh: FRESH_EXCHANGES };
    const measured = await measureAll(living, wish);
    const after = new Map(living.map((link, i) => [link, measured[i]]));
    const each = this.#links.map((link, i) => {
      const { name } = link;
      const before = this.#before[i] as MeasuredClock;
      const then = after.get(link) ?? before;
      const movedMs = Math.abs(then.offsetMs - before.offsetMs);
      return {
        name,
        offsetMs: before.offsetMs,
        errorMs: Math.max(before.errorMs, then.errorMs),
        driftMs: Math.max(movedMs, leastMoveMs(before, then.exchanges)),
      };
    });
    const warnings = each.flatMap(({ name, errorMs, driftMs }): Warning[] => {
      const doubts = [
        errorMs > OFFSET_ERROR_MS_MAX
          ? `the clock of ${name} is known to ${errorMs.toFixed(1)} ms only (bound ${OFFSET_ERROR_MS_MAX} ms)`
          : null,
        driftMs > DRIFT_MS_MAX + errorMs
          ? `the clock of ${name} moved by ${driftMs.toFixed(1)} ms during the trial (bound ${DRIFT_MS_MAX} ms)`
          : null,
      ];
      return doubts
        .filter((message) => message !== null)
        .map((message) => ({ code: "W_CLOCK_UNSURE", message }));
    });
    const measurements: Measurement[] = [
      ["fleet.offset_ms", largest(each.map(({ offsetMs }) => offsetMs))] as const,
      ["fleet.offset_error_us", 1000 * largest(each.map(({ errorMs }) => errorMs))] as const,
      ["fleet.drift_us", 1000 * largest(each.map(({ driftMs }) => driftMs))] as const,
    ].map(([metric, value]) => ({ role: "client", metric, value }));
    const skew = judgeSkew(starts, largest(each.map(({ errorMs }) => errorMs)));
    return {
      measurements: [...measurements, ...skew.measurements],
      warnings: [...warnings, ...skew.warnings],
    };
  }
}

/**
 * Each agent is late against its own clock; how far these are from each other is known to their offsets' error, which is
 * added.
 */
function judgeSkew(starts: readonly AgentStart[], errorMs: number): WorldConclusion {
  if (starts.length === 0) return { measurements: [], warnings: [] };
  const first = Math.min(...starts.map(({ least }) => least));
  const last = Math.max(...starts.map(({ most }) => most));
  const skewMs = last - first + (starts.length > 1 ? errorMs : 0);
  const message = `the agents' first connections were begun ${skewMs.toFixed(1)} ms apart (bound ${START_SKEW_MS_MAX} ms)`;
  return {
    measurements: [{ role: "client", metric: "fleet.start_skew_us", value: 1000 * skewMs }],
    warnings: skewMs > START_SKEW_MS_MAX ? [{ code: "W_CLOCK_UNSURE", message }] : [],
  };
}

/** A few at a time: a hundred exchanges at once would measure how they wait for each other. */
async function measureAll(links: readonly AgentLink[], wish: ClockWish): Promise<MeasuredClock[]> {
  const left = links.entries();
  const measured: MeasuredClock[] = [];
  const work = async (): Promise<void> => {
    for (const [i, link] of left) measured[i] = await link.measureClock(wish);
  };
  await Promise.all(Array.from({ length: EXCHANGING_MAX }, work));
  return measured;
}

/**
 * Asks one agent after the other, evenly in time, until the signal ends it. A pause that was too long is made up for by a few
 * at once; what then is missing, the measurement asks for.
 */
async function exchangeAlong(links: readonly AgentLink[], signal: AbortSignal): Promise<void> {
  const paceMs = Math.max(EXCHANGE_MS / links.length, 1000 / EXCHANGES_PER_S_MAX);
  let next = 0;
  let dueAtMs = performance.now();
  while (!signal.aborted) {
    dueAtMs = Math.max(dueAtMs, performance.now() - EXCHANGING_MAX * paceMs);
    for (; dueAtMs <= performance.now(); dueAtMs += paceMs) {
      const link = links[next++ % links.length];
      if (link?.lost.aborted === false) link.exchangeClock().catch(() => {});
    }
    await sleep(Math.max(1, dueAtMs - performance.now()), undefined, { signal }).catch(() => {});
  }
}

/** The one farthest from zero. */
function largest(values: readonly number[]): number {
  return values.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
}
