/**
 * The words of churnlab and the functions over them that do no I/O, in the order in which data flows through them.
 *
 * @packageDocumentation
 */

// What can go wrong, and what may be doubted.

export * from "./errno.ts";
export * from "./errors.ts";
export * from "./find-first-error.ts";
export * from "./warnings.ts";

// What a person asks for.

export * from "./parse-duration.ts";
export * from "./parse-rate.ts";
export * from "./parse-scenario.ts";
export * from "./parse-share.ts";
export * from "./parse-yaml-file.ts";
export * from "./quote-word.ts";
export * from "./role.ts";
export * from "./scenario.ts";
export * from "./scenario-bounds.ts";
export {
  formatProblems,
  type Problem,
  ScenarioError,
} from "./scenario-file/problem.ts";
export {
  duration as durationSchema,
  rate as rateSchema,
} from "./scenario-file/quantity-schemas.ts";
export * from "./scenario-json-schema.ts";
export * from "./suggest-name.ts";

// How people are told.

export * from "./extremes.ts";
export * from "./format-number.ts";
export * from "./list-some.ts";
export * from "./name-end.ts";
export * from "./name-labels.ts";
export * from "./wrap-text.ts";

// What the kernel can be told.

export {
  describeValues,
  explainSysctl,
  requireSysctl,
} from "./sysctl-catalogue/explain-sysctl.ts";
export type {
  ActsOn,
  SysctlEntry,
  SysctlScope,
  SysctlValues,
} from "./sysctl-catalogue/sysctl-entry.ts";
export { type SysctlProblem, validateSysctl } from "./sysctl-catalogue/validate-sysctl.ts";
export * from "./sysctl-catalogue.ts";
export * from "./warn-ineffective.ts";

// What is run.

export * from "./arrivals.ts";
export * from "./count-open-files.ts";
export * from "./describe-plan.ts";
export * from "./plan-trials.ts";
export {
  listModelBounds,
  type ModelBound,
  type VariantModel,
} from "./port-model/list-model-bounds.ts";
export {
  type KernelFacts,
  PORT_LIMITS,
  type PortForecast,
  type PortLimit,
  type PortPrediction,
  type Range,
} from "./port-model/port-forecast.ts";
export { PORT_WAITS, type PortWait, type PortWaitKind } from "./port-model/port-wait.ts";
export { predictResponse } from "./port-model/predict-response.ts";
export { TIME_WAIT_S, type TimeWaitLength, timeWaitLength } from "./port-model/time-wait-length.ts";
export { countReservedPorts, countUsablePorts } from "./port-model/usable-ports.ts";
export { warnGatewayPorts } from "./port-model/warn-gateway-ports.ts";
export * from "./port-model.ts";
export * from "./seeded-random.ts";
export * from "./share.ts";
export * from "./trial.ts";

// What is seen.

export * from "./attribute-limits.ts";
export * from "./distinct-sysctls.ts";
export * from "./generator-bounds.ts";
export * from "./histogram.ts";
export * from "./latency-histogram.ts";
export * from "./latency-quantiles.ts";
export { sawPortsFull } from "./limits/find-port-limits.ts";
export * from "./limits/limit.ts";
export * from "./measurement.ts";
export * from "./merge-reports.ts";
export * from "./metric-key.ts";
export * from "./metrics.ts";
export * from "./observation.ts";
export * from "./sampling.ts";
export * from "./tally.ts";
export * from "./warn-accept-failures.ts";
export * from "./watch-reading.ts";

// What it means: compare, judge, alert.

export * from "./compare-fingerprints.ts";
export * from "./compare-variants.ts";
export { BLOCKS_MIN } from "./comparison/collect-warnings.ts";
export * from "./comparison/comparison.ts";
export * from "./comparison/list-metrics.ts";
export * from "./comparison/metric-margins.ts";
export type { PairingDesign } from "./comparison/pair-blocks.ts";
export {
  createReader,
  type MeasuredTrial,
  type ReadableTrial,
  type Reading,
  readCompleted,
  readMeasurement,
} from "./comparison/read-measurement.ts";
export * from "./comparison/should-add-blocks.ts";
export * from "./decide-verdict.ts";
export * from "./describe-verdict.ts";
export * from "./find-history-alerts.ts";
export * from "./find-trend.ts";
export * from "./gates/count-against.ts";
export * from "./gates/gate-result.ts";
export * from "./gates/parse-gate-metric.ts";
export {
  type GateInput,
  isSpeedIndependent,
  type MeasuredVariant,
  type StoredBaseline,
} from "./gates/prepare-gate.ts";
export * from "./grade-prediction.ts";
export * from "./judge-gates.ts";
export * from "./summarise-connect-cost.ts";
export * from "./sweep/order-axes-by-effect.ts";
export * from "./sweep/pool-responses.ts";
export * from "./sweep/swept-axis.ts";

// The statistics under it.

export * from "./statistics/a12.ts";
export * from "./statistics/detect-change-points.ts";
export * from "./statistics/estimate-hodges-lehmann.ts";
export * from "./statistics/holm-adjust.ts";
export * from "./statistics/overdispersion.ts";
export * from "./statistics/poisson-bounds.ts";
export * from "./statistics/quantile.ts";
export * from "./statistics/sign-flip-p.ts";
export * from "./statistics/signed-rank-interval.ts";
export * from "./statistics/statistic.ts";
export * from "./statistics/theil-sen-slope.ts";

// The seams that real and fake parts fill.

export * from "./agent.ts";
export * from "./delta-counters.ts";
export * from "./empty-records.ts";
export * from "./live-tally.ts";
export * from "./process-identity.ts";
export * from "./result-piece-id.ts";
export * from "./testbed.ts";
