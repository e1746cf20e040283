import { isIPv6 } from "node:net";
import { ERRNO, type Workload } from "@churnlab/core";
import { PortShare, wakeFirst } from "@churnlab/linux";
import type { WorkerJob } from "../engine.ts";
import { IN_FLIGHT_MAX, SWEEP_MS } from "../limits.ts";
import { monotonicMs } from "../monotonic.ts";
import { drawRequests } from "../requests.ts";
import { type Bank, MEASURE, type WorkerCounters } from "../worker-counters.ts";
import { ClosedPacer } from "./closed-pacer.ts";
import type { ConnectionsLoad } from "./connections-load.ts";
import { DelayQueue } from "./delay-queue.ts";
import { OpenPacer } from "./open-pacer.ts";
import type { PacedLoad, Pacer } from "./pacer.ts";
import { SlotConnections } from "./slot-connections.ts";
import type { SlotKindSteps } from "./slot-kind-steps.ts";
import { SLOT_KINDS } from "./slot-kinds.ts";
import { NO_BANK, POOLED, SlotTable } from "./slot-table.ts";
import type { SlotWire } from "./slot-wire.ts";

/**
 * The load of one worker for an engine that blocks its thread: begins units when they are due, keeps the pool of idle
 * connections, looks after time-outs, and knows when everything is over. It is `Load` turned inside out: the engine's loop
 * asks, nothing calls back from a timer.
 */
export class SlotLoad implements ConnectionsLoad, PacedLoad {
  readonly workload: Workload;
  readonly counters: WorkerCounters;
  readonly kind: SlotKindSteps;
  readonly table: SlotTable;
  readonly connections: SlotConnections;
  /** Thinks, or holds: always for the same length of time. */
  readonly rests: DelayQueue = new DelayQueue();
  readonly measureAtMs: number;
  readonly portShare: PortShare;
  readonly #endAtMs: number;
  readonly #pacer: Pacer;
  /** A stack: the connection used last is used first. Slots that have left the pool by themselves are still in it. */
  readonly #pooled: number[] = [];
  #unitsInFlight = 0;
  #arrivalsOver = false;
  #phaseOver = false;
  #nextSweepAtMs = 0;

  constructor(job: WorkerJob, counters: WorkerCounters, capacity: number) {
    const { workload } = job;
    this.workload = workload;
    this.counters = counters;
    this.kind = SLOT_KINDS[workload.kind];
    this.measureAtMs = job.startAtMs + job.warmUpMs;
    this.#endAtMs = this.measureAtMs + job.measureMs;
    this.table = new SlotTable(capacity);
    this.portShare = new PortShare({ ipv6: isIPv6(job.target.host) });
    this.connections = new SlotConnections(
      this,
      drawRequests(workload, job.seed + job.worker.index),
    );
    const { arrival } = workload;
    this.#pacer =
      arrival.model === "open" ? new OpenPacer(job, this) : new ClosedPacer(job, arrival, this);
  }

  /** Runs until every unit is begun and every connection is closed and counted. Blocks the thread. */
  run(wire: SlotWire): void {
    using _portShare = this.portShare;
    this.connections.wire = wire;
    this.#beginFirst(wire);
    while (!this.#arrivalsOver || this.table.live > 0) {
      this.#turn();
      this.#poll(wire);
    }
  }

  /** Whether idle connections are to be closed instead of waiting for more. */
  get ending(): boolean {
    return this.#phaseOver || (this.#arrivalsOver && this.kind.endsWithArrivals);
  }

  get full(): boolean {
    return this.#unitsInFlight >= IN_FLIGHT_MAX;
  }

  begin(bank: Bank, intendedAtMs: number): void {
    this.#unitsInFlight++;
    this.kind.begin(this, bank, intendedAtMs);
  }

  /** Counts an arrival that is not begun. */
  drop(bank: Bank): void {
    for (const counter of this.kind.droppedAs) this.counters.add(bank, counter);
  }

  /** A slot for a new connection that is, or carries, this unit; -1 when there is none, which is counted as a failure. */
  takeNew(bank: Bank, intendedAtMs: number): number {
    const slot = this.table.take();
    if (slot === -1) {
      this.#refuse(bank);
      return -1;
    }
    this.connections.prepare(slot, bank);
    this.#carry(slot, bank, intendedAtMs);
    return slot;
  }

  /** The connection of the pool that was used last, now with this unit; -1 when the pool is empty. */
  takePooled(bank: Bank, intendedAtMs: number): number {
    for (let slot = this.#pooled.pop(); slot !== undefined; slot = this.#pooled.pop()) {
      if (this.table.state[slot] !== POOLED) continue;
      this.#carry(slot, bank, intendedAtMs);
      return slot;
    }
    return -1;
  }

