import { parentPort } from "node:worker_threads";
import { currentThreadId, enterNetworkNamespace } from "@churnlab/linux";
import { recordError } from "../error-record.ts";
import { TargetCounters } from "./target-counters.ts";
import type { ServeOrder, TargetMessage } from "./target-messages.ts";
import { pickTargetServer } from "./target-servers.ts";

/** The thread of a target: enters a namespace, serves there until it is stopped, comes back, and waits for the next order. */
async function serve(order: ServeOrder): Promise<void> {
  const inside = enterNetworkNamespace(order.namespaceFd);
  try {
    const { server, reason } = await pickTargetServer(order.server, order.job);
    await server.serve(order.job, new TargetCounters(order.counters), (port) => {
      report({ kind: "listening", port, server: server.name, reason });
    });
  } finally {
    inside[Symbol.dispose]();
  }
}

function report(message: TargetMessage): void {
  parentPort?.postMessage(message);
}

parentPort?.on("message", (order: ServeOrder) => {
  serve(order).then(
    () => report({ kind: "ended" }),
    (error: unknown) => report({ kind: "failed", error: recordError(error) }),
  );
});
report({ kind: "ready", threadId: currentThreadId() });
