// What being looked at adds to the CPU time of connections, and what looking takes itself.
import {
  ALL_TCP_STATES,
  type CounterReader,
  openCounters,
  PortCensus,
  ResetCapture,
  ResetTrace,
  readPortRange,
  SockDiag,
} from "@churnlab/linux";
import { CLIENT, TARGET, type TwoHosts } from "../packages/linux/test/fixtures/two-hosts.ts";
import { comparePaired } from "./paired-slices.ts";
import { type ConnectionEnd, ShortConnections } from "./short-connections.ts";

const CONNECTIONS_PER_SLICE = 200;
const CONNECTIONS_TO_SETTLE = 40;

/** What is looked with: `look` is done in the middle of a slice. */
interface Looker extends Disposable {
  look(): void;
}

/**
 * Microseconds that a capture of arrivals at both hosts, as trials have it, adds to a connection, by quad. Taking in what
 * was captured is part of it.
 */
export function measureCaptureUs(
  hosts: TwoHosts,
  { quads, end }: { readonly quads: number; readonly end: ConnectionEnd },
): number[] {
  using connections = new ShortConnections(hosts, { port: 85, end });
  return measureLooker(connections, quads, () => captureBoth(hosts, end));
}

/** Microseconds that the kernel's trace of resets adds to a connection that ends with one, by quad; reading it is part. */
export function measureTraceUs(hosts: TwoHosts, quads: number): number[] {
  using connections = new ShortConnections(hosts, { port: 85, end: "rst" });
  return measureLooker(connections, quads, traceBoth);
}

/** Microseconds that one reading of both sides' counters takes from connections, by quad. */
export function measureReadingUs(hosts: TwoHosts, quads: number): number[] {
  using connections = new ShortConnections(hosts, { port: 85, end: "rst" });
  const added = measureLooker(connections, quads, () => readBoth(hosts));
  return added.map((us) => (us * CONNECTIONS_PER_SLICE) / READINGS_PER_SLICE);
}

/** Microseconds that one dump of each side's sockets takes from connections, by quad. */
export function measureDumpUs(hosts: TwoHosts, quads: number): number[] {
  using connections = new ShortConnections(hosts, { port: 85, end: "rst" });
  const added = measureLooker(connections, quads, () => dumpBoth(hosts));
  return added.map((us) => us * CONNECTIONS_PER_SLICE);
}

function measureLooker(
  connections: ShortConnections,
  quads: number,
  turnOn: () => Looker,
): number[] {
  return comparePaired({
    quads,
    turnOn,
    settle: () => connections.run(CONNECTIONS_TO_SETTLE),
    slice: (looker) => connections.measureUs(CONNECTIONS_PER_SLICE, () => looker?.look()),
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
      const expected = end === "rst" ? 2 * (CONNECTIONS_PER_SLICE + CONNECTIONS_TO_SETTLE) : 0;
      if (captured !== expected || stray !== 0) {
        throw new Error(`${captured} and ${stray} resets captured, not ${expected} and none`);
      }
    },
  };
}

function traceBoth(): Looker {
  const trace = new ResetTrace({ addresses: [CLIENT, TARGET] });
  return {
    look: () => {
      trace.drain();
    },
    [Symbol.dispose]: () => {
      const lost = trace.readLost();
      trace.close();
      if (lost > 0) throw new Error(`${lost} events were not read`);
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
