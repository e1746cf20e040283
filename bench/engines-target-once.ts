// Serves as the target of a trial does, from a process of its own: a part of engines.bench.ts. Prints a line when it listens,
// and at the end of its input what each connection has cost.

import type { Workload } from "@churnlab/core";
import { openNetworkNamespace } from "@churnlab/linux";
import { TargetThreads } from "@churnlab/traffic";

const { engine, port, workload } = JSON.parse(process.argv.at(2) as string) as {
  engine: "ring" | "epoll" | "net";
  port: number;
  workload: Workload;
};
using here = openNetworkNamespace("/proc/self/ns/net");
const threads = new TargetThreads();
const target = await threads.start({
  namespaceFd: here.fd,
  address: "198.18.0.1",
  workload,
  spec: { server: "builtin", port, backlog: 4096, delayMs: 0, misbehaviour: "none", engine },
});
console.log("listening");
for await (const _ of process.stdin);
console.log(JSON.stringify(await target.measure()));
await target.stop();
await threads.close();
