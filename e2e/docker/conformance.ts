/** Counts that are the same wherever a trial runs and from wherever it is measured. */
export const COUNTS = [
  ["client", "connections.attempted"],
  ["client", "connections.succeeded"],
  ["client", "connections.failed"],
  ["client", "failures.EADDRNOTAVAIL"],
  ["client", "requests.succeeded"],
  ["client", "time_wait.peak"],
  ["client", "tcp.ActiveOpens"],
  ["client", "rst.sent"],
  ["client", "ports.range"],
  ["target", "tcp.PassiveOpens"],
  ["target", "tcpext.TW"],
  ["target", "rst.received"],
] as const;

/** The shipped scenarios of these names, in a second. */
export const CONFORMING = {
  "quickstart and closer": `
workload: { kind: short-lived, arrival: { model: open, rate: 300/s } }
sysctls: { client: { net.ipv4.ip_local_port_range: "40000 40099", net.ipv4.tcp_tw_reuse: 0 } }
matrix: { workload.closer: [client, server] }`,
  "tw-buckets": `
workload: { kind: short-lived, closer: server, arrival: { model: open, rate: 300/s } }
sysctls: { target: { net.ipv4.tcp_max_tw_buckets: 1000 } }
variants: [{ name: wide }]`,
  "linger-rst": `
workload: { kind: short-lived, close: rst, arrival: { model: open, rate: 300/s } }
variants: [{ name: rst }]`,
} as const;

/** A scenario of one replicate and one second. */
export const conformance = (parts: string): string =>
  `version: 1\nname: conformance\nphases: { measure: 1s }\nreplicates: 1\n${parts}\n`;
