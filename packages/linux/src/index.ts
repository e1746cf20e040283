export * from "./conntrack.ts";
export * from "./counters.ts";
export * from "./kernel-counters.ts";
export * from "./libc.ts";
export * from "./network-namespace.ts";
export * from "./sysctls.ts";
export * from "./system-error.ts";
export * from "./veth.ts";
