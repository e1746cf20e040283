/** Two variants that are the same: whatever differs between them is noise. */
export const A_AGAINST_A = `
version: 1
name: a-against-a
workload: { kind: short-lived, closer: server, arrival: { model: open, rate: 1000/s } }
phases: { measure: 500ms }
variants: [{ name: a }, { name: a again }]
replicates: 12
gates:
  - { metric: client.latency.total.p50, against: baseline, worseBy: 5% }
  - { metric: client.connections.rate, against: baseline, worseBy: 3% }
  - { metric: client.connections.failed, max: 0 }
  - { metric: target.tcpext.ListenOverflows, max: 0 }
`;

/** The second target is 10 % slower. So slow are both that what a busy machine adds is small beside their difference. */
export const SLOWER_TARGET = `
version: 1
name: slower-target
target: { server: builtin, delay: 300ms }
workload: { kind: short-lived, closer: server, arrival: { model: open, rate: 200/s } }
phases: { measure: 500ms }
variants: [{ name: before }, { name: after, target: { delay: 330ms } }]
replicates: 12
gates:
  - { metric: client.latency.total.p50, against: baseline, worseBy: 5% }
  - { metric: client.connections.rate, against: baseline, worseBy: 3% }
  - { metric: client.failures.EADDRNOTAVAIL, max: 0 }
  - { metric: target.tcpext.ListenOverflows, max: 0 }
`;

/** 50 connections wait in a queue that holds 65, then in one that holds 33: a backlog of n keeps n + 1. */
export const HALVED_BACKLOG = `
version: 1
name: halved-backlog
target: { server: builtin, backlog: 64, misbehaviour: never-accept }
workload:
  kind: hold
  arrival: { model: open, rate: 100/s }
  timeouts: { connect: 400ms, response: 400ms }
phases: { measure: 500ms }
variants: [{ name: before }, { name: after, target: { backlog: 32 } }]
replicates: 1
gates:
  - { metric: target.tcpext.ListenOverflows, max: 0 }
  - { metric: client.failures.EADDRNOTAVAIL, max: 0 }
`;

/** 150 connections from 200 ports, then from 100. */
export const HALVED_PORTS = `
version: 1
name: halved-ports
workload: { kind: short-lived, closer: client, arrival: { model: open, rate: 300/s } }
phases: { measure: 500ms }
sysctls: { client: { net.ipv4.tcp_tw_reuse: 0 } }
variants:
  - { name: before, sysctls: { client: { net.ipv4.ip_local_port_range: "40000 40199" } } }
  - { name: after, sysctls: { client: { net.ipv4.ip_local_port_range: "40000 40099" } } }
replicates: 1
gates:
  - { metric: client.failures.EADDRNOTAVAIL, max: 0 }
  - { metric: target.tcpext.ListenOverflows, max: 0 }
`;
