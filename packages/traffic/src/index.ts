/**
 * Both ends of a connection: the engines that offer load and the targets that answer it, in the order a trial meets them.
 *
 * @packageDocumentation
 */

// What is offered, and what it means.

export * from "./engine.ts";
export * from "./limits.ts";
export * from "./worker-counters.ts";

// What answers.

export * from "./target/target-counters.ts";
export * from "./target/target-server.ts";
