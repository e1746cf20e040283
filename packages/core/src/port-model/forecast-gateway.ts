import type { TrialSpec } from "../scenario.ts";
import { describePool } from "./describe-pool.ts";
import { describePrediction } from "./describe-prediction.ts";
import { forecastCounts } from "./forecast-counts.ts";
import type { KernelFacts, PortForecast } from "./port-forecast.ts";

/** What the ports of a gateway allow; its counts are those of connections to the upstream. */
export type GatewayForecast = Omit<PortForecast, "expectations">;

/**
 * The forecast for the target's ports of a built-in gateway that opens a connection for each request, which it closes first:
 * it is to its upstream what a client is to its server. null where the scenario does not tell how many there will be.
 */
export function forecastGateway(spec: TrialSpec, facts: KernelFacts = {}): GatewayForecast | null {
  const { topology, target, upstream, workload } = spec;
  if (topology !== "gateway" || !("server" in target)) return null;
  if (upstream?.connections !== "short-lived" || target.misbehaviour !== "none") return null;
  if (workload.kind !== "keep-alive" || workload.arrival.model !== "open") return null;
  const dialling = describeDialling(spec);
  const dialled = describePool(dialling, facts);
  const because = dialled.wait.because.replace("the client", "the gateway");
  const pool = { ...dialled, wait: { ...dialled.wait, because } };
  const forecast = { ...pool, ...forecastCounts(dialling, pool) };
  return { ...forecast, sentence: describePrediction(forecast) };
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
