import { describe, expect, it } from "vitest";
import { runVariants } from "../run-variants.ts";
import { describeExhaustion, EXHAUSTION, gatewayExhaustion } from "./gateway-exhaustion.ts";

describe("a gateway with 500 ports towards its upstream and no reuse, asked 800 times", () => {
  it.each([
    "{ kind: short-lived, arrival: { model: closed, connections: 8, limit: 800 } }",
    "{ kind: keep-alive, arrival: { model: closed, connections: 8, limit: 800 } }",
  ])("%s: exactly 500 answers and 300 times 502, by ports of the target", async (workload) => {
    const results = await runVariants(gatewayExhaustion(workload));
    expect(describeExhaustion(results)).toEqual(EXHAUSTION);
  });
});

/** nginx in front of the upstream, which it tells in its requests to close first, or not; with a pool of connections or none. */
const nginx = (connection: string, pool = ""): string => `
version: 1
name: nginx-gateway
topology: gateway
workload: { kind: keep-alive, arrival: { model: closed, connections: 4, limit: 600 } }
phases: { measure: 3s }
sysctls: { target: { net.ipv4.ip_local_port_range: "40000 40499", net.ipv4.tcp_tw_reuse: 0 } }
target:
  command:
    - sh
    - -c
    - |
      cat >{dir}/nginx.conf <<CONF
      daemon off; worker_processes 1; pid {dir}/pid; error_log stderr;
      events {}
      http {
        access_log off; keepalive_requests 100000;
        client_body_temp_path {dir}/1; proxy_temp_path {dir}/2; fastcgi_temp_path {dir}/3;
        uwsgi_temp_path {dir}/4; scgi_temp_path {dir}/5;
        proxy_http_version 1.1; proxy_set_header Connection ${connection};
        upstream behind { server {upstream}; ${pool} }
        server { listen {port}; location / { proxy_pass http://behind; } }
      }
      CONF
      exec nginx -c {dir}/nginx.conf
variants: [{ name: only }]
replicates: 1
`;

describe("nginx as a gateway that opens a connection for each request", () => {
  it("answers 502 beyond its 500 ports when it closes first, by ports of the target, and its log says why", async () => {
    const { only } = await runVariants(nginx("keep-alive"));
    expect(only?.of("client", "requests.succeeded")).toBe(500);
    expect(only?.of("client", "requests.failed")).toBe(100);
    expect(only?.of("upstream", "tcp.PassiveOpens")).toBe(500);
    expect(only?.of("client", "failures.EADDRNOTAVAIL")).toBe(0);
    const { events } = only?.outcome.record ?? { events: [] };
    const limits = events.filter(
      ({ kind, role }) => kind.startsWith("limit.") && role !== "client",
    );
    expect(limits).toEqual([
      expect.objectContaining({
        kind: "limit.ports",
        role: "target",
        detail: expect.objectContaining({
          "client.requests.failed": 100,
          "target.ports.used_peak": 500,
          "target.ports.range": 500,
        }),
      }),
    ]);
    const log = only?.outcome.record.events.find(({ kind }) => kind === "target.log");
    expect(log).toMatchObject({ role: "target" });
    expect(String(log?.detail["log"])).toContain("Cannot assign requested address");
  });

  it("never runs out when it asks the upstream to close first", async () => {
    const { only } = await runVariants(nginx("close"));
    expect(only?.of("client", "requests.succeeded")).toBe(600);
    // nginx closes as soon as it has the answer: both FINs may cross, and then both sides enter TIME_WAIT; mostly the upstream is first.
    expect(only?.of("upstream", "tcpext.TW")).toBeGreaterThan(300);
    expect(only?.of("target", "ports.used_peak")).toBeLessThan(250);
  });

  it("keeps a pool when it is told to, which is no leftover of the load", async () => {
    const { only } = await runVariants(nginx('""', "keepalive 16;"));
    expect(only?.of("client", "requests.succeeded")).toBe(600);
    expect(only?.of("upstream", "tcp.PassiveOpens")).toBeLessThanOrEqual(16);
    const warnings = only?.outcome.record.warnings.map(({ code }) => code);
    expect(warnings).not.toContain("W_NOT_SETTLED");
  });
});
