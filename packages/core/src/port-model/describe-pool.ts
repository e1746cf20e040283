import type { TrialSpec } from "../scenario.ts";
import { arrivalsPerConnection, offeredRates, requestsMean } from "./connection-arrivals.ts";
import type { KernelFacts, PortLimit, PortPool, Range } from "./port-forecast.ts";
import { findPortWait } from "./port-wait.ts";
import { timeWaitLength } from "./time-wait-length.ts";
import { countUsablePorts } from "./usable-ports.ts";

/** The ports of a variant, what keeps them, and how many connections per second they carry in the long run. */
export function describePool(spec: TrialSpec, facts: KernelFacts): PortPool {
  const { workload, sysctls } = spec;
  const ports = countUsablePorts(sysctls.client ?? {});
  const closer = workload.closer === "client" ? "client" : "target";
  const buckets = sysctls[closer]?.["net.ipv4.tcp_max_tw_buckets"] ?? facts.timeWaitBuckets;
  const pool = {
    ports,
    tuples: ports * workload.sources,
    wait: findPortWait(spec),
    timeWait: timeWaitLength(facts.hz ?? 250),
    timeWaitMax: buckets === undefined ? null : Math.max(0, Number(buckets)),
    lifeMs: connectionLifeMs(spec),
  };
  const ceilingPerS = findCeiling(spec, pool);
  const { arrival } = workload;
  return {
    ...pool,
    kind: "predicted",
    ceilingPerS,
    limit: findLimit(spec, { ...pool, ceilingPerS }),
    offeredPerS:
      arrival.model === "open" ? offeredRates(arrival, arrivalsPerConnection(workload)) : null,
    errno: workload.bind === "address" ? "EADDRINUSE" : "EADDRNOTAVAIL",
  };
}

/** What the target's delay and the client's thinking add up to; 0 for connections that are kept. */
function connectionLifeMs({ workload, target }: TrialSpec): number {
  const requests = requestsMean(workload);
  if (!Number.isFinite(requests)) return 0;
  const delayMs = "delayMs" in target ? target.delayMs : 0;
  return requests * delayMs + Math.max(0, requests - 1) * workload.thinkMs;
}

type Ports = Pick<PortPool, "tuples" | "wait" | "timeWait" | "timeWaitMax" | "lifeMs">;

/** Tuples over the time that each is taken; null where they are free again at once, or kept. */
function findCeiling({ workload }: TrialSpec, ports: Ports): Range | null {
  const { tuples, wait, timeWait, timeWaitMax, lifeMs } = ports;
  if (workload.kind === "hold" || !Number.isFinite(requestsMean(workload))) return null;
  const perS = (count: number, waitMs: number): number | null =>
    lifeMs + waitMs === 0 ? null : (count * 1000) / (lifeMs + waitMs);
  const remembered = (timeWaitMax ?? Number.POSITIVE_INFINITY) * workload.sources;
  switch (wait.kind) {
    case "none":
      return exactly(perS(tuples, 0));
    case "reuse-delay":
      return exactly(perS(tuples, wait.delayMs));
    case "time-wait":
      // With fewer TIME_WAIT sockets than ports, the ports that are left wait for nothing.
      if (remembered < tuples) return exactly(perS(tuples - remembered, 0));
      return {
        low: perS(tuples, timeWait.mostMs) ?? 0,
        high: perS(tuples, timeWait.leastMs) ?? 0,
      };
  }
}

function exactly(value: number | null): Range | null {
  return value === null ? null : { low: value, high: value };
}

function findLimit(
  { workload }: TrialSpec,
  { wait, ceilingPerS }: Pick<PortPool, "wait" | "ceilingPerS">,
): PortLimit {
  if (workload.kind === "hold") return "ports";
  if (ceilingPerS === null) return "none";
  return wait.kind === "reuse-delay" ? "reuse-delay" : "ports";
}
