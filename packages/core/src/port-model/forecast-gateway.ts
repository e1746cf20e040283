import type { TrialSpec } from "../scenario.ts";
import { describePool } from "./describe-pool.ts";
import { describePrediction } from "./describe-prediction.ts";
import { forecastCounts, UNKNOWN_COUNTS } from "./forecast-counts.ts";
import type { KernelFacts, PortCounts, PortForecast, PortPool } from "./port-forecast.ts";

/** What the ports of a gateway allow; its counts are those of connections to the upstream. */
export type GatewayForecast = Omit<PortForecast, "expectations">;

/**
 * The forecast for the target's ports of a built-in gateway that opens a connection for each request, which it closes first:
 * it is to its upstream what a client is to its server. How many there will be is known of an open arrival, unless the client
 * runs out of ports itself; of a closed loop only what the ports carry in the long run. null where there are no such
 * connections.
 */
export function forecastGateway(spec: TrialSpec, facts: KernelFacts = {}): GatewayForecast | null {
  const { topology, target, upstream, workload } = spec;
  if (topology !== "gateway" || !("server" in target)) return null;
  if (upstream?.connections !== "short-lived" || target.misbehaviour !== "none") return null;
  if (workload.kind === "hold") return null;
  const dialling = describeDialling(spec);
  const dialled = describePool(dialling, facts);
  const because = dialled.wait.because.replace("the client", "the gateway");
  const pool = { ...dialled, wait: { ...dialled.wait, because } };
  const counts = countUntilClient(spec, forecastCounts(dialling, pool), facts);
  const forecast = { ...pool, ...counts };
  const sentences = [describePrediction(forecast)];
  if (workload.arrival.model === "closed") {
    sentences.push("A closed loop asks for as many as are answered, however soon that is.");
  } else if (counts === UNKNOWN_COUNTS) {
    sentences.push("The client runs out of ports itself, so how many reach it is not known.");
  }
  return { ...forecast, sentence: sentences.join(" ") };
}

/** The counts hold as long as every request comes: not once the client is without ports. */
function countUntilClient(spec: TrialSpec, counts: PortCounts, facts: KernelFacts): PortCounts {
  if (spec.workload.kind !== "short-lived") return counts;
  const direct = { ...spec, topology: "direct" as const };
  const client = forecastCounts(direct, describePool(direct, facts));
  if (typeof client.firstExhaustedMs !== "number") return counts;
  const first = counts.firstExhaustedMs;
  return typeof first === "number" && first < client.firstExhaustedMs
    ? { ...UNKNOWN_COUNTS, firstExhaustedMs: first, cliffMs: counts.cliffMs }
    : UNKNOWN_COUNTS;
}

/** The trial as the gateway's own side of it: a connection for each request, from one source. */
function describeDialling(spec: TrialSpec): TrialSpec {
  const { target = {}, upstream = {} } = spec.sysctls;
  return {
    ...spec,
    topology: "direct",
    sysctls: { client: target, target: upstream },
    workload: {
      ...spec.workload,
      kind: "short-lived",
      requestsPerConnection: 1,
      closer: "client",
      close: "fin",
      bind: "none",
      sources: 1,
    },
  };
}

type Foretold = Pick<GatewayForecast, "firstExhaustedMs" | "ceilingPerS" | "sentence"> &
  Pick<PortPool, "limit">;

/**
 * Whether a gateway is foretold to run out of ports: `will` where it is known when, `may` where its load is not known and its
 * ports carry only so much; null where neither.
 */
export function willGatewayRunOut({
  firstExhaustedMs,
  ceilingPerS,
  limit,
}: Foretold): "will" | "may" | null {
  if (typeof firstExhaustedMs === "number") return "will";
  return firstExhaustedMs === null && ceilingPerS !== null && limit !== "none" ? "may" : null;
}
