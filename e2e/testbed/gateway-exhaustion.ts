import { attributeLimits } from "@churnlab/core";
import type { VariantResult } from "../run-variants.ts";

/** 800 requests to the built-in gateway, which has 500 ports towards its upstream and no reuse. */
export const gatewayExhaustion = (workload: string): string => `
version: 1
name: gateway
topology: gateway
workload: ${workload}
phases: { measure: 3s }
sysctls: { target: { net.ipv4.ip_local_port_range: "40000 40499", net.ipv4.tcp_tw_reuse: 0 } }
variants:
  - { name: short-lived, upstream: { connections: short-lived } }
  - { name: pooled, upstream: { connections: pooled, poolSize: 20 } }
replicates: 1
`;

const COUNTS = [
  ["client", "requests.succeeded"],
  ["client", "requests.failed"],
  ["client", "failures.EADDRNOTAVAIL"],
  ["target", "requests.succeeded"],
  ["target", "failures.EADDRNOTAVAIL"],
] as const;

const COUNTS_OF_SHORT = [
  ...COUNTS,
  ["target", "connections.attempted"],
  ["target", "connections.established"],
  ["target", "ports.used_peak"],
  ["target", "tcpext.TW"],
  ["upstream", "tcp.PassiveOpens"],
] as const;

function describeVariant(
  result: VariantResult,
  counts: typeof COUNTS | typeof COUNTS_OF_SHORT,
): Record<string, unknown> {
  const { measurements, failures, warnings, events, environment } = result.outcome.record;
  const facts = environment?.facts ?? {};
  const limits = attributeLimits({
    measurements,
    failures,
    warnings,
    bind: "none",
    topology: "gateway",
    events,
    facts,
  });
  return {
    ...Object.fromEntries(
      counts.map(([role, metric]) => [`${role}.${metric}`, result.of(role, metric)]),
    ),
    errnos: failures.map(({ errno }) => errno),
    limits: limits
      .filter(({ resource }) => resource !== "generator")
      .map(({ role, resource }) => `${role}.${resource}`),
  };
}

/** What of a run of `gatewayExhaustion` is the same every time. */
export function describeExhaustion(
  results: Readonly<Record<string, VariantResult>>,
): Record<string, unknown> {
  const { "short-lived": short, pooled } = results;
  if (short === undefined || pooled === undefined) throw new Error("a variant did not run");
  return {
    short: describeVariant(short, COUNTS_OF_SHORT),
    pooled: {
      ...describeVariant(pooled, COUNTS),
      isWithinPool: pooled.of("target", "connections.established") <= 20,
      isSettled: pooled.outcome.record.warnings.every(({ code }) => code !== "W_NOT_SETTLED"),
    },
  };
}

/** Exactly 500 answers and 300 times 502, by ports of the target; with a pool none. */
export const EXHAUSTION = {
  short: {
    "client.requests.succeeded": 500,
    "client.requests.failed": 300,
    "client.failures.EADDRNOTAVAIL": 0,
    "target.requests.succeeded": 500,
    "target.failures.EADDRNOTAVAIL": 300,
    "target.connections.attempted": 800,
    "target.connections.established": 500,
    "target.ports.used_peak": 500,
    "target.tcpext.TW": 500,
    "upstream.tcp.PassiveOpens": 500,
    errnos: ["HTTP_502"],
    limits: ["target.ports"],
  },
  pooled: {
    "client.requests.succeeded": 800,
    "client.requests.failed": 0,
    "client.failures.EADDRNOTAVAIL": 0,
    "target.requests.succeeded": 800,
    "target.failures.EADDRNOTAVAIL": 0,
    errnos: [],
    limits: [],
    isWithinPool: true,
    isSettled: true,
  },
} as const;
