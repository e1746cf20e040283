import { maxOf } from "@churnlab/core/extremes";
import { TIME_WAIT_S } from "@churnlab/core/time-wait-length";
/** Ports towards one destination, and how fast they are taken. */
export interface PortLoad {
  /** Ports that connect() may choose. */
  readonly usable: number;
  /** Taken by sockets that are not in TIME_WAIT. */
  readonly open: number;
  readonly openGrowthPerS: number;
  /** TIME_WAIT sockets by the whole seconds they have left. */
  readonly timeWaitLeft: readonly number[];
  /** TIME_WAIT sockets that begin each second. */
  readonly newPerS: number;
  /** How long a port in TIME_WAIT is kept from connect(): its mean length, or tcp_tw_reuse_delay where that acts. */
  readonly waitMs: number;
}

/**
 * Where port use goes at the present rate. `exhausted`: no port is left now. `exhausts`: in `inMs`. `levels-off`: it
 * grows up to `ports` and no further, because TIME_WAIT ends as fast as it begins. `not-growing`: it does not.
 */
export type PortOutlook =
  | { readonly kind: "exhausted" }
  | { readonly kind: "exhausts"; readonly inMs: number }
  | { readonly kind: "levels-off"; readonly ports: number }
  | { readonly kind: "not-growing" };

export interface HostForecast {
  /** Ports that connect() cannot choose now. */
  readonly taken: number;
  readonly outlook: PortOutlook;
  /** Until half of the ports are taken, where connect() becomes slow: 0 when they are; null: not at this rate. */
  readonly cliffInMs: number | null;
}

const STEP_MS = 100;
const NOISE = 0.03;

/**
 * What becomes of the ports if connections go on as now. The past minute decides the next one: a TIME_WAIT socket that
 * exists now ends when it must, and each new one is kept for `waitMs`. Nothing is fitted.
 */
export function forecastPorts(load: PortLoad): HostForecast {
  const course = followCourse(load);
  const taken = course[0] as number;
  const cliffInMs = findCrossingMs(load, course, load.usable / 2);
  return { taken, cliffInMs, outlook: findOutlook(load, course) };
}

function findOutlook(load: PortLoad, course: readonly number[]): PortOutlook {
  const taken = course[0] as number;
  if (taken >= load.usable) return { kind: "exhausted" };
  const inMs = findCrossingMs(load, course, load.usable);
  if (inMs !== null) return { kind: "exhausts", inMs };
  const highest = maxOf(course);
  // The wheel ends TIME_WAIT in batches, so even a steady load moves by 2 s of the minute.
  if (highest <= taken + Math.max(1, taken * NOISE)) return { kind: "not-growing" };
  return { kind: "levels-off", ports: Math.round(highest) };
}

/** Ports taken now and in steps, until all that is in TIME_WAIT now is gone. */
function followCourse(load: PortLoad): number[] {
  const steps = Math.ceil(load.waitMs / STEP_MS);
  return Array.from({ length: steps + 1 }, (_, step) => takenAfter(load, step * STEP_MS));
}

/** Ports that are taken some time from now. */
function takenAfter(load: PortLoad, ms: number): number {
  const { timeWaitLeft, waitMs, newPerS } = load;
  let left = 0;
  for (const [second, count] of timeWaitLeft.entries()) {
    // Spread over its second. The wait differs from the 60 s that the kernel's timer counts down.
    const lastEndMs = waitMs - (TIME_WAIT_S - second - 1) * 1000;
    left += count * Math.min(1, Math.max(0, (lastEndMs - ms) / 1000));
  }
  return openAfter(load, ms) + left + (newPerS * Math.min(ms, waitMs)) / 1000;
}

function openAfter({ open, openGrowthPerS }: PortLoad, ms: number): number {
  return Math.max(0, open + (openGrowthPerS * ms) / 1000);
}

/** When so many ports are taken; null if never. */
function findCrossingMs(
  { openGrowthPerS }: PortLoad,
  course: readonly number[],
  ports: number,
): number | null {
  const step = course.findIndex((taken) => taken >= ports);
  if (step !== -1) return step * STEP_MS;
  // From its end on TIME_WAIT is constant, and only open connections may add up.
  if (openGrowthPerS <= 0) return null;
  const missing = ports - (course.at(-1) as number);
  return (course.length - 1) * STEP_MS + (missing / openGrowthPerS) * 1000;
}

/** Windows of a rate, newest first: the shortest one that holds enough sockets to tell. */
const WINDOWS_S = [1, 2, 5, 30] as const;
const ENOUGH = 20;

/**
 * TIME_WAIT sockets that began per second of late, from what is left of their minute. With `reused` only the last
 * second counts: older ones are taken over and gone.
 */
export function measureBirthsPerS(timeWaitLeft: readonly number[], reused: boolean): number {
  const sum = (seconds: number): number =>
    timeWaitLeft.slice(TIME_WAIT_S - seconds).reduce((total, count) => total + count, 0);
  if (reused) return sum(1);
  // Nothing for some seconds: the load has stopped, whatever was before.
  if (sum(5) === 0) return 0;
  const window = WINDOWS_S.find((seconds) => sum(seconds) >= ENOUGH) ?? 30;
  return sum(window) / window;
}

/** TIME_WAIT sockets that are about to end, per second. Those that the wheel is late with are among the first second's. */
export function measureDeathsPerS(timeWaitLeft: readonly number[]): number {
  return ((timeWaitLeft[1] ?? 0) + (timeWaitLeft[2] ?? 0)) / 2;
}
