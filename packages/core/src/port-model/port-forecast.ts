import type { Prediction } from "../grade-prediction.ts";
import type { PortWait } from "./port-wait.ts";
import type { TimeWaitLength } from "./time-wait-length.ts";

/** What the model cannot know from a scenario. */
export interface KernelFacts {
  /** CONFIG_HZ of the kernel, which decides how long TIME_WAIT lasts exactly; 250 when absent. */
  readonly hz?: number | undefined;
  /** tcp_max_tw_buckets of a new namespace; unbounded when absent. */
  readonly timeWaitBuckets?: number | undefined;
}

/** Two bounds of a number that is not known better; equal when it is exact. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/**
 * What bounds new connections. `ports`: the ports that are not taken or in TIME_WAIT. `reuse-delay`: ports that come back
 * after tcp_tw_reuse_delay. `none`: ports limit nothing here.
 */
export const PORT_LIMITS = ["ports", "reuse-delay", "none"] as const;
export type PortLimit = (typeof PORT_LIMITS)[number];

export interface PortForecast {
  readonly kind: "predicted";
  readonly limit: PortLimit;
  /** Local ports of one source towards the target: the range less the reserved ones. */
  readonly ports: number;
  /** Connections that can exist or be remembered at once: ports times sources. */
  readonly tuples: number;
  readonly wait: PortWait;
  readonly timeWait: TimeWaitLength;
  /** TIME_WAIT sockets that tcp_max_tw_buckets allows each namespace of the closing side; null: no bound known. */
  readonly timeWaitMax: number | null;
  /** About how long a connection lives before it is closed. */
  readonly lifeMs: number;
  /** New connections per second that can go on for ever; null: ports set no bound. */
  readonly ceilingPerS: Range | null;
  /** The rates of new connections that are offered; null: as fast as the answers come. */
  readonly offeredPerS: Range | null;
  /** From the start of the measure phase to the first connection without a port; null: not known. */
  readonly firstExhaustedMs: number | "never" | null;
  /** When half of the ports are taken and connect() becomes slow; null: not known. */
  readonly cliffMs: number | "never" | null;
  /** Highest number of TIME_WAIT sockets on each side; null: not known. */
  readonly timeWaitPeak: { readonly client: Range; readonly target: Range } | null;
  /** The middle of TIME_WAIT's samples in the second half of the measure phase, on each side; null: not known. */
  readonly timeWaitPlateau: { readonly client: Range; readonly target: Range } | null;
  /** Connections of the measure phase; null: not known. */
  readonly succeeded: Range | null;
  readonly failed: Range | null;
  /** TcpExt.TCPTimeWaitOverflow of the closing side; null: not known. */
  readonly overflow: Range | null;
  /** What a connection without a port fails with. */
  readonly errno: "EADDRNOTAVAIL" | "EADDRINUSE";
  /** The ranges above hold every trial: arrivals have no chance in them, and no limit lies within chance's reach. */
  readonly bounded: boolean;
  /** The numbers above are counts that a trial must show, not estimates. */
  readonly exact: boolean;
  /** The same as metrics, only where they are exact. */
  readonly expectations: readonly Prediction[];
  readonly sentence: string;
}

export type PortPrediction = PortForecast | { readonly kind: "none"; readonly reason: string };

/** The part of a forecast that does not depend on time. */
export type PortPool = Pick<
  PortForecast,
  | "kind"
  | "ports"
  | "tuples"
  | "wait"
  | "timeWait"
  | "timeWaitMax"
  | "lifeMs"
  | "offeredPerS"
  | "errno"
  | "ceilingPerS"
  | "limit"
>;

/** The numbers of a trial. */
export type PortCounts = Omit<PortForecast, keyof PortPool | "expectations" | "sentence">;
