import { ERRNO } from "../errno.ts";
import { PREDICTION_TOLERANCES } from "../grade-prediction.ts";
import { LATENCY_METRICS } from "../histogram.ts";
import { nameMetric } from "../metric-key.ts";
import { describeMetric, METRICS, type MetricDescription } from "../metrics.ts";
import { parseDurationMs } from "../parse-duration.ts";
import { parseRatePerS } from "../parse-rate.ts";
import { parseShare } from "../parse-share.ts";
import { MODELLED_METRICS } from "../port-model/list-model-bounds.ts";
import { ROLES, type Role } from "../role.ts";
import type { Gate } from "../scenario.ts";
import { suggestName } from "../suggest-name.ts";
import { placeOf } from "./check-shape.ts";
import type { FileGate } from "./file-spec.ts";
import { childOf, hasBroken, type Located, toPlain } from "./located.ts";
import type { Place } from "./place.ts";
import type { ProblemList } from "./problem.ts";

interface GateContext {
  readonly node: Located;
  readonly variants: readonly string[];
  readonly problems: ProblemList;
}

/** The gates of a scenario, each checked against the metrics and the names of the variants. */
export function readGates(
  root: Located,
  variants: readonly string[],
  problems: ProblemList,
): Gate[] {
  const list = childOf(root, "gates");
  if (list?.kind !== "list") return [];
  return list.items.flatMap((node) => {
    if (node.kind !== "map") return [];
    const gate = toPlain(node) as FileGate;
    const context = { node, variants, problems };
    const metric = gate.metric === undefined ? null : readMetric(gate.metric, context);
    checkVariant(gate.variant, "variant", context);
    const bound = readBound(gate, metric, context);
    if (metric === null || bound === null) return [];
    return [{ metric: gate.metric, variant: gate.variant ?? null, bound }];
  });
}

/** Every metric with its role, patterns as they are: what a near miss is looked for in. */
const knownMetrics = METRICS.flatMap(({ name, roles }) =>
  roles.map((role) => nameMetric({ role, metric: name })),
);

function readMetric(text: string, { node, problems }: GateContext): MetricDescription | null {
  const place = placeOf(node, ["metric"]);
  const dot = text.indexOf(".");
  const [role, name] = [text.slice(0, dot), text.slice(dot + 1)];
  const code = "E_METRIC_UNKNOWN";
  if (dot === -1 || !(ROLES as readonly string[]).includes(role)) {
    const suggestion = suggestMetric(text) ?? suggestMetric(`client.${text}`);
    problems.add(
      place,
      `a metric starts with its role, as in client.${text || "connections.rate"}`,
      {
        code,
        suggestion,
      },
    );
    return null;
  }
  const metric = describeMetric(name);
  if (metric === null || !namesKnownPart(metric.name, name)) {
    problems.add(place, `unknown metric ${text}`, { code, suggestion: suggestMetric(text) });
    return null;
  }
  if (!metric.roles.includes(role as Role)) {
    const suggestion = `${metric.roles[0]}.${name}`;
    problems.add(place, `${name} is not measured on the ${role}`, { code, suggestion });
    return null;
  }
  return metric;
}

/** Where a pattern stands for a name that is ours to know (an errno, a latency), it must be one of them. */
function namesKnownPart(pattern: string, name: string): boolean {
  const part = name.split(".")[1] as string;
  if (pattern === "failures.*") return part in ERRNO;
  if (pattern.startsWith("latency.*")) return (LATENCY_METRICS as readonly string[]).includes(part);
  return true;
}

function suggestMetric(text: string): string | null {
  const concrete = knownMetrics.flatMap((known) => {
    if (known.endsWith(".failures.*")) return Object.keys(ERRNO).map((e) => known.replace("*", e));
    if (known.includes("latency.*")) return LATENCY_METRICS.map((l) => known.replace("*", l));
    return known.includes("*") ? [] : [known];
  });
  return suggestName(text, concrete);
}

function checkVariant(
  name: string | undefined,
  field: "variant" | "against",
  { node, variants, problems }: GateContext,
): void {
  if (name === undefined || variants.includes(name)) return;
  const suggestion = suggestName(name, variants);
  problems.add(placeOf(node, [field]), `no variant is named ${name}`, { suggestion });
}

const BOUNDS = ["max", "min", "equals", "against"] as const;

