import {
  COMPARISON_GAPS,
  COMPARISON_WARNINGS,
  GATE_CAUSES,
  GATE_OUTCOMES,
  GRADES,
  METRIC_MARGINS,
  ROLES,
} from "@churnlab/core";
import { z } from "zod";
import { GATE_SCHEMA_VERSION, type GateDocument } from "./gate-document.ts";
import { HISTORY_SCHEMA_VERSION, type HistoryDocument } from "./history-document.ts";

const role = z.enum(ROLES);
const better = z.enum(["higher", "lower", "neither"]);
const nullable = z.number().nullable();
const count = z.int().min(0);
const runId = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{10}$/);
const chance = z.number().min(0).max(1);

/** The names of a table, as `z.enum` wants them. */
function keysOf<K extends string>(table: Readonly<Record<K, unknown>>): K[] {
  return Object.keys(table) as K[];
}

const bound = z.union([
  z.strictObject({ kind: z.enum(["max", "min", "equals"]), value: z.number() }),
  z.strictObject({
    kind: z.literal("against"),
    baseline: z.string(),
    worseBy: z.number(),
    budget: z.number().exactOptional(),
  }),
  z.strictObject({ kind: z.literal("model"), within: z.number().min(0) }),
]);

const head = {
  role,
  metric: z.string(),
  unit: z.string(),
  better,
  class: z.enum(keysOf(METRIC_MARGINS)),
  margin: z.number().describe("the smallest relative difference that matters"),
  n: count.describe("blocks that were compared"),
  baselineMedian: nullable,
  candidateMedian: nullable,
  tail: nullable.describe("of a latency quantile: observations beyond it in the smallest trial"),
  dispersion: z.strictObject({ baseline: nullable, candidate: nullable }),
  warnings: z.array(
    z.strictObject({ code: z.enum(keysOf(COMPARISON_WARNINGS)), message: z.string() }),
  ),
};

const comparison = z.discriminatedUnion("basis", [
  z.strictObject({
    ...head,
    basis: z.literal("paired"),
    scale: z.enum(["log-ratio", "relative", "absolute"]),
    differences: z.array(z.number()).describe("one for each block, on the scale"),
    center: z.number().describe("Hodges-Lehmann estimate, on the scale"),
    interval: z.strictObject({ low: z.number(), high: z.number(), confidence: chance }).nullable(),
    effect: nullable.describe("relative change, 0.1 = +10 %"),
    low: nullable,
    high: nullable,
    p: chance,
    a12: chance,
  }),
  z.strictObject({
    ...head,
    basis: z.literal("budget"),
    events: z.number(),
    exposure: z.number(),
    budget: z.number(),
    lowest: z.number(),
    highest: z.number(),
    effect: z.null(),
    low: z.null(),
    high: z.null(),
    p: chance,
    a12: chance,
  }),
  z.strictObject({
    ...head,
    basis: z.literal("none"),
    gap: z.enum(keysOf(COMPARISON_GAPS)),
    effect: z.null(),
    low: z.null(),
    high: z.null(),
    p: z.null(),
    a12: z.null(),
  }),
]);

const evidence = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("bound"),
    worst: z.union([z.number(), z.literal("never")]),
    worstBlock: count,
    trials: count,
    violations: count,
  }),
  z.strictObject({
    kind: z.literal("model"),
    predicted: z.union([z.strictObject({ low: z.number(), high: z.number() }), z.literal("never")]),
    worst: z.union([z.number(), z.literal("never")]),
    worstBlock: count,
    trials: count,
    violations: count,
  }),
  z.strictObject({
    kind: z.literal("comparison"),
    baseline: z.string(),
    comparison,
    adjustedP: chance.nullable().describe("holds for all gates of the run together"),
  }),
  z.strictObject({
    kind: z.literal("none"),
    cause: z
      .enum(GATE_CAUSES)
      .describe(
        "not-measured: no valid trial has it; not-comparable: another environment; not-predicted: the port model is silent",
      ),
  }),
]);

/** What `gate --json` prints. */
const gateDocumentSchema: z.ZodType<GateDocument> = z.strictObject({
  schemaVersion: z.literal(GATE_SCHEMA_VERSION),
  run: runId,
  doubt: z
    .string()
    .nullable()
    .describe("why the run ends with 4 whatever its gates say; null when every trial counts"),
  gates: z.array(
    z.strictObject({
      gate: z.strictObject({ metric: z.string(), variant: z.string().nullable(), bound }),
      variant: z.string().nullable().describe("null: the gate names no variant of the run"),
      outcome: z.enum(GATE_OUTCOMES),
      reason: z.string(),
      evidence,
    }),
  ),
  predictions: z
    .array(
      z.strictObject({
        variant: z.string(),
        metric: z.string().describe("role.metric"),
        predicted: z.string().describe("with its unit"),
        outcome: z.enum(GRADES),
        trials: count.describe("completed trials of the variant"),
        reason: z.string(),
      }),
    )
    .nullable()
    .describe("with --gate-model, every prediction of the port model; else null"),
});

/** What `history --json` prints. */
const historyDocumentSchema: z.ZodType<HistoryDocument> = z.strictObject({
  schemaVersion: z.literal(HISTORY_SCHEMA_VERSION),
  scenario: z.string(),
  variant: z.string(),
  role,
  metric: z.string(),
  branch: z.string().exactOptional().describe("where only runs of one branch were asked for"),
  runs: z.array(
    z.strictObject({
      runId,
      startedAtUnixMs: z.number(),
      commit: z.string().nullable(),
      branch: z.string().nullable(),
      fingerprint: z.string().nullable(),
      scenarioHash: z.string().describe("equal for runs whose scenario asked the same"),
      values: z.array(z.number()).describe("of the completed trials, in the order they ran"),
      value: nullable.describe("their median; null where none measured it"),
      series: z.int().min(1).describe("runs of one number are judged together"),
    }),
  ),
  alerts: z
    .array(
      z.strictObject({
        runId: runId.describe("the first run at the new level"),
        commit: z.string().nullable(),
        previousRunId: runId,
        previousCommit: z.string().nullable(),
        before: z.number(),
        after: z.number(),
        effect: nullable.describe("after/before − 1; null from zero"),
        p: chance,
        direction: z.enum(["better", "worse", "changed"]),
      }),
    )
    .describe("oldest first"),
  longestSeries: count,
  runsNeeded: count.describe("a series of fewer can show no change, however large"),
});

/** JSON Schemas (draft 7) by the name of the document. */
export function documentJsonSchemas(): Readonly<Record<"gate" | "history", object>> {
  return {
    gate: toJsonSchema(gateDocumentSchema, "churnlab gate --json"),
    history: toJsonSchema(historyDocumentSchema, "churnlab history --json"),
  };
}

function toJsonSchema(schema: z.ZodType, title: string): object {
  return { ...z.toJSONSchema(schema, { target: "draft-7" }), title };
}
