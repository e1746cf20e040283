// What being looked at adds to the CPU time of connections, and what looking takes itself.
import type { Role } from "@churnlab/core";
import {
  ALL_TCP_STATES,
  type CounterReader,
  type NetworkNamespace,
  openCounters,
  PortCensus,
  ResetCapture,
  readPortRange,
  SockDiag,
} from "@churnlab/linux";
import { CLIENT, TARGET, type TwoHosts } from "../packages/linux/test/fixtures/two-hosts.ts";
import { NamespaceObserver } from "../packages/testbed/src/namespace-observer.ts";
import type { Host } from "../packages/testbed/src/netns-hosts.ts";
import { ResetWatch } from "../packages/testbed/src/reset-watch.ts";
import { comparePaired, type PairedCost } from "./paired-slices.ts";
import { type ConnectionEnd, ShortConnections } from "./short-connections.ts";

const CONNECTIONS_PER_SLICE = 200;
/** More where turning on and off takes as long as two hundred connections: captures wait for the kernel to let go of them. */
const WATCHED_PER_SLICE = 400;
const CONNECTIONS_TO_SETTLE = 40;

/** What is looked with: `look` is done in the middle of a slice. */
interface Looker extends Disposable {
  look(): void;
}

/** How connections end while resets are watched. */
export interface WatchedConnections {
  readonly quads: number;
  readonly end: ConnectionEnd;
}

/** Microseconds of a connection, and what a capture of arrivals at both hosts adds with taking in what was captured. */
export function measureCaptureUs(
  hosts: TwoHosts,
  { quads, end }: WatchedConnections,
): PairedCost[] {
  using connections = new ShortConnections(hosts, { port: 85, end });
  return measureLooker(connections, quads, {
    perSlice: WATCHED_PER_SLICE,
    turnOn: () => captureBoth(hosts, end),
  });
}

/**
 * The same of all that a trial of root has on: the capture, the kernel's trace of resets and of ends without FIN, and
 * reading both. `isRead: false` leaves out the reading, which in a trial is another thread's than the client's.
 */
export function measureResetWatchUs(
  hosts: TwoHosts,
  { quads, end, isRead = true }: WatchedConnections & { readonly isRead?: boolean },
): PairedCost[] {
  using connections = new ShortConnections(hosts, { port: 85, end });
  using watch = new ResetWatch([CLIENT, TARGET]);
  return measureLooker(connections, quads, {
    perSlice: WATCHED_PER_SLICE,
    turnOn: () => watchBoth(watch, hosts, isRead),
  });
}

/** Microseconds that one reading of both sides' counters takes from connections, by quad. */
export function measureReadingUs(hosts: TwoHosts, quads: number): number[] {
  using connections = new ShortConnections(hosts, { port: 85, end: "rst" });
  const added = measureLooker(connections, quads, { turnOn: () => readBoth(hosts) });
  return added.map((cost) => (cost.added * CONNECTIONS_PER_SLICE) / READINGS_PER_SLICE);
}

/** Microseconds that one dump of each side's sockets takes from connections, by quad. */
export function measureDumpUs(hosts: TwoHosts, quads: number): number[] {
  using connections = new ShortConnections(hosts, { port: 85, end: "rst" });
  const added = measureLooker(connections, quads, { turnOn: () => dumpBoth(hosts) });
  return added.map((cost) => cost.added * CONNECTIONS_PER_SLICE);
}

/**
 * Microseconds that one reading of each side's queues takes from connections, by quad: as a trial's observers do it, so
 * for the target, which listens, with its handshakes.
 */
export function measureQueuesUs(hosts: TwoHosts, quads: number): number[] {
  using connections = new ShortConnections(hosts, { port: 85, end: "rst" });
  const added = measureLooker(connections, quads, { turnOn: () => readQueuesOfBoth(hosts) });
  return added.map((cost) => (cost.added * CONNECTIONS_PER_SLICE) / QUEUE_READINGS_PER_SLICE);
}

