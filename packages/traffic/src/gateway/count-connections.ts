import { buildConnector } from "undici";
import type { TargetCounters } from "../target/target-counters.ts";
import { interpretUndiciError } from "../undici/undici-failures.ts";

/** undici's way to connect, with every attempt and its outcome counted. */
export function countConnections(
  counters: TargetCounters,
  timeoutMs: number,
): buildConnector.connector {
  const connect = buildConnector({ timeout: timeoutMs, allowH2: false });
  return (options, give) => {
    counters.add("dialled");
    connect(options, (error, socket) => {
      if (error !== null) {
        counters.fail(interpretUndiciError(error, { opening: true }).errno);
        give(error, null);
        return;
      }
      counters.connect();
      socket.once("close", () => counters.add("upstreamOpen", -1));
      give(null, socket);
    });
  };
}
