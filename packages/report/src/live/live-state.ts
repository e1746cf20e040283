import type { SeriesColumns, TrialSeries } from "../charts/trial-series.ts";
import { GrowingSeries } from "./growing-series.ts";
import type { LiveEventEntry, LiveMessage, LiveSnapshot, LiveTrial } from "./live-message.ts";

/** Events that are kept; older ones are in the database. */
const EVENTS_MAX = 200;

/**
 * A watched run as messages tell it: the same on the server, which makes snapshots of it, and in a page, which draws it.
 * Bounded: series are binned when they become long, and of the events the newest are kept.
 */
export class LiveState {
  readonly #pointsMax: number;
  readonly #series = new Map<string, GrowingSeries>();
  #head: Omit<LiveSnapshot, "series" | "events" | "results">;
  #results: LiveSnapshot["results"] = [];
  #events: LiveEventEntry[] = [];

  constructor(origin: LiveSnapshot["origin"], pointsMax: number) {
    this.#pointsMax = pointsMax;
    this.#head = {
      phase: "waiting",
      origin,
      plan: null,
      elapsedMs: 0,
      trial: null,
      agents: [],
      endState: null,
    };
  }

  get head(): Omit<LiveSnapshot, "series" | "events" | "results"> {
    return this.#head;
  }

  get results(): LiveSnapshot["results"] {
    return this.#results;
  }

  get events(): readonly LiveEventEntry[] {
    return this.#events;
  }

  /** The newest value of a series of the trial; null when there is none yet. */
  latest(key: string): number | null {
    return this.#series.get(key)?.last ?? null;
  }

  /** Of every series of the trial, as `role.metric`. */
  keys(): string[] {
    return [...this.#series.keys()];
  }

  apply(message: LiveMessage): void {
    switch (message.type) {
      case "snapshot":
        this.#restore(message.snapshot);
        break;
      case "begin":
        this.#results = [];
        this.#events = [];
        this.#series.clear();
        this.#head = {
          ...this.#head,
          phase: "running",
          origin: message.origin,
          plan: message.plan,
          elapsedMs: 0,
          trial: null,
          agents: [],
          endState: null,
        };
        break;
      case "trial":
        this.#enter(message.trial, message.elapsedMs);
        break;
      case "samples":
        this.#head = { ...this.#head, elapsedMs: message.elapsedMs };
        if (message.trialId === this.#head.trial?.trialId) this.#add(message.samples);
        break;
      case "agents":
        if (message.trialId === this.#head.trial?.trialId) {
          this.#head = { ...this.#head, agents: message.agents };
        }
        break;
      case "event":
        this.#events = [...this.#events, message.event].slice(-EVENTS_MAX);
        this.#mark(message.event);
        break;
      case "result":
        this.#results = [
          ...this.#results.filter(({ trialId }) => trialId !== message.result.trialId),
          message.result,
        ];
        break;
      case "end":
        this.#head = { ...this.#head, phase: "ended", endState: message.endState };
        break;
      case "runs":
        break;
    }
  }

  snapshot(): LiveSnapshot {
    return {
      ...this.#head,
      series: Object.fromEntries([...this.#series].map(([key, series]) => [key, series.toGrown()])),
      results: this.#results,
      events: this.#events,
    };
  }

  /** The trial as charts want it; null before the first. */
  toTrialSeries(): TrialSeries | null {
    const { trial } = this.#head;
    if (trial === null) return null;
    const { phase: _, ...head } = trial;
    return {
      ...head,
      series: new Map(
        [...this.#series].map(([key, series]): [string, SeriesColumns] => [
          key,
          series.toColumns(),
        ]),
      ),
    };
  }

  #restore({ series, events, results, ...head }: LiveSnapshot): void {
    this.#head = head;
    this.#results = results;
    this.#events = [...events];
    this.#series.clear();
    for (const [key, grown] of Object.entries(series)) {
      this.#series.set(key, new GrowingSeries(this.#pointsMax, grown));
    }
  }

  #enter(trial: LiveTrial, elapsedMs: number): void {
    if (trial.trialId !== this.#head.trial?.trialId) this.#series.clear();
    this.#head = { ...this.#head, trial, elapsedMs };
  }

  #add(samples: Extract<LiveMessage, { type: "samples" }>["samples"]): void {
    for (const { tMs, values } of samples) {
      for (const [key, value] of Object.entries(values)) {
        let series = this.#series.get(key);
        if (series === undefined)
          this.#series.set(key, (series = new GrowingSeries(this.#pointsMax)));
        series.add(tMs, value);
      }
    }
  }

  /** An event is a line in the charts of its trial. */
  #mark(event: LiveEventEntry): void {
    const { trial } = this.#head;
    if (trial === null || trial.trialId !== event.trialId) return;
    this.#head = { ...this.#head, trial: { ...trial, markers: [...trial.markers, event] } };
  }
}
