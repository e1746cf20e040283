import {
  type Agent,
  type AgentHealth,
  type Clock,
  type ListenerQueuesRecord,
  type Measurement,
  maxOf,
  PORTS_INTERVAL_MS,
  type PortUseRecord,
  QUEUES_INTERVAL_MS,
  type RemoteLook,
  type Role,
  SAMPLE_INTERVAL_MS,
  type Sample,
  type TimedEvent,
  type TrialEvent,
  type TrialWorld,
  type Warning,
} from "@churnlab/core";
import { LoadRecorder, type WatchedShard } from "./load-recorder.ts";
import { type RoleReadings, RoleRecorder } from "./role-recorder.ts";
import { SampleSeries } from "./sample-series.ts";
import { TimedReadings } from "./timed-readings.ts";

const QUEUES_TICKS = QUEUES_INTERVAL_MS / SAMPLE_INTERVAL_MS;
const PORTS_TICKS = PORTS_INTERVAL_MS / SAMPLE_INTERVAL_MS;
const SETTLE_MS_MAX = 1000;
const SETTLE_POLL_MS = 2;

/** Watches every role of a world, on the thread that calls it, until it is disposed. */
export class Recorder implements Disposable {
  readonly series: SampleSeries = new SampleSeries();
  readonly #readings = new TimedReadings();
  readonly #load: LoadRecorder;
  readonly #clock: Clock;
  readonly #roles: readonly RoleRecorder[];
  readonly #world: TrialWorld;
  readonly #events: TimedEvent[] = [];
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
    const trial = { series: this.series, readings: this.#readings, events: this.#events };
    this.#roles = world.observers.map(
      (observer) => new RoleRecorder(observer, trial, this.#startedAtMs),
    );
    this.#readPorts(this.#roles);
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
    await Promise.all(this.#roles.map((role) => role.look(look)));
  }

  markMeasure(): void {
    const readAtMs = this.#roles.map((role) => role.markBefore());
    const nowMs = this.#clock.nowMs();
    this.#markedAtMs = Math.max(maxOf(readAtMs.map((atMs) => atMs ?? nowMs)), 0);
  }

  /**
   * Waits until every role has no more full sockets than before the load, so that the last FIN is counted where it
   * belongs. Bounded: what stays open (a held connection, a leak) is a warning. Hosts elsewhere have been looked at when it
   * returns: `endMeasure` reads what they showed then.
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
    for (const role of this.#roles) {
      role.markAfter();
      this.#readPorts([role]);
    }
  }

  /** The last look, at the end of the drain phase. */
  finish(): void {
    this.#sample();
    this.#sampleSecond();
    this.#readPorts(this.#roles);
    this.#endedAtMs = this.#clock.nowMs();
    clearTimeout(this.#timer);
  }

  readings(): RoleReadings[] {
    return this.#roles.map(({ readings }) => readings);
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
    return this.#roles
      .filter((each) => each.countOpened() > (each.role === "client" ? 0 : kept))
      .map(({ role }) => role);
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
    if (this.#ticks % QUEUES_TICKS === 0) this.#sampleSecond();
    const isDue = this.#ticks % PORTS_TICKS === 0;
    this.#readPorts(this.#roles.filter((role) => isDue || role.mayHaveCrossed()));
    this.#load.sampleTallies();
    if (this.#ticks % QUEUES_TICKS === 0) this.#charge(() => this.#load.sampleLatencies());
    this.#afterTick();
    this.#scheduleTick();
  }

  #recordHole(missed: number): void {
    this.#missed += missed;
    const atMs = this.#clock.nowMs();
    for (const role of this.#roles) role.tellHole(atMs, missed);
  }

  #sample(): void {
    const begunMs = this.#clock.nowMs();
    this.#charge(() => {
      for (const role of this.#roles) this.#missed += role.sample(begunMs);
    });
  }

  /** Counts the CPU time of a look as the sampler's own. */
  #charge(look: () => void): void {
    const cpuMs = this.#clock.threadCpuMs();
    look();
    this.#cpuMs += this.#clock.threadCpuMs() - cpuMs;
  }

  #sampleSecond(): void {
    const begunMs = this.#clock.nowMs();
    this.#charge(() => {
      for (const role of this.#roles) role.sampleSecond(begunMs);
    });
  }

  #readPorts(roles: readonly RoleRecorder[]): void {
    for (const role of roles) {
      const begunMs = this.#clock.nowMs();
      this.#charge(() => role.readPorts(begunMs));
    }
  }
}
