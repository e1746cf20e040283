import { expect, it } from "vitest";
import { limitsOf, runOne } from "./run-one.ts";

/** What a connect() costs is real time: where other work took a share of one load, the next may be spared. */
const LOADS_MAX = 3;

interface Search {
  readonly portUsePercent: number;
  /** So many times the cost of a connect() before. */
  readonly times: number;
}

it("a shortage of ports that only slows connect() is named, though nothing fails", async () => {
  const found: Search[] = [];
  const isPlain = ({ portUsePercent, times }: Search): boolean =>
    portUsePercent >= 40 && portUsePercent <= 60 && times >= 4.5;
  while (found.length < LOADS_MAX && !found.some(isPlain)) found.push(await search());
  expect(found).toSatisfy((all: Search[]) => all.some(isPlain));
});

async function search(): Promise<Search> {
  const outcome = await runOne(`
workload: { kind: short-lived, closer: client, engine: epoll, arrival: { model: closed, connections: 4, limit: 6000 } }
target: { engine: epoll }
sysctls: { client: { net.ipv4.ip_local_port_range: 10000 17999, net.ipv4.tcp_tw_reuse: 0 } }
phases: { measure: 10s }`);
  expect(outcome.record.failures).toEqual([]);
  const limit = limitsOf(outcome).find(({ kind }) => kind === "limit.port-search");
  if (limit === undefined) return { portUsePercent: Number.NaN, times: Number.NaN };
  const { role, detail } = limit;
  expect({ role, detail }).toMatchObject({
    role: "client",
    detail: { "client.ports.used_peak": 6000, "client.ports.range": 8000 },
  });
  return {
    portUsePercent: Number(detail["connect.port_use_percent"]),
    times: Number(detail["connect.us_after"]) / Number(detail["connect.us_before"]),
  };
}
