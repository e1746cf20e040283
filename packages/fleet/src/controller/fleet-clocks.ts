import type { Measurement, Warning, WorldConclusion } from "@churnlab/core";
import type { ClockOffset } from "../clock/measure-offset.ts";
import type { AgentLink } from "./agent-link.ts";

/** Above this a start is not at one time. */
const OFFSET_ERROR_MS_MAX = 5;
/** A clock that was set, or a machine that slept. */
const DRIFT_MS_MAX = 5;
/** Agents whose clocks are measured at one time. */
const EXCHANGING_MAX = 4;
/** Lead before a start: enough for the message and for the workers' own threads. */
const LEAD_MS_MIN = 250;
const LEAD_ROUND_TRIPS = 10;

/** The clocks of a trial's agents, before it and after it. */
export class FleetClocks {
  readonly #links: readonly AgentLink[];
  readonly #before: readonly ClockOffset[];

  static async measure(links: readonly AgentLink[]): Promise<FleetClocks> {
    return new FleetClocks(links, await measureAll(links));
  }

  private constructor(links: readonly AgentLink[], before: readonly ClockOffset[]) {
    this.#links = links;
    this.#before = before;
  }

  get startLeadMs(): number {
    const roundTripMs = Math.max(...this.#before.map((clock) => clock.roundTripMs));
    return Math.max(LEAD_MS_MIN, LEAD_ROUND_TRIPS * roundTripMs);
  }

  /** Measures again, and says how well all agreed. */
  async conclude(): Promise<WorldConclusion> {
    // Of one that is lost there is only what was known before.
    const living = this.#links.filter(({ lost }) => !lost.aborted);
    const measured = await measureAll(living);
    const after = this.#links.map((link) => measured[living.indexOf(link)]);
    const each = this.#links.map(({ name }, i) => {
      const before = this.#before[i] as ClockOffset;
      const then = after[i] ?? before;
      return {
        name,
        offsetMs: before.offsetMs,
        errorMs: Math.max(before.errorMs, then.errorMs),
        driftMs: Math.abs(then.offsetMs - before.offsetMs),
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
    return { measurements, warnings };
  }
}

/** A few at a time: a hundred exchanges at once would measure how they wait for each other. */
async function measureAll(links: readonly AgentLink[]): Promise<ClockOffset[]> {
  const left = links.entries();
  const measured: ClockOffset[] = [];
  const work = async (): Promise<void> => {
    for (const [i, link] of left) measured[i] = await link.measureClock();
  };
  await Promise.all(Array.from({ length: EXCHANGING_MAX }, work));
  return measured;
}

/** The one farthest from zero. */
function largest(values: readonly number[]): number {
  return values.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
}
