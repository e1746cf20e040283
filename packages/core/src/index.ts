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

export * from "./parse-duration.ts";
export * from "./parse-rate.ts";
export * from "./parse-scenario.ts";
export * from "./parse-share.ts";
export * from "./role.ts";
export * from "./scenario.ts";
export {
  formatProblems,
  type Problem,
  ScenarioError,
} from "./scenario-file/problem.ts";
export * from "./suggest-name.ts";

// What the kernel can be told.

export type {
  ActsOn,
  SysctlEntry,
  SysctlScope,
  SysctlValues,
} from "./sysctl-catalogue/sysctl-entry.ts";
export { type SysctlProblem, validateSysctl } from "./sysctl-catalogue/validate-sysctl.ts";
export * from "./sysctl-catalogue.ts";

// What is run.

export * from "./arrivals.ts";
export * from "./plan-trials.ts";
export * from "./seeded-random.ts";
export * from "./share.ts";
export * from "./trial.ts";

// What is seen.

export * from "./histogram.ts";
export * from "./latency-histogram.ts";
export * from "./measurement.ts";
export * from "./merge-reports.ts";
export * from "./metrics.ts";
export * from "./observation.ts";
export * from "./tally.ts";

// The seams that real and fake parts fill.

export * from "./agent.ts";
export * from "./testbed.ts";
