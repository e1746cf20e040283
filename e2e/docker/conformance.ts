import { readFileSync } from "node:fs";
import path from "node:path";
import { judgeGates, parseScenario } from "@churnlab/core";
import type { VariantResult } from "../run-variants.ts";
import { ROOT } from "./engine.ts";

type Results = Readonly<Record<string, VariantResult>>;

/** Counts that are the same wherever a trial runs and from wherever it is measured. */
const COUNTS = [
  ["client", "connections.attempted"],
  ["client", "connections.succeeded"],
  ["client", "connections.failed"],
  ["client", "failures.EADDRNOTAVAIL"],
  ["client", "requests.succeeded"],
  ["client", "time_wait.peak"],
  ["client", "tcp.ActiveOpens"],
  ["client", "tcpext.TCPTimeWaitOverflow"],
  ["client", "rst.sent"],
  ["client", "ports.range"],
  ["target", "tcp.PassiveOpens"],
  ["target", "tcpext.TW"],
  ["target", "rst.received"],
] as const;

/** Of these variants the kernel's clock decides how many sockets are opened or in TIME_WAIT, so only answers are exact. */
const LOOSE_VARIANTS: ReadonlySet<string> = new Set(["tw_reuse=1", "keep-alive"]);
const LOOSE_COUNTS: ReadonlySet<string> = new Set([
  "failures.EADDRNOTAVAIL",
  "requests.succeeded",
  "rst.sent",
  "ports.range",
]);

/** What a run has counted, by variant. */
export function countsOf(results: Results): readonly (readonly [string, readonly string[]])[] {
  return Object.entries(results).map(([variant, result]) => {
    const isLoose = LOOSE_VARIANTS.has(variant);
    const counts = COUNTS.filter(([, metric]) => !isLoose || LOOSE_COUNTS.has(metric));
    return [
      variant,
      counts.map(([role, metric]) => `${role}.${metric} ${result.of(role, metric)}`),
    ];
  });
}

/** The gates of a scenario over its results: `client.connections.succeeded of baseline: pass`. */
export function verdictsOf(yaml: string, results: Results): readonly string[] {
  const { gates } = parseScenario(yaml, "conformance.yaml");
  const variants = Object.entries(results).map(([name, { outcome }]) => {
    const { measurements } = outcome.record;
    return { name, trials: [{ block: 0, state: "completed" as const, measurements }] };
  });
  return judgeGates({ gates, variants, baseline: variants[0]?.name ?? "" }).map(
    ({ gate, variant, outcome }) => `${gate.metric} of ${variant}: ${outcome}`,
  );
}

/** By how much the load of a shipped scenario is offered faster, with as many connections in all and the same gates. */
export const HASTE = {
  "docker-quickstart": 4,
  closer: 6,
  "tw-buckets": 2,
  "linger-rst": 6,
} as const;

/** A shipped scenario as it is, but with one replicate, its load in one or two seconds, and in any testbed. */
export function hastened(name: keyof typeof HASTE): string {
  const text = readFileSync(path.join(ROOT, "scenarios", `${name}.yaml`), "utf8");
  const replace = (from: string, pattern: RegExp, to: (value: number) => string): string => {
    if (!pattern.test(from)) throw new Error(`${name} has no ${pattern}`);
    return from.replace(pattern, (_, value) => to(Number(value)));
  };
  const faster = replace(text, /rate: (\d+)\/s/, (perS) => `rate: ${perS * HASTE[name]}/s`);
  const shorter = replace(faster, /measure: (\d+)s/, (s) => `measure: ${s / HASTE[name]}s`);
  const once = replace(shorter, /^replicates: (\d+)/m, () => "replicates: 1");
  return once.replace(/^testbed: docker\n/m, "");
}

/** A scenario of one replicate and one second. */
export const conformance = (parts: string): string =>
  `version: 1\nname: conformance\nphases: { measure: 1s }\nreplicates: 1\n${parts}\n`;
