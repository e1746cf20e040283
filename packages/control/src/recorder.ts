import type {
  Agent,
  AgentHealth,
  Clock,
  CounterReading,
  ListenerQueuesRecord,
  Measurement,
  Observer,
  PortReading,
  PortUseRecord,
  QueueReading,
  RemoteLook,
  Role,
  Sample,
  TrialEvent,
  TrialWorld,
  Warning,
} from "@churnlab/core";
import { LoadRecorder, type WatchedShard } from "./load-recorder.ts";
import { PortMarks } from "./port-marks.ts";
import { ResetRates } from "./reset-rates.ts";
import { SampleSeries } from "./sample-series.ts";
import { TimedReadings } from "./timed-readings.ts";

/** Counters and gauges of every role are read this often: pread on open descriptors, tens of microseconds. */
export const SAMPLE_INTERVAL_MS = 200;
/** Queues, rates of resets and latencies once per second: a quantile needs enough values to be one. */
const SECOND_TICKS = 5;
/** Ports once per five seconds: a dump walks the kernel's whole socket table. */
const PORT_TICKS = 25;
/** A sample of another host that comes a tick later than its neighbours is no hole. */
const REMOTE_HOLE_MIN = 2;
const SETTLE_MS_MAX = 1000;
const SETTLE_POLL_MS = 2;

/** What one role's kernel looked like at the boundaries of the measure phase. */
export interface RoleReadings {
  readonly observer: Observer;
  /** Before any load. */
  readonly idle: CounterReading;
  readonly before: CounterReading;
  readonly after: CounterReading;
  readonly ports: readonly PortReading[];
}

interface Watch {
  readonly observer: Observer;
  readonly idle: CounterReading;
  readonly ports: PortReading[];
  readonly marks: PortMarks;
  readonly resetRates: ResetRates;
  before: CounterReading;
  after: CounterReading;
  /** What another host was seen to hold at the boundary that is to be marked next. */
  looked: CounterReading | null;
  /** When the newest sample of the series was taken. */
  sampledAtMs: number;
  socketsAtDump: number;
}

/** Watches every role of a world, on the thread that calls it, until it is disposed. */
export class Recorder implements Disposable {
  readonly series: SampleSeries = new SampleSeries();
  readonly #readings = new TimedReadings();
  readonly #load: LoadRecorder;
  readonly #clock: Clock;
  readonly #watches: readonly Watch[];
  readonly #world: TrialWorld;
  readonly #events: (Omit<TrialEvent, "tMs"> & { readonly atMs: number })[] = [];
  readonly #warnings: Warning[] = [];
  readonly #startedAtMs: number;
  #measureAtMs: number;
  #markedAtMs: number;
  #measureEndedAtMs: number;
  #endedAtMs: number;
  #ticks = 0;
  #cpuMs = 0;
  #missed = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #afterTick: () => void = () => {};

  constructor(world: TrialWorld, clock: Clock) {
    this.#world = world;
    this.#clock = clock;
    this.#load = new LoadRecorder(this.series, clock);
    this.#startedAtMs = clock.nowMs();
    this.#measureAtMs = this.#startedAtMs;
    this.#markedAtMs = this.#startedAtMs;
    this.#measureEndedAtMs = this.#startedAtMs;
    this.#endedAtMs = this.#startedAtMs;
    this.#watches = world.observers.map((observer) => {
      const idle = observer.readCounters();
      return {
        observer,
        idle,
        before: idle,
        after: idle,
        ports: [],
        marks: new PortMarks(),
        looked: null,
        sampledAtMs: Number.NEGATIVE_INFINITY,
        resetRates: new ResetRates(observer.role, this.#startedAtMs),
        socketsAtDump: 0,
      };
    });
    for (const watch of this.#watches) this.#readPorts(watch);
    this.#scheduleTick();
  }

  /** When the counters were read that are called idle. */
  get startedAtMs(): number {
    return this.#startedAtMs;
  }

  /** When the measure phase starts; every stored time is relative to it. */
  get measureAtMs(): number {
    return this.#measureAtMs;
  }

  expectMeasure(atMs: number): void {
    this.#measureAtMs = atMs;
  }

