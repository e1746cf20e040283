import { isIPv6 } from "node:net";
import type { Workload } from "@churnlab/core";
import { PortShare } from "@churnlab/linux";
import type { WorkerJob } from "../engine.ts";
import { IN_FLIGHT_MAX, SWEEP_MS } from "../limits.ts";
import { monotonicMs } from "../monotonic.ts";
import { drawRequests } from "../requests.ts";
import { type Bank, MEASURE, type WorkerCounters } from "../worker-counters.ts";
import { Connection } from "./connection.ts";
import type { Unit } from "./unit.ts";
import type { Dial } from "./wire.ts";
import { type KindSteps, WORKLOAD_KIND_STEPS } from "./workload-kinds.ts";

/** Where units of work come from. */
export interface Source {
  /** Begins to call `load.begin`; calls `load.arrivalsOver` once, when it has begun its last unit. */
  start(load: Load): void;
  stop(): void;
}

/**
 * All connections of one worker: begins units on the wire, keeps the pool of idle connections, looks after time-outs, and
 * knows when everything is over. Event-driven engines differ in `dial` alone.
 */
export class Load {
  readonly workload: Workload;
  readonly counters: WorkerCounters;
  readonly dial: Dial;
  readonly kind: KindSteps;
  readonly drawRequests: () => number;
  readonly portShare: PortShare;
  readonly measureAtMs: number;
  readonly endAtMs: number;
  readonly #live = new Set<Connection>();
  /** A stack: the connection used last is used first. */
  readonly #idle: Connection[] = [];
  #unitsInFlight = 0;
  #arrivalsOver = false;
  #phaseOver = false;
  #onOver: () => void = () => {};

  constructor(job: WorkerJob, counters: WorkerCounters, dial: Dial) {
    this.workload = job.workload;
    this.counters = counters;
    this.dial = dial;
    this.kind = WORKLOAD_KIND_STEPS[job.workload.kind];
    this.drawRequests = drawRequests(job.workload, job.seed + job.worker.index);
    this.portShare = new PortShare({ ipv6: isIPv6(job.target.host) });
    this.measureAtMs = job.startAtMs + job.warmUpMs;
    this.endAtMs = this.measureAtMs + job.measureMs;
  }

  /** Resolves when the source has begun its last unit and every connection is closed and counted. */
  async run(source: Source): Promise<void> {
    using _portShare = this.portShare;
    if (this.counters.stopping) return;
    const over = new Promise<void>((resolve) => {
      this.#onOver = resolve;
    });
    const sweeper = setInterval(() => this.#sweep(source), SWEEP_MS);
    const phaseEnd = setTimeout(() => this.#endPhase(), Math.max(0, this.endAtMs - monotonicMs()));
    source.start(this);
    await over;
    clearInterval(sweeper);
    clearTimeout(phaseEnd);
  }

  /** Whether idle connections are to be closed instead of waiting for more. */
  get ending(): boolean {
    return this.#phaseOver || (this.#arrivalsOver && this.kind.endsWithArrivals);
  }

  get full(): boolean {
    return this.#unitsInFlight >= IN_FLIGHT_MAX;
  }

  begin(unit: Unit): void {
    this.#unitsInFlight++;
    this.kind.begin(this, unit);
  }

  /** Counts an arrival that is not begun. */
  drop(bank: Bank): void {
    for (const counter of this.kind.droppedAs) this.counters.add(bank, counter);
  }

  arrivalsOver(): void {
    this.#arrivalsOver = true;
    if (this.ending) this.#releaseIdle();
    this.#checkOver();
  }

  open(unit: Unit): Connection {
    this.portShare.look(monotonicMs());
    const connection = new Connection(this, unit);
    this.#live.add(connection);
    connection.open();
    return connection;
  }

  takeIdle(): Connection | null {
    for (let connection = this.#idle.pop(); connection; connection = this.#idle.pop()) {
      if (connection.idle) return connection;
    }
    return null;
  }

  /** Takes a connection back that may carry another unit. */
  park(connection: Connection): void {
    const { slot } = this.#release(connection);
    if (this.ending) connection.release();
    else this.#idle.push(connection);
    slot?.free({ unopened: false });
  }

  /** Records the time a unit took, which ends now. */
  recordTotal(unit: Unit): void {
    if (unit.bank !== MEASURE) return;
    this.counters.latency("total", (monotonicMs() - unit.intendedAtMs) * 1000);
  }

  /** A connection is closed and counted. */
  ended(connection: Connection, succeeded: boolean): void {
    this.#live.delete(connection);
    if (connection.unit === null) {
      this.#forgetIdle(connection);
    } else {
      if (succeeded) this.kind.succeeded(this, connection.unit);
      this.#release(connection).slot?.free({ unopened: connection.unopened });
    }
    this.#checkOver();
  }

  #forgetIdle(connection: Connection): void {
    if (this.ending) return;
    const at = this.#idle.lastIndexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
  }

  #release(connection: Connection): Unit {
    const unit = connection.unit as Unit;
    connection.unit = null;
    this.#unitsInFlight--;
    return unit;
  }

  #sweep(source: Source): void {
    if (this.counters.stopping) {
      source.stop();
      this.#arrivalsOver = true;
      this.#phaseOver = true;
      for (const connection of this.#live) connection.interrupt();
      this.#checkOver();
      return;
    }
    const nowMs = monotonicMs();
    for (const connection of this.#live) connection.checkDeadline(nowMs);
  }

  #endPhase(): void {
    this.#phaseOver = true;
    if (this.ending) this.#releaseIdle();
  }

  #releaseIdle(): void {
    for (const connection of this.#live) connection.release();
  }

  #checkOver(): void {
    if (this.#arrivalsOver && this.#live.size === 0) this.#onOver();
  }
}
