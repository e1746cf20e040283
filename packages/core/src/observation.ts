import type { Role } from "./role.ts";

/** One value of one metric at one time from one role. A missed sample has no value: it is a hole. */
export interface Sample {
  readonly role: Role;
  readonly metric: string;
  /** Milliseconds since the start of the measure phase; negative during warm-up. */
  readonly tMs: number;
  readonly value: number;
}

/** Something that happened once, with what is known about it. */
export interface TrialEvent {
  readonly role: Role;
  readonly tMs: number;
  readonly kind: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/**
 * Local ports in use from one address towards one address and port: the tuple within which a port serves one connection
 * only, and so the one that runs out.
 */
export interface PortUse {
  readonly source: string;
  readonly destination: string;
  readonly destinationPort: number;
  /** Distinct local ports in use, TIME_WAIT included. */
  readonly used: number;
  /** Ports of the source's range that are not reserved. */
  readonly range: number;
  /** Sockets by TCP state. */
  readonly states: Readonly<Record<string, number>>;
}

/** The budget of one tuple at one time. */
export interface PortUseRecord extends PortUse {
  readonly role: Role;
  /** Milliseconds since the start of the measure phase. */
  readonly tMs: number;
}

/** What waits at one listening address and port; sockets that share it (SO_REUSEPORT) are added up. */
export interface ListenerQueues {
  readonly address: string;
  readonly port: number;
  /** Connections that wait for accept(). */
  readonly depth: number;
  /** min(backlog, somaxconn); the kernel lets one more wait. */
  readonly limit: number;
  /** Handshakes that wait for the last ACK. */
  readonly synReceived: number;
}

/** The queues of one listener at one time. */
export interface ListenerQueuesRecord extends ListenerQueues {
  readonly role: Role;
  /** Milliseconds since the start of the measure phase. */
  readonly tMs: number;
}

/** One sysctl of one role: before, asked for, and read back after the write. */
export interface SysctlRecord {
  readonly role: Role;
  readonly name: string;
  readonly was: string;
  readonly requested: string | null;
  readonly effective: string;
}

/**
 * Where a trial ran. `facts` are flat `key → value` strings (kernel.release, cpu.count, hz, distribution,
 * client.net.ipv4.tcp_timestamps …); the fingerprint is computed over those that must be equal for two runs to be
 * comparable.
 */
export interface Environment {
  readonly facts: Readonly<Record<string, string>>;
}
