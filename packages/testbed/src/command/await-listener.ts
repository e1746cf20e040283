import { setTimeout as sleep } from "node:timers/promises";
import { ChurnError } from "@churnlab/core";
import { type ListenQueue, type NetworkNamespace, readQueues, SockDiag } from "@churnlab/linux";

const LOOK_EVERY_MS = 5;

export interface AwaitedListener {
  readonly namespace: NetworkNamespace;
  readonly host: string;
  readonly port: number;
  /** Whom to name in a message. */
  readonly program: string;
  readonly patienceMs: number;
  /** What has become of the program while it was waited for; null while it runs. */
  ended(): string | null;
}

/**
 * Waits until somebody listens on a port, by asking the kernel for listening sockets: a connection to try it would be counted
 * with those of the trial. Rejects with `E_TARGET`.
 */
export async function awaitListener(awaited: AwaitedListener, signal: AbortSignal): Promise<void> {
  const { namespace, port, patienceMs } = awaited;
  using diag = new SockDiag(namespace);
  const untilMs = performance.now() + patienceMs;
  for (;;) {
    const { listeners } = readQueues(diag);
    if (listeners.some((listener) => isReachable(listener, awaited))) return;
    const ended = awaited.ended();
    if (ended !== null) {
      throw new ChurnError("E_TARGET", `Nothing came to listen on port ${port}: ${ended}`, {
        hint: "Start it by hand with the same words; it must stay in the foreground.",
      });
    }
    if (performance.now() >= untilMs) throw neverOpened(listeners, awaited);
    signal.throwIfAborted();
    await sleep(LOOK_EVERY_MS);
  }
}

function isReachable({ address, port }: ListenQueue, awaited: AwaitedListener): boolean {
  return port === awaited.port && ["0.0.0.0", "::", awaited.host].includes(address);
}

function neverOpened(
  listeners: readonly ListenQueue[],
  { program, host, port, patienceMs }: AwaitedListener,
): ChurnError {
  const places = listeners.map((listener) => `${listener.address} port ${listener.port}`);
  const instead = places.length === 0 ? "nothing" : places.join(", ");
  const message = `${program} does not listen on ${host} port ${port} after ${patienceMs / 1000} s; what listens: ${instead}`;
  return new ChurnError("E_TARGET", message, {
    hint: `Let it listen on 0.0.0.0 port ${port}, or set target.port to the port it uses.`,
  });
}
