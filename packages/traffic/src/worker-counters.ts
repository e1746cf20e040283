import {
  CONNECTION_STEPS,
  type ConnectionStep,
  ERRNO_LIMIT,
  type FailureRecord,
  HISTOGRAM_BUCKETS,
  type HistogramRecord,
  LATENCY_METRICS,
  LatencyHistogram,
  type LatencyMetric,
  nameErrno,
  type Tally,
} from "@churnlab/core";
import { bootMs } from "@churnlab/linux";
import { CONNECT_COST_CELLS } from "./connect-cost.ts";
import { THREAD_HOLDINGS_BYTES, ThreadHoldings } from "./thread-holdings.ts";

/** The counters of one phase, in the order of their slots. */
export const COUNTERS = [
  "intended",
  "attempted",
  "established",
  "succeeded",
  "failed",
  "dropped",
  "requestsIntended",
  "requestsAttempted",
  "requestsSucceeded",
  "requestsFailed",
  "requestsDropped",
] as const;
export type CounterName = (typeof COUNTERS)[number];

/** The two banks of counters: work is counted in the phase of its intended start. */
export const WARM_UP = 0;
export const MEASURE = 1;
export type Bank = typeof WARM_UP | typeof MEASURE;

const CONTROL_SLOTS = 6;
const STOP_SLOT = 0;
const OPEN_SLOT = 1;
/** Two slots hold how late the first unit of work was, as one double. */
const START_SLOT = 2;
/** Two more hold until when it may go on, on CLOCK_BOOTTIME, as one double; 0: to its end. */
const UNTIL_SLOT = 4;
/** Stands for "in time", as 0 stands for "nothing was begun". */
const IN_TIME_MS = 1e-9;

const countersAt: number = CONTROL_SLOTS * 4;
const countersBytes: number = 2 * COUNTERS.length * 4;
const failuresAt: number = Math.ceil((countersAt + countersBytes) / 8) * 8;
const failureCells: number = CONNECTION_STEPS.length * ERRNO_LIMIT;
const failuresBytes: number = failureCells * 3 * 8;
const histogramsAt: number = failuresAt + failuresBytes;

const connectCostsAt: number = histogramsAt + LATENCY_METRICS.length * HISTOGRAM_BUCKETS * 4;

const holdingsAt: number = connectCostsAt + CONNECT_COST_CELLS * 8;

/** Size of the shared memory of one worker, in bytes. */
export const WORKER_COUNTERS_BYTES: number = holdingsAt + THREAD_HOLDINGS_BYTES;

export const COUNTER_SLOT = Object.fromEntries(
  COUNTERS.map((name, slot) => [name, slot]),
) as Readonly<Record<CounterName, number>>;

/**
 * The counts of one worker in shared memory. Only the worker writes (except the stop flag and until when it may go on); every other thread may read
 * at any time and sees values that are at most a moment old, so nothing per connection ever crosses a thread by message.
 */