  /** Takes a connection back that may carry another unit. */
  park(slot: number): void {
    this.#putDown(slot, false);
    if (this.ending) {
      this.connections.release(slot);
    } else {
      this.#pooled.push(slot);
      this.connections.pool(slot);
    }
  }

  /** Records the time a unit took, which ends now. */
  recordTotal(slot: number): void {
    const { unitBank, unitIntendedAtMs } = this.table;
    if (unitBank[slot] !== MEASURE) return;
    const tookMs = this.connections.nowMs - (unitIntendedAtMs[slot] as number);
    this.counters.latency("total", tookMs * 1000);
  }

  /** A connection is closed and counted. */
  ended(slot: number, succeeded: boolean): void {
    if (this.table.unitBank[slot] === NO_BANK) return;
    if (succeeded) this.kind.succeeded(this, slot);
    this.#putDown(slot, !this.table.isOpened(slot));
  }

  #carry(slot: number, bank: Bank, intendedAtMs: number): void {
    this.table.unitBank[slot] = bank;
    this.table.unitIntendedAtMs[slot] = intendedAtMs;
  }

  #putDown(slot: number, unopened: boolean): void {
    this.table.unitBank[slot] = NO_BANK;
    this.#unitEnded(unopened);
  }

  #unitEnded(unopened: boolean): void {
    this.#unitsInFlight--;
    this.#pacer.unitEnded(unopened, this.connections.nowMs);
  }

  /** More connections than there are slots: the same as a process without descriptors to spare. */
  #refuse(bank: Bank): void {
    const { counters, connections } = this;
    counters.add(bank, "intended");
    counters.add(bank, "attempted");
    for (const counter of this.kind.refusedAs) counters.add(bank, counter);
    const tMs = connections.nowMs - this.measureAtMs;
    counters.fail(bank, { step: "connect", errno: ERRNO.EMFILE, tMs });
    this.#unitEnded(true);
  }

  /** Waits for the first unit and begins it: in time also where others want the processor, so that all workers begin at once. */
  #beginFirst(wire: SlotWire): void {
    using _ = wakeFirst();
    const firstAtMs = this.#pacer.nextAtMs;
    while (this.#turn() < firstAtMs && !this.#arrivalsOver) this.#poll(wire);
  }

  #poll(wire: SlotWire): void {
    wire.poll(Math.max(0, this.#nextTurnAtMs() - monotonicMs()));
  }

  /** Does what is due, and returns the time that it took for now. */
  #turn(): number {
    const nowMs = monotonicMs();
    this.connections.nowMs = nowMs;
    if (nowMs >= this.#nextSweepAtMs) this.#sweep(nowMs);
    if (!this.#phaseOver && nowMs >= this.#endAtMs) this.#endPhase();
    this.portShare.look(nowMs);
    this.#pacer.pace(nowMs);
    if (this.#pacer.over && !this.#arrivalsOver) this.#endArrivals();
    for (let atMs = this.rests.nextAtMs; atMs <= nowMs; atMs = this.rests.nextAtMs) {
      this.connections.wake(this.rests.take(), atMs);
    }
    return nowMs;
  }

  #nextTurnAtMs(): number {
    const phaseEndMs = this.#phaseOver ? Number.POSITIVE_INFINITY : this.#endAtMs;
    return Math.min(this.#nextSweepAtMs, this.#pacer.nextAtMs, this.rests.nextAtMs, phaseEndMs);
  }

  #sweep(nowMs: number): void {
    this.#nextSweepAtMs = nowMs + SWEEP_MS;
    const { connections, table } = this;
    if (this.counters.stopping) {
      this.#pacer.stop();
      this.#arrivalsOver = true;
      this.#phaseOver = true;
      this.#forEachLive((slot) => connections.interrupt(slot));
    } else if (table.live > 0) {
      this.#forEachLive((slot) => connections.checkDeadline(slot));
    }
  }

  #endPhase(): void {
    this.#phaseOver = true;
    this.#releaseIdle();
  }

  #endArrivals(): void {
    this.#arrivalsOver = true;
    if (this.ending) this.#releaseIdle();
  }

  #releaseIdle(): void {
    this.#forEachLive((slot) => this.connections.release(slot));
  }

  #forEachLive(visit: (slot: number) => void): void {
    const { table } = this;
    for (let slot = 0; slot < table.end; slot++) if (table.state[slot] !== 0) visit(slot);
  }
}
