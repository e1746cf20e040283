import {
  type Agent,
  type ArmedShard,
  type CounterReading,
  EMPTY_LIVE_TALLY,
  EMPTY_TALLY,
  type FailureRecord,
  LatencyHistogram,
  type Observer,
  type PortReading,
  type QueueReading,
  type Role,
  type Shard,
  type ShardReport,
  type SysctlRecord,
  type Target,
  type Testbed,
  type TimedEvent,
  type TrialWorld,
  type Warning,
} from "@churnlab/core";

/** Connections that an agent claims, out of as many attempts. */
export interface FakeLoad {
  readonly attempted: number;
  readonly failures: readonly FailureRecord[];
  readonly schedulesUs: readonly number[];
}

export const NO_LOAD: FakeLoad = { attempted: 0, failures: [], schedulesUs: [] };

/** An agent whose shard does exactly what the test says. */
export class FakeAgent implements Agent {
  readonly name: string;
  readonly workers: number;
  readonly shards: Shard[] = [];
  readonly #run: (shard: Shard) => Promise<ShardReport>;
  stopped = false;

  constructor(
    name: string,
    options: { workers?: number; run?: (shard: Shard) => Promise<ShardReport> } = {},
  ) {
    this.name = name;
    this.workers = options.workers ?? 1;
    this.#run = options.run ?? (async () => reportOf(name, NO_LOAD));
  }

  async arm(shard: Shard): Promise<ArmedShard> {
    this.shards.push(shard);
    return {
      run: () => this.#run(shard),
      live: () => EMPTY_LIVE_TALLY,
      stop: () => {
        this.stopped = true;
      },
    };
  }
}

export function reportOf(agent: string, load: FakeLoad): ShardReport {
  const failed = load.failures.reduce((sum, { count }) => sum + count, 0);
  const schedule = new LatencyHistogram();
  for (const us of load.schedulesUs) schedule.recordUs(us);
  return {
    agent,
    engine: "fake",
    engineReason: "a test",
    tally: {
      connections: {
        intended: load.attempted,
        attempted: load.attempted,
        established: load.attempted - failed,
        succeeded: load.attempted - failed,
        failed,
        dropped: 0,
      },
      requests: EMPTY_TALLY.requests,
    },
    warmUp: EMPTY_TALLY,
    failures: load.failures,
    histograms: [schedule.toRecord("schedule")],
    cpuUs: 0,
    cpuShareMax: 0,
    elapsedMs: 1000,
    events: [],
    warnings: [],
  };
}

/** A dump of so many ports towards one destination. */
export function portsOf(used: number, range: number): PortReading {
  const states = used === 0 ? {} : { TIME_WAIT: used };
  const tuple = {
    source: "198.18.0.2",
    destination: "198.18.0.1",
    destinationPort: 8080,
    used,
    range,
    states,
  };
  return { states, used, range, tuples: used === 0 ? [] : [tuple], tuplesLeftOff: 0 };
}

/** An observer whose readings are a list; the last one repeats. */
export class FakeObserver implements Observer {
  readonly role: Role;
  readonly #readings: CounterReading[];
  /** What dumps say, one after the other; the last one repeats. */
  dumps: PortReading[] = [];
  queues: QueueReading | null = null;
  doubts: readonly Warning[] = [];
  /** Told once, at the next look. */
  readonly events: TimedEvent[] = [];
  closed = false;

  constructor(
    readings: readonly CounterReading[] = [{ gauges: { time_wait: 0 }, counters: {} }],
    role: Role = "client",
  ) {
    this.#readings = [...readings];
    this.role = role;
  }

  readCounters(): CounterReading {
    const next = this.#readings.length > 1 ? this.#readings.shift() : this.#readings[0];
    return next as CounterReading;
  }

  readQueues(): QueueReading | null {
    return this.queues;
  }

  readPorts(): PortReading | null {
    const next = this.dumps.length > 1 ? this.dumps.shift() : this.dumps[0];
    return next ?? null;
  }

  takeEvents(): TimedEvent[] {
    return this.events.splice(0);
  }

  conclude(): readonly Warning[] {
    return this.doubts;
  }

  close(): void {
    this.closed = true;
  }
}

export class FakeTarget implements Target {
  readonly address = { host: "198.18.0.1", port: 8080, path: "/", tls: false };
  readonly #ended: string | null;
  marks = 0;
  kept = 0;

  constructor(ended: string | null = null) {
    this.#ended = ended;
  }

  ended(): string | null {
    return this.#ended;
  }

  markMeasure(): void {
    this.marks++;
  }

  keptOpen(): number {
    return this.kept;
  }

  async measure(): Promise<[]> {
    return [];
  }
}

export interface FakeWorldOptions {
  readonly agents?: readonly Agent[];
  readonly observers?: readonly Observer[];
  readonly target?: Target;
  readonly sysctls?: readonly SysctlRecord[];
  readonly warnings?: readonly Warning[];
  readonly build?: () => void;
  readonly dispose?: () => void;
}

/** A testbed whose worlds are what the test says; it counts how many stand. */
export class FakeTestbed implements Testbed {
  standing = 0;
  readonly #options: FakeWorldOptions;

  constructor(options: FakeWorldOptions = {}) {
    this.#options = options;
  }

  async build(): Promise<TrialWorld> {
    this.#options.build?.();
    this.standing++;
    return {
      agents: this.#options.agents ?? [new FakeAgent("a")],
      target: this.#options.target ?? new FakeTarget(),
      observers: this.#options.observers ?? [new FakeObserver()],
      sysctls: this.#options.sysctls ?? [],
      environment: { facts: {} },
      warnings: this.#options.warnings ?? [],
      [Symbol.asyncDispose]: async () => {
        this.standing--;
        this.#options.dispose?.();
      },
    };
  }

  async close(): Promise<void> {}
}
