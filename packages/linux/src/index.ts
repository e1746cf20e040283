export * from "./libc.ts";
export * from "./network-namespace.ts";
export * from "./system-error.ts";
