import {
  type CounterReading,
  type Observer,
  type PortReading,
  type QueueReading,
  type RemoteLook,
  type Role,
  SAMPLE_INTERVAL_MS,
  type TimedEvent,
  type TrialEvent,
} from "@churnlab/core";
import { PortMarks } from "./port-marks.ts";
import { ResetRates } from "./reset-rates.ts";
import type { SampleSeries } from "./sample-series.ts";
import type { TimedReadings } from "./timed-readings.ts";

/** A sample of another host that comes a tick later than its neighbours is no hole. */
const REMOTE_HOLE_MIN = 2;

/** What one role's kernel looked like at the boundaries of the measure phase. */
export interface RoleReadings {
  readonly observer: Observer;
  /** Before any load. */
  readonly idle: CounterReading;
  readonly before: CounterReading;
  readonly after: CounterReading;
  readonly ports: readonly PortReading[];
}

/** Where everything goes that is seen of a trial's roles. */
export interface RecordedTrial {
  readonly series: SampleSeries;
  readonly readings: TimedReadings;
  readonly events: TimedEvent[];
}

/** Looks at one role's kernel when it is told to, and keeps what it sees. */
export class RoleRecorder {
  readonly #observer: Observer;
  readonly #trial: RecordedTrial;
  readonly #idle: CounterReading;
  readonly #ports: PortReading[] = [];
  readonly #marks = new PortMarks();
  readonly #resetRates: ResetRates;
  #before: CounterReading;
  #after: CounterReading;
  /** What another host was seen to hold at the boundary that is to be marked next. */
  #looked: CounterReading | null = null;
  /** When the newest sample of the series was taken. */
  #sampledAtMs = Number.NEGATIVE_INFINITY;
  #socketsAtDump = 0;

  /** Reads the counters that are called idle. */
  constructor(observer: Observer, trial: RecordedTrial, atMs: number) {
    this.#observer = observer;
    this.#trial = trial;
    this.#idle = observer.readCounters();
    this.#before = this.#idle;
    this.#after = this.#idle;
    this.#resetRates = new ResetRates(observer.role, atMs);
  }

  get role(): Role {
    return this.#observer.role;
  }

  get readings(): RoleReadings {
    return {
      observer: this.#observer,
      idle: this.#idle,
      before: this.#before,
      after: this.#after,
      ports: this.#ports,
    };
  }

  /** Has a role on another host look at this time, for the mark that follows. */
  async look(look: RemoteLook): Promise<void> {
    this.#looked = (await this.#observer.lookAt?.(look)) ?? null;
  }

  /** When the reading was taken, where its observer says so. */
  markBefore(): number | undefined {
    this.#before = this.#takeReading();
    return this.#before.atMs;
  }

  markAfter(): void {
    this.#after = this.#takeReading();
  }

  /** Full sockets now beyond those before the load. */
  countOpened(): number {
    const now = this.#observer.readCounters().gauges["tcp.inuse"] ?? 0;
    return now - (this.#idle.gauges["tcp.inuse"] ?? 0);
  }

  /** Returns how many samples of another host never came. */
  sample(begunMs: number): number {
    const { series, events } = this.#trial;
    const reading = this.#observer.readCounters();
    events.push(...this.#observer.takeEvents());
    const atMs = reading.atMs ?? begunMs;
    const isOld = reading.atMs !== undefined && atMs <= this.#sampledAtMs;
    if (isOld) return 0; // another host has sent nothing since
    const missed = this.#countMissed(reading);
    if (missed > 0) this.tellHole(atMs, missed);
    this.#sampledAtMs = atMs;
    series.add(this.role, atMs, reading.gauges);
    series.addChanges(this.role, atMs, { idle: this.#idle.counters, now: reading.counters });
    return missed;
  }

  /** What was not looked at is said, never filled in. */
  tellHole(atMs: number, missed: number): void {
    this.#trial.events.push({ role: this.role, atMs, kind: "sampler.hole", detail: { missed } });
  }

  sampleSecond(begunMs: number): void {
    const { series, readings } = this.#trial;
    this.#resetRates.sample(series, begunMs);
    const queues = this.#observer.readQueues();
    if (queues === null) return;
    series.add(this.role, begunMs, summariseQueues(queues));
    readings.addListenerQueues(this.role, begunMs, queues.listeners);
  }

  /**
   * Since the last dump at most as many ports were taken as sockets were added; a dump then says exactly. Another host sends its
   * dumps unasked.
   */
  mayHaveCrossed(): boolean {
    if (this.#observer.lookAt !== undefined) return true;
    const last = this.#ports.at(-1);
    if (last === undefined || last.range === 0) return false;
    const added = this.#countSockets() - this.#socketsAtDump;
    return this.#marks.mayHaveCrossed(last.used + added, last.range);
  }

  readPorts(begunMs: number): void {
    const reading = this.#observer.readPorts();
    if (reading === null) return;
    const { series, readings, events } = this.#trial;
    const atMs = reading.atMs ?? begunMs;
    this.#ports.push(reading);
    this.#socketsAtDump = this.#countSockets();
    readings.addPortUses(this.role, atMs, reading.tuples);
    series.add(this.role, atMs, {
      "ports.used": reading.used,
      "ports.range": reading.range,
      "ports.tuples": reading.tuples.length + reading.tuplesLeftOff,
      ...Object.fromEntries(
        Object.entries(reading.states).map(([state, count]) => [`sockets.${state}`, count]),
      ),
    });
    const told = [...this.#marks.judge(this.role, reading), ...tellLeftOff(this.role, reading)];
    for (const event of told) events.push({ ...event, atMs });
  }

  /** What was looked for on another host, once; else what is there now. */
  #takeReading(): CounterReading {
    const looked = this.#looked;
    this.#looked = null;
    return looked ?? this.#observer.readCounters();
  }

  /** In samples of this machine's interval, however far apart those of the other host are. */
  #countMissed({ atMs }: CounterReading): number {
    if (atMs === undefined || this.#sampledAtMs === Number.NEGATIVE_INFINITY) return 0;
    const { sampleMs = SAMPLE_INTERVAL_MS } = this.#observer;
    const lines = Math.round((atMs - this.#sampledAtMs) / sampleMs) - 1;
    const missed = Math.round((lines * sampleMs) / SAMPLE_INTERVAL_MS);
    return missed < REMOTE_HOLE_MIN ? 0 : missed;
  }

  #countSockets(): number {
    const latest = (gauge: string): number => this.#trial.series.latest(this.role, gauge) ?? 0;
    return latest("time_wait") + latest("tcp.inuse");
  }
}

/** The deepest queue, with the limit of that one, as gauges of the role. */
function summariseQueues({ listeners, synReceived }: QueueReading): Record<string, number> {
  const deepest = listeners.reduce<QueueReading["listeners"][number] | null>(
    (most, each) => (most === null || each.depth > most.depth ? each : most),
    null,
  );
  if (deepest === null) return {};
  const { depth, limit } = deepest;
  return { accept_queue: depth, "accept_queue.limit": limit, syn_recv: synReceived };
}

/** What is not kept is said, with how much it is. */
function tellLeftOff(
  role: Role,
  { tuples, tuplesLeftOff }: PortReading,
): Omit<TrialEvent, "tMs">[] {
  if (tuplesLeftOff === 0) return [];
  const detail = { kept: tuples.length, leftOff: tuplesLeftOff };
  return [{ role, kind: "ports.tuples-left-off", detail }];
}