  /** How long after the start of the measure phase the counters were read that their growth is counted from. */
  get boundaryLateMs(): number {
    return Math.max(0, this.#markedAtMs - this.#measureAtMs);
  }

  /** When the load and its last FIN were over; only meaningful after `endMeasure`. */
  get measureEndedAtMs(): number {
    return this.#measureEndedAtMs;
  }

  /** Samples that were not taken at their time. */
  get missed(): number {
    return this.#missed;
  }

  onTick(listener: () => void): void {
    this.#afterTick = listener;
  }

  /** From now on the load generator is looked at too; `agents` are those of the shards, in the same order. */
  watchLoad(
    shards: readonly WatchedShard[],
    agents: readonly Pick<Agent, "name" | "workers">[],
  ): void {
    this.#load.watch(shards, agents);
  }

  /** How every agent did in the last second; empty before the first. */
  get agents(): readonly AgentHealth[] {
    return this.#load.agents;
  }

  /** Has roles on other hosts look at this time, for the mark that follows; a role of this host is read by the mark itself. */
  async look(look: RemoteLook): Promise<void> {
    await Promise.all(
      this.#watches.map(async (watch) => {
        watch.looked = (await watch.observer.lookAt?.(look)) ?? null;
      }),
    );
  }

  markMeasure(): void {
    for (const watch of this.#watches) watch.before = takeReading(watch);
    const nowMs = this.#clock.nowMs();
    this.#markedAtMs = Math.max(...this.#watches.map(({ before }) => before.atMs ?? nowMs), 0);
  }

  /**
   * Waits until every role has no more full sockets than before the load, so that the last FIN is counted where it
   * belongs. Bounded: what stays open (a held connection, a leak) is a warning.
   */
  async settle(): Promise<void> {
    const untilMs = this.#clock.nowMs() + SETTLE_MS_MAX;
    for (;;) {
      await this.look({ atMs: this.#clock.nowMs(), marks: false });
      if (this.#openSockets().length === 0) return;
      if (this.#clock.nowMs() >= untilMs) {
        const message = `still open ${SETTLE_MS_MAX} ms after the load: ${this.#openSockets().join(", ")}`;
        this.#warnings.push({ code: "W_NOT_SETTLED", message });
        return;
      }
      await this.#clock.sleep(SETTLE_POLL_MS);
    }
  }

  endMeasure(): void {
    this.#sample();
    this.#sampleSecond();
    // The last tick may be a whole interval ago: a series of the load ends with what the tally says.
    this.#load.sampleTallies();
    if (this.#load.hasRestOfSecond) this.#charge(() => this.#load.sampleLatencies());
    this.#afterTick();
    this.#measureEndedAtMs = this.#clock.nowMs();
    for (const watch of this.#watches) {
      watch.after = takeReading(watch);
      this.#readPorts(watch);
    }
  }

  /** The last look, at the end of the drain phase. */
  finish(): void {
    this.#sample();
    this.#sampleSecond();
    for (const watch of this.#watches) this.#readPorts(watch);
    this.#endedAtMs = this.#clock.nowMs();
    clearTimeout(this.#timer);
  }

  readings(): RoleReadings[] {
    return this.#watches.map(({ observer, idle, before, after, ports }) => ({
      observer,
      idle,
      before,
      after,
      ports,
    }));
  }

  samples(): Sample[] {
    return this.series.toSamples(this.#measureAtMs);
  }

  portUses(): PortUseRecord[] {
    return this.#readings.portUses(this.#measureAtMs);
  }

  listenerQueues(): ListenerQueuesRecord[] {
    return this.#readings.listenerQueues(this.#measureAtMs);
  }

  events(): TrialEvent[] {
    return this.#events
      .map(({ atMs, ...event }) => ({ ...event, tMs: atMs - this.#measureAtMs }))
      .toSorted((a, b) => a.tMs - b.tMs);
  }

  warnings(): Warning[] {
    return [...this.#warnings];
  }

  /** The sampler's own cost and its holes. */
  measurements(): Measurement[] {
    const elapsedMs = Math.max(1, this.#endedAtMs - this.#startedAtMs);
    return [
      { role: "client", metric: "sampler.cpu_share", value: this.#cpuMs / elapsedMs },
      { role: "client", metric: "sampler.missed", value: this.#missed },
    ];
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #openSockets(): Role[] {
    // A pooling gateway keeps connections on purpose, which have an end at its upstream too.
    const kept = this.#world.target.keptOpen?.() ?? 0;
    return this.#watches
      .filter(({ observer, idle }) => {
        const now = observer.readCounters();
        const expected = (idle.gauges["tcp.inuse"] ?? 0) + (observer.role === "client" ? 0 : kept);
        return (now.gauges["tcp.inuse"] ?? 0) > expected;
      })
      .map(({ observer }) => observer.role);
  }

  /** Ticks keep to a fixed grid; a tick that comes a whole interval late leaves a hole and is counted. */
  #scheduleTick(): void {
    const dueMs = this.#startedAtMs + (this.#ticks + 1) * SAMPLE_INTERVAL_MS;
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, dueMs - this.#clock.nowMs()));
  }

  #tick(): void {
    const lateMs = this.#clock.nowMs() - this.#startedAtMs - (this.#ticks + 1) * SAMPLE_INTERVAL_MS;
    const skipped = Math.max(0, Math.floor(lateMs / SAMPLE_INTERVAL_MS));
    if (skipped > 0) this.#recordHole(skipped);
    this.#ticks += 1 + skipped;
    this.#sample();
    if (this.#ticks % SECOND_TICKS === 0) this.#sampleSecond();
    for (const watch of this.#watches) {
      if (this.#ticks % PORT_TICKS === 0 || this.#mayHaveCrossed(watch)) this.#readPorts(watch);
    }
    this.#load.sampleTallies();
    if (this.#ticks % SECOND_TICKS === 0) this.#charge(() => this.#load.sampleLatencies());
    this.#afterTick();
    this.#scheduleTick();
  }

  /** What was not looked at is said, never filled in. */
  #recordHole(missed: number): void {
    this.#missed += missed;
    const atMs = this.#clock.nowMs();
    for (const { observer } of this.#watches) this.#tellHole(observer.role, atMs, missed);
  }

  #sample(): void {
    const begunMs = this.#clock.nowMs();
    this.#charge(() => {
      for (const watch of this.#watches) this.#sampleRole(watch, begunMs);
    });
  }

  #sampleRole(watch: Watch, begunMs: number): void {
    const { observer, idle } = watch;
    const reading = observer.readCounters();
    this.#events.push(...observer.drainEvents());
    const atMs = reading.atMs ?? begunMs;
    const isOld = reading.atMs !== undefined && atMs <= watch.sampledAtMs;
    if (isOld) return; // another host has sent nothing since
    this.#noteRemoteHole(watch, reading);
    watch.sampledAtMs = atMs;
    this.series.add(observer.role, atMs, reading.gauges);
    this.series.addChanges(observer.role, atMs, { idle: idle.counters, now: reading.counters });
  }

  /** Samples of another host that never came. */
  #noteRemoteHole(watch: Watch, { atMs }: CounterReading): void {
    if (atMs === undefined || watch.sampledAtMs === Number.NEGATIVE_INFINITY) return;
    const missed = Math.round((atMs - watch.sampledAtMs) / SAMPLE_INTERVAL_MS) - 1;
    if (missed < REMOTE_HOLE_MIN) return;
    this.#missed += missed;
    this.#tellHole(watch.observer.role, atMs, missed);
  }

  #tellHole(role: Role, atMs: number, missed: number): void {
    this.#events.push({ role, atMs, kind: "sampler.hole", detail: { missed } });
  }

  /** Counts the CPU time of a look as the sampler's own. */
  #charge(look: () => void): void {
    const cpuMs = this.#clock.threadCpuMs();
    look();
    this.#cpuMs += this.#clock.threadCpuMs() - cpuMs;
  }

  /** Since the last dump at most as many ports were taken as sockets were added; a dump then says exactly. */
  #mayHaveCrossed(watch: Watch): boolean {
    const last = watch.ports.at(-1);
    if (last === undefined || last.range === 0) return false;
    const added = this.#countSockets(watch) - watch.socketsAtDump;
    return watch.marks.mayHaveCrossed(last.used + added, last.range);
  }

  #countSockets({ observer: { role } }: Watch): number {
    const latest = (gauge: string): number => this.series.latest(role, gauge) ?? 0;
    return latest("time_wait") + latest("tcp.inuse");
  }

  #sampleSecond(): void {
    const begunMs = this.#clock.nowMs();
    this.#charge(() => {
      for (const { observer, resetRates } of this.#watches) {
        resetRates.sample(this.series, begunMs);
        const queues = observer.readQueues();
        if (queues === null) continue;
        this.series.add(observer.role, begunMs, summariseQueues(queues));
        this.#readings.addListenerQueues(observer.role, begunMs, queues.listeners);
      }
    });
  }

  #readPorts(watch: Watch): void {
    const begunMs = this.#clock.nowMs();
    this.#charge(() => {
      const reading = watch.observer.readPorts();
      if (reading !== null) this.#notePorts(watch, reading, begunMs);
    });
  }

  #notePorts(watch: Watch, reading: PortReading, atMs: number): void {
    const { role } = watch.observer;
    watch.ports.push(reading);
    watch.socketsAtDump = this.#countSockets(watch);
    this.#readings.addPortUses(role, atMs, reading.tuples);
    this.series.add(role, atMs, {
      "ports.used": reading.used,
      "ports.range": reading.range,
      "ports.tuples": reading.tuples.length + reading.tuplesLeftOff,
      ...Object.fromEntries(
        Object.entries(reading.states).map(([state, count]) => [`sockets.${state}`, count]),
      ),
    });
    for (const event of [...watch.marks.judge(role, reading), ...tellLeftOff(watch, reading)]) {
      this.#events.push({ ...event, atMs });
    }
  }
}

/** What was looked for on another host, once; else what is there now. */
function takeReading(watch: Watch): CounterReading {
  const { looked, observer } = watch;
  watch.looked = null;
  return looked ?? observer.readCounters();
}

export function startRecorder(world: TrialWorld, clock: Clock): Recorder {
  return new Recorder(world, clock);
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
  { observer: { role } }: Watch,
  { tuples, tuplesLeftOff }: PortReading,
): Omit<TrialEvent, "tMs">[] {
  if (tuplesLeftOff === 0) return [];
  const detail = { kept: tuples.length, leftOff: tuplesLeftOff };
  return [{ role, kind: "ports.tuples-left-off", detail }];
}