function readBound(
  gate: FileGate,
  metric: MetricDescription | null,
  context: GateContext,
): Gate["bound"] | null {
  const { node, problems } = context;
  const [kind, ...others] = BOUNDS.filter((bound) => gate[bound] !== undefined);
  if (kind === undefined) {
    const message = "a gate needs max, min, equals, against: model, or against with worseBy";
    if (!hasBroken(node)) problems.add(placeOf(node, []), message);
    return null;
  }
  for (const other of others) {
    problems.add(placeOf(node, [other]), `a gate has one bound; ${kind} is set too`);
  }
  if (kind === "against") {
    return isAgainstModel(gate, context)
      ? readModel(gate, metric, context)
      : readRelative(gate, metric, context);
  }
  refuseFields(gate, ["worseBy", "budget"], { belongTo: "against: baseline", context });
  refuseFields(gate, ["within"], { belongTo: "against: model", context });
  const value = readValue(gate[kind] as number | string, metric);
  if (value !== null) return { kind, value };
  addBadValue(placeOf(node, [kind]), metric, problems);
  return null;
}

function refuseFields(
  gate: FileGate,
  fields: readonly ("worseBy" | "budget" | "within")[],
  { belongTo, context }: { readonly belongTo: string; readonly context: GateContext },
): void {
  for (const field of fields.filter((each) => gate[each] !== undefined)) {
    context.problems.add(placeOf(context.node, [field]), `${field} belongs to ${belongTo}`);
  }
}

/** A variant may be called model: it is meant where the gate says by how much it may be worse. */
function isAgainstModel({ against, worseBy }: FileGate, { variants }: GateContext): boolean {
  return against === "model" && !(variants.includes("model") && worseBy !== undefined);
}

function readModel(
  gate: FileGate,
  metric: MetricDescription | null,
  context: GateContext,
): Gate["bound"] | null {
  const { node, problems } = context;
  refuseFields(gate, ["worseBy", "budget"], { belongTo: "against: baseline", context });
  if (metric !== null && !(MODELLED_METRICS as readonly string[]).includes(gate.metric)) {
    const message = `the port model does not predict ${gate.metric}, but ${MODELLED_METRICS.join(", ")}`;
    const suggestion = suggestName(gate.metric, MODELLED_METRICS);
    problems.add(placeOf(node, ["metric"]), message, { suggestion });
  }
  const within = gate.within === undefined ? null : parseShare(gate.within);
  return { kind: "model", within: within ?? PREDICTION_TOLERANCES[metric?.class ?? "count"] };
}

function readRelative(
  gate: FileGate,
  metric: MetricDescription | null,
  context: GateContext,
): Gate["bound"] | null {
  const { node, problems } = context;
  const baseline = gate.against as string;
  refuseFields(gate, ["within"], { belongTo: "against: model", context });
  if (baseline !== "baseline") checkVariant(baseline, "against", context);
  if (metric?.better === "neither") {
    const message = `${gate.metric} has no better side, so nothing is worse; use max or min`;
    problems.add(placeOf(node, ["metric"]), message);
  }
  const worseBy = gate.worseBy === undefined ? null : parseShare(gate.worseBy);
  const budget = gate.budget === undefined ? null : parseShare(gate.budget);
  if (
    budget !== null &&
    metric !== null &&
    !(metric.class === "count" && metric.better === "lower")
  ) {
    const message = `${gate.metric} is no count of harm, so that it has no budget of events`;
    problems.add(placeOf(node, ["budget"]), message);
  }
  if (worseBy !== null) {
    return { kind: "against", baseline, worseBy, ...(budget === null ? {} : { budget }) };
  }
  if (!hasBroken(node)) {
    problems.add(placeOf(node, ["worseBy"]), "against needs worseBy, as in worseBy: 10%");
  }
  return null;
}

/** A number in the metric's own unit, or text with a unit that converts to it (`5ms` for microseconds). */
function readValue(value: number | string, metric: MetricDescription | null): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  switch (metric?.unit) {
    case undefined:
      return 0;
    case "us": {
      const ms = parseDurationMs(value);
      return ms === null ? null : ms * 1000;
    }
    case "ms":
      return parseDurationMs(value);
    case "/s":
      return parseRatePerS(value);
    case "share":
      return parseShare(value);
    default:
      return null;
  }
}

function addBadValue(place: Place, metric: MetricDescription | null, problems: ProblemList): void {
  const example = unitExamples[metric?.unit ?? ""];
  const form =
    example === undefined ? "a number" : `a number (of ${metric?.unit}), or as in ${example}`;
  problems.add(place, `this bound must be ${form}`);
}

const unitExamples: Readonly<Record<string, string>> = {
  us: "5ms",
  ms: "10s",
  "/s": "400/s",
  share: "85%",
};
