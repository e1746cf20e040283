/** Scenarios to start from, each with what it is about. */
export const SCENARIO_TEMPLATES = {
  smoke: `# Does everything work here? One variant, one second, one hundred connections.
version: 1
name: smoke
workload:
  kind: short-lived                    # short-lived | keep-alive | hold
  closer: client                       # who sends the first FIN, and so holds TIME_WAIT
  arrival: { model: open, rate: 100/s }
phases: { measure: 1s }
replicates: 1
gates:
  - { metric: client.connections.failed, max: 0 }
`,
  "tw-reuse": `# Does tcp_tw_reuse lift the ceiling of short connections?
#
# Every connection that the client closes first keeps its port in TIME_WAIT for 60 s, so ports / 60 s is the highest rate
# that can go on. The range is narrow to show in seconds what takes a minute with the usual 28 232 ports.
version: 1
name: tw-reuse
workload:
  kind: short-lived
  closer: client
  arrival: { model: open, rate: 400/s }
phases: { measure: 8s }
sysctls:                               # of every variant, by the side they act on: client, target, upstream
  client: { net.ipv4.ip_local_port_range: "30000 32047" }
variants:                              # the first is the baseline
  - { name: baseline, sysctls: { client: { net.ipv4.tcp_tw_reuse: 0 } } }
  - { name: tw_reuse=1, sysctls: { client: { net.ipv4.tcp_tw_reuse: 1 } } }
replicates: 3                          # 5 for an interval, 8 for a claim by one gate, 11 to 13 by a table; auto: 8 to 16
seed: 1
gates:
  - { metric: client.failures.EADDRNOTAVAIL, variant: tw_reuse=1, max: 0 }
  - { metric: client.latency.connect.p99, against: baseline, worseBy: 10% }
`,
  "port-range": `# How far does a wider port range carry?
#
# Twice the ports last twice as long and bear twice the rate in the long run: no more than that.
version: 1
name: port-range
workload:
  kind: short-lived
  closer: client
  arrival: { model: open, rate: 400/s }
phases: { measure: 8s }
sysctls:
  client: { net.ipv4.tcp_tw_reuse: 0 } # 2, the default, reuses ports on loopback only
variants:
  - { name: 1024 ports, sysctls: { client: { net.ipv4.ip_local_port_range: "30000 31023" } } }
  - { name: 2048 ports, sysctls: { client: { net.ipv4.ip_local_port_range: "30000 32047" } } }
  - { name: 4096 ports, sysctls: { client: { net.ipv4.ip_local_port_range: "30000 34095" } } }
replicates: 3
seed: 1
gates:
  - { metric: client.connections.succeeded, variant: 1024 ports, equals: 1024 }
  - { metric: client.failures.EADDRNOTAVAIL, variant: 4096 ports, max: 0 }
`,
  matrix: `# Who closes first, and does tcp_tw_reuse matter to it? Every combination of the axes becomes a variant.
version: 1
name: matrix
workload:
  kind: short-lived
  arrival: { model: open, rate: 400/s }
phases: { measure: 8s }
sysctls:
  client: { net.ipv4.ip_local_port_range: "30000 32047" }
matrix:                                # field or sysctl → its values; the first combination is the baseline
  workload.closer: [client, server]
  sysctls.client.net.ipv4.tcp_tw_reuse: [0, 1]
replicates: 3
seed: 1
`,
} as const;

export type TemplateName = keyof typeof SCENARIO_TEMPLATES;
