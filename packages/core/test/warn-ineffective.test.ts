import { expect, test } from "vitest";
import { warnIneffective } from "../src/warn-ineffective.ts";
import { parseSpec } from "./fixtures/scenario-texts.ts";

function reasons(more: string, workload?: string): string[] {
  return warnIneffective(parseSpec(more, workload)).map(({ message }) => message);
}

const shortLived = "kind: short-lived, arrival: { rate: 1/s }";

test.each([
  ["target: { net.ipv4.tcp_tw_reuse: 1 }", "", /target dials nobody/],
  ["client: { net.ipv4.tcp_tw_reuse: 2 }", "", /loopback only/],
  ["client: { net.ipv4.tcp_tw_reuse: 1 }", "closer: server", /server closes first/],
  ["client: { net.ipv4.tcp_tw_reuse: 1 }", "close: rst", /closed by RST/],
  ["client: { net.ipv4.tcp_tw_reuse: 1 }", "bind: address", /taken by bind\(\)/],
  [
    "client: { net.ipv4.tcp_tw_reuse: 1 }, target: { net.ipv4.tcp_timestamps: 0 }",
    "",
    /timestamps, which are off on the target/,
  ],
  ["client: { net.ipv4.tcp_tw_reuse_delay: 5 }", "", /only with tcp_tw_reuse = 1/],
  ["client: { net.ipv4.tcp_fin_timeout: 5 }", "", /does not change TIME_WAIT/],
  ["target: { net.ipv4.tcp_fin_timeout: 5 }", "", /side that closes first, and that is the client/],
  ["target: { net.ipv4.tcp_max_syn_backlog: 64 }", "", /ignored while tcp_syncookies is not 0/],
  ["client: { net.core.somaxconn: 64 }", "", /the client does not/],
  ["target: { net.core.somaxconn: 65535 }", "", /the default 4096 allows as well/],
  ["client: { net.ipv4.ip_autobind_reuse: 1 }", "", /only with bind: address/],
  ["target: { net.ipv4.ip_local_port_range: '1024 65535' }", "", /target dials nobody/],
  ["target: { net.ipv4.tcp_max_tw_buckets: 5 }", "", /closes first, and that is the client/],
  ["client: { net.ipv4.tcp_max_tw_buckets: 5 }", "closer: server", /that is the target/],
  ["client: { net.ipv4.tcp_keepalive_time: 5 }", "", /SO_KEEPALIVE/],
  ["client: { net.ipv4.tcp_child_ehash_entries: 64 }", "", /created from this one/],
])("%s does nothing where %s", (sysctls, workload, expected) => {
  const [message, ...more] = reasons(
    `sysctls: { ${sysctls} }`,
    [shortLived, workload].filter(Boolean).join(", "),
  );
  expect(more).toEqual([]);
  expect(message).toMatch(expected);
  expect(message).toMatch(/^(client|target): net\..* = \S+.* has no effect here: /);
});

test.each([
  ["client: { net.ipv4.tcp_tw_reuse: 1, net.ipv4.tcp_tw_reuse_delay: 5 }", ""],
  ["client: { net.ipv4.tcp_tw_reuse: 0 }", ""],
  ["client: { net.ipv4.tcp_tw_reuse: 1 }", "bind: address-no-port"],
  ["client: { net.ipv4.ip_autobind_reuse: 1 }", "bind: address"],
  ["client: { net.ipv4.tcp_max_tw_buckets: 5 }", ""],
  ["target: { net.ipv4.tcp_max_tw_buckets: 5 }", "closer: server"],
  ["target: { net.ipv4.tcp_max_syn_backlog: 64, net.ipv4.tcp_syncookies: 0 }", ""],
  ["target: { net.core.somaxconn: 64 }", ""],
  ["client: { net.ipv4.tcp_syn_retries: 2 }", ""],
])("%s acts where %s", (sysctls, workload) => {
  expect(
    reasons(`sysctls: { ${sysctls} }`, [shortLived, workload].filter(Boolean).join(", ")),
  ).toEqual([]);
});

test("in the gateway topology the target dials, so its dialling settings act", () => {
  const sysctls =
    "sysctls: { target: { net.ipv4.tcp_tw_reuse: 1 }, upstream: { net.ipv4.tcp_tw_reuse: 1 } }";
  expect(reasons(`topology: gateway\n${sysctls}`)).toEqual([
    "upstream: net.ipv4.tcp_tw_reuse = 1 has no effect here: it acts on the side that dials, and the upstream dials nobody",
  ]);
});

test("tcp_fin_timeout acts where the target never sends its FIN", () => {
  const sysctls = "sysctls: { client: { net.ipv4.tcp_fin_timeout: 5 } }";
  expect(reasons(`target: { misbehaviour: never-close }\n${sysctls}`)).toEqual([]);
});
