import { expect, it } from "vitest";
import { limitsOf, runOne } from "./run-one.ts";

it("a shortage of ports that only slows connect() is named, though nothing fails", async () => {
  const outcome = await runOne(`
workload: { kind: short-lived, closer: client, engine: epoll, arrival: { model: closed, connections: 4, limit: 6000 } }
target: { engine: epoll }
sysctls: { client: { net.ipv4.ip_local_port_range: 10000 17999, net.ipv4.tcp_tw_reuse: 0 } }
phases: { measure: 10s }`);
  expect(outcome.record.failures).toEqual([]);
  const limit = limitsOf(outcome).find(({ kind }) => kind === "limit.port-search");
  expect(limit).toMatchObject({
    role: "client",
    detail: { "client.ports.used_peak": 6000, "client.ports.range": 8000 },
  });
  const { detail = {} } = limit ?? {};
  expect(detail["connect.port_use_percent"]).toBeGreaterThanOrEqual(40);
  expect(detail["connect.port_use_percent"]).toBeLessThanOrEqual(60);
  const times = Number(detail["connect.us_after"]) / Number(detail["connect.us_before"]);
  expect(times).toBeGreaterThanOrEqual(4.5);
});
