/**
 * Everything said to the kernel, in reading order:
 *
 * 1. C through koffi: `libc`, `bindC`, `koffi`, `check`, `errno`, `SystemError`, `errnoOf`.
 * 2. Hosts: `createNetworkNamespace`, `openNetworkNamespace`, `enterNetworkNamespace`; `joinByVeth`, `bringLoopbackUp`;
 *    `applySysctls`, `readSysctls`; without root: `needsReentry`, `reenterCommand`, `findReentryObstacle`.
 * 3. What a host did: `openCounters` with `KERNEL_COUNTERS`, `readConntrackMax`.
 * 4. Where it ran: `readEnvironment`, `readTcpSysctls`, `readNetworkDevices`, `readTickRateHz`, `readOpenFileLimit`,
 *    `readCapabilities`, `isInitialUserNamespace`, `detectHypervisor`, `detectContainer`, `readThreadCpuUs`.
 *
 * All of it is synchronous and of the calling thread.
 *
 * @packageDocumentation
 */

// C through koffi.

export * from "./libc.ts";
export * from "./system-error.ts";

// Hosts.

export * from "./ip-address.ts";
export * from "./network-namespace.ts";
export * from "./rootless.ts";
export * from "./sysctls.ts";
export * from "./veth.ts";

// What a host did.

export * from "./conntrack.ts";
export * from "./counters.ts";
export * from "./destroy-sockets.ts";
export * from "./kernel-counters.ts";
export * from "./listen-queues.ts";
export * from "./listen-queues.ts";
export * from "./port-census.ts";
export * from "./port-census.ts";
export * from "./port-range.ts";
export * from "./port-range.ts";
export * from "./sock-diag.ts";
export * from "./sock-diag.ts";
export * from "./tcp-states.ts";
export * from "./tcp-states.ts";

// Where it ran.

export * from "./capabilities.ts";
export * from "./environment.ts";
export * from "./network-devices.ts";
export * from "./open-file-limit.ts";
export * from "./thread-cpu.ts";

// Addresses.

export * from "./ip-address.ts";
export * from "./tick-rate.ts";
export * from "./virtualisation.ts";
