import { setTimeout as sleep } from "node:timers/promises";
import { readTickRateHz } from "@churnlab/linux";
import { findHost, type HostChoice, HostReader, type WatchedHost } from "@churnlab/testbed/watch";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { monotonicClock } from "../monotonic-clock.ts";
import { RecentReadings } from "../watch/recent-readings.ts";
import { untilStopped } from "../watch/until-stopped.ts";

interface WatchOptions extends HostChoice {
  readonly interval: number;
  readonly once?: boolean;
  readonly json?: boolean;
  readonly capture: boolean;
}

/** Between the first two readings: long enough for a rate, short enough for a shell prompt. */
const FIRST_WINDOW_MS = 60;
/** Reading takes at most this share of the time, however many sockets there are. */
const COST_SHARE_MAX = 0.1;

/** Looks at a host without touching it, once or until stopped. Throws as `findHost` and `HostReader.read` do. */
export async function watch(options: WatchOptions): Promise<ExitCode> {
  using host = await findHost(options);
  using reader = new HostReader(host, { ...options, clock: monotonicClock });
  await (options.once ? watchOnce : watchOn)(host, reader, options);
  return EXIT.ok;
}

async function watchOnce(
  { name }: WatchedHost,
  reader: HostReader,
  { json = false }: WatchOptions,
): Promise<void> {
  const before = reader.readEarlier();
  // What prints is loaded, and the sockets are read, while the window between the readings goes by.
  const { describeWatch } = await import("@churnlab/report/watch");
  const { printOnce } = await import("../watch/display.ts");
  const sockets = reader.readSockets();
  await sleep(Math.max(0, before.atMs + FIRST_WINDOW_MS - monotonicClock.nowMs()));
  const now = reader.complete(sockets);
  printOnce(describeWatch(before, now, { host: name, hz: readTickRateHz() }), { json });
}

async function watchOn(
  { name }: WatchedHost,
  reader: HostReader,
  { json = false, interval }: WatchOptions,
): Promise<void> {
  const recent = new RecentReadings(reader.read());
  const { describeWatch } = await import("@churnlab/report/watch");
  const { openDisplay } = await import("../watch/display.ts");
  const facts = { host: name, hz: readTickRateHz() };
  using stop = untilStopped();
  using display = await openDisplay({ json });
  for (let waitMs = FIRST_WINDOW_MS; ; ) {
    // An aborted wait ends early, and the signal says so.
    await sleep(waitMs, undefined, { signal: stop.signal }).catch(() => {});
    if (stop.signal.aborted) return;
    const begunMs = monotonicClock.nowMs();
    const now = reader.read();
    display.show(describeWatch(recent.oldest, now, facts));
    recent.add(now);
    const costMs = monotonicClock.nowMs() - begunMs;
    waitMs = Math.max(interval - costMs, costMs / COST_SHARE_MAX);
  }
}
