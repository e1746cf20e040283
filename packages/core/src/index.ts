/**
 * The words of churnlab and the functions over them that do no I/O, in the order in which data flows through them.
 *
 * @packageDocumentation
 */

// What can go wrong, and what may be doubted.

export * from "./errno.ts";
export * from "./errors.ts";
export * from "./warnings.ts";

// What a person asks for.

export * from "./role.ts";
export * from "./scenario.ts";

// What is run.

export * from "./trial.ts";
export * from "./share.ts";
export * from "./seeded-random.ts";
export * from "./arrivals.ts";

// What is seen.

export * from "./metrics.ts";
export * from "./tally.ts";
export * from "./histogram.ts";
export * from "./latency-histogram.ts";
export * from "./measurement.ts";
export * from "./observation.ts";
export * from "./merge-reports.ts";

// The seams that real and fake parts fill.

export * from "./agent.ts";
export * from "./testbed.ts";
