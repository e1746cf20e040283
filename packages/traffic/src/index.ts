/**
 * Both ends of a connection: the engines that offer load and the targets that answer it, in the order a trial meets them.
 *
 * @packageDocumentation
 */

// What is offered, and what it means.

export * from "./engine.ts";
export * from "./limits.ts";
export * from "./worker-counters.ts";

// Who offers it.

export * from "./engines.ts";
export * from "./worker/choose-workers.ts";
export * from "./worker/local-agent.ts";
export * from "./worker/worker-pool.ts";

// What answers.

export * from "./target/server-counts.ts";
export * from "./target/target-counters.ts";
export * from "./target/target-server.ts";
export * from "./target/target-servers.ts";
export * from "./target/target-threads.ts";

// What crosses threads and processes.

export * from "./error-record.ts";
export * from "./monotonic.ts";