export class WorkerCounters {
  readonly shared: SharedArrayBuffer;
  readonly #control: Int32Array;
  readonly #start: Float64Array;
  readonly #untilMs: Float64Array;
  #begun = false;
  /** Slots of the warm-up bank, then of the measure bank; see `COUNTER_SLOT`. For engines' inner loops. */
  readonly slots: Uint32Array;
  readonly #failures: Float64Array;
  readonly #histograms: Readonly<Record<LatencyMetric, LatencyHistogram>>;
  /** connect() against the use of local ports, of the measure phase; see `addConnect`. */
  readonly connectCosts: Float64Array;
  readonly holdings: ThreadHoldings;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(WORKER_COUNTERS_BYTES)) {
    this.shared = shared;
    this.#control = new Int32Array(shared, 0, CONTROL_SLOTS);
    this.#start = new Float64Array(shared, START_SLOT * 4, 1);
    this.#untilMs = new Float64Array(shared, UNTIL_SLOT * 4, 1);
    this.slots = new Uint32Array(shared, countersAt, 2 * COUNTERS.length);
    this.#failures = new Float64Array(shared, failuresAt, failureCells * 3);
    this.#histograms = Object.fromEntries(
      LATENCY_METRICS.map((metric) => [metric, new LatencyHistogram(this.latencyCounts(metric))]),
    ) as Record<LatencyMetric, LatencyHistogram>;
    this.connectCosts = new Float64Array(shared, connectCostsAt, CONNECT_COST_CELLS);
    this.holdings = new ThreadHoldings(new Float64Array(shared, holdingsAt));
  }

  /** Whether it was told to stop, or nobody has kept it going. */
  get stopping(): boolean {
    if (Atomics.load(this.#control, STOP_SLOT) !== 0) return true;
    const untilMs = this.#untilMs[0] as number;
    return untilMs !== 0 && bootMs() > untilMs;
  }

  requestStop(): void {
    Atomics.store(this.#control, STOP_SLOT, 1);
  }

  /** It stops by itself after this time of CLOCK_BOOTTIME, unless it is kept for longer by then. */
  keepUntil(atBootMs: number): void {
    this.#untilMs[0] = atBootMs;
  }

  /** Connections open now. */
  get open(): number {
    return this.#control[OPEN_SLOT] as number;
  }

  set open(count: number) {
    this.#control[OPEN_SLOT] = count;
  }

  /** A unit of work is begun, so long after its intended start; the first one is kept. */
  begin(lateMs: number): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#start[0] = Math.max(IN_TIME_MS, lateMs);
  }

  /** How late the first unit of work was begun; null before it. */
  get startLateMs(): number | null {
    const lateMs = this.#start[0] as number;
    return lateMs === 0 ? null : lateMs;
  }

  add(bank: Bank, counter: CounterName, count = 1): void {
    const slot = bank * COUNTERS.length + COUNTER_SLOT[counter];
    this.slots[slot] = (this.slots[slot] as number) + count;
  }

  /** For who closes the books of a worker that is gone. */
  write(bank: Bank, counter: CounterName, count: number): void {
    this.slots[bank * COUNTERS.length + COUNTER_SLOT[counter]] = count;
  }

  read(bank: Bank, counter: CounterName): number {
    return this.slots[bank * COUNTERS.length + COUNTER_SLOT[counter]] as number;
  }

  /** Counts a failed connection. `tMs` is relative to the start of the measure phase; warm-up keeps no detail. */
  fail(bank: Bank, failure: { step: ConnectionStep; errno: number; tMs: number }): void {
    this.add(bank, "failed");
    if (bank === WARM_UP) return;
    const cell = (CONNECTION_STEPS.indexOf(failure.step) * ERRNO_LIMIT + failure.errno) * 3;
    const count = this.#failures[cell] as number;
    const { tMs } = failure;
    const first = count === 0 ? tMs : Math.min(tMs, this.#failures[cell + 1] as number);
    const last = count === 0 ? tMs : Math.max(tMs, this.#failures[cell + 2] as number);
    this.#failures[cell] = count + 1;
    this.#failures[cell + 1] = first;
    this.#failures[cell + 2] = last;
  }

  /** Records a success of the measure phase. */
  latency(metric: LatencyMetric, valueUs: number): void {
    this.#histograms[metric].recordUs(valueUs);
  }

  /** The counters of a histogram, in shared memory, for who reads while the worker writes. */
  latencyCounts(metric: LatencyMetric): Uint32Array {
    const at = histogramsAt + LATENCY_METRICS.indexOf(metric) * HISTOGRAM_BUCKETS * 4;
    return new Uint32Array(this.shared, at, HISTOGRAM_BUCKETS);
  }

  toTally(bank: Bank): Tally {
    const read = (counter: CounterName): number => this.read(bank, counter);
    return {
      connections: {
        intended: read("intended"),
        attempted: read("attempted"),
        established: read("established"),
        succeeded: read("succeeded"),
        failed: read("failed"),
        dropped: read("dropped"),
      },
      requests: {
        intended: read("requestsIntended"),
        attempted: read("requestsAttempted"),
        succeeded: read("requestsSucceeded"),
        failed: read("requestsFailed"),
        dropped: read("requestsDropped"),
      },
    };
  }

  toFailures(): FailureRecord[] {
    const records: FailureRecord[] = [];
    CONNECTION_STEPS.forEach((step, s) => {
      for (let errno = 0; errno < ERRNO_LIMIT; errno++) {
        const cell = (s * ERRNO_LIMIT + errno) * 3;
        const count = this.#failures[cell] as number;
        if (count === 0) continue;
        const firstMs = this.#failures[cell + 1] as number;
        const lastMs = this.#failures[cell + 2] as number;
        records.push({ step, errno: nameErrno(errno), count, firstMs, lastMs });
      }
    });
    return records;
  }

  toHistograms(): HistogramRecord[] {
    return LATENCY_METRICS.map((metric) => this.#histograms[metric].toRecord(metric));
  }
}