function measureLooker(
  connections: ShortConnections,
  quads: number,
  {
    turnOn,
    perSlice = CONNECTIONS_PER_SLICE,
  }: { readonly turnOn: () => Looker; readonly perSlice?: number },
): PairedCost[] {
  return comparePaired({
    quads,
    turnOn,
    settle: () => connections.run(CONNECTIONS_TO_SETTLE),
    slice: (looker) => connections.measureUs(perSlice, () => looker?.look()),
  });
}

function captureBoth({ client, target }: TwoHosts, end: ConnectionEnd): Looker {
  const captures = [client, target].map((host) => new ResetCapture(host, { sent: false }));
  return {
    look: () => {
      for (const capture of captures) capture.drain();
    },
    [Symbol.dispose]: () => {
      for (const capture of captures) capture.drain();
      const [captured = 0, stray = 0] = captures.map(({ counts }) => counts.received);
      for (const capture of captures) capture.close();
      // Two slices, each after a time to settle.
      const expected = end === "rst" ? 2 * (WATCHED_PER_SLICE + CONNECTIONS_TO_SETTLE) : 0;
      if (captured !== expected || stray !== 0) {
        throw new Error(`${captured} and ${stray} resets captured, not ${expected} and none`);
      }
    },
  };
}

/** No accept queue is full here. */
const neverOverflows = (): boolean => false;

function watchBoth(watch: ResetWatch, { client, target }: TwoHosts, isRead: boolean): Looker {
  const hosts: Host[] = [
    { role: "client", namespace: client, address: CLIENT },
    { role: "target", namespace: target, address: TARGET },
  ];
  const { means, observers } = watch.begin({ all: hosts });
  if (means !== "capture and trace") throw new Error(`resets are watched by ${means} only`);
  const all = [...observers.values()];
  return {
    look: () => {
      if (!isRead) return;
      for (const observer of all) {
        observer.readCounters(neverOverflows);
        observer.takeEvents();
      }
    },
    [Symbol.dispose]: () => {
      for (const observer of all) observer.readCounters(neverOverflows);
      const lost = all.flatMap((observer) => observer.conclude());
      for (const observer of all) observer[Symbol.dispose]();
      if (lost.length > 0) throw new Error(lost.map(({ message }) => message).join("; "));
    },
  };
}

/** As the sampler does 5 times a second; often enough in a slice to be seen. */
const READINGS_PER_SLICE = 20;

function readBoth({ client, target }: TwoHosts): Looker {
  const readers: CounterReader[] = [client, target].map((host) => openCounters(host));
  return {
    look: () => {
      for (let reading = 0; reading < READINGS_PER_SLICE; reading++) {
        for (const reader of readers) reader.read();
      }
    },
    [Symbol.dispose]: () => {
      for (const reader of readers) reader.close();
    },
  };
}

/** Often enough in a slice to be seen. */
const QUEUE_READINGS_PER_SLICE = 4;

function readQueuesOfBoth({ client, target }: TwoHosts): Looker {
  const observers = [observeQueues("client", client), observeQueues("target", target)];
  return {
    look: () => {
      for (let reading = 0; reading < QUEUE_READINGS_PER_SLICE; reading++) {
        for (const observer of observers) observer.readQueues();
      }
    },
    [Symbol.dispose]: () => {
      for (const observer of observers) observer.close();
    },
  };
}

/** An observer as trials have it, of what it costs to read queues. */
export function observeQueues(role: Role, namespace: NetworkNamespace): NamespaceObserver {
  return new NamespaceObserver({ role, namespace, resets: null, ports: false });
}

function dumpBoth({ client, target }: TwoHosts): Looker {
  const sides = [client, target].map((host) => ({
    diag: new SockDiag(host),
    census: new PortCensus(readPortRange(host)),
  }));
  return {
    look: () => {
      for (const { diag, census } of sides) diag.dump(ALL_TCP_STATES, census);
    },
    [Symbol.dispose]: () => {
      for (const { diag } of sides) diag.close();
    },
  };
}
