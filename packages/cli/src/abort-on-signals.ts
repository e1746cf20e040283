import { EXIT } from "./exit-codes.ts";
import { onStopSignals } from "./on-stop-signals.ts";
import type { Terminal } from "./terminal.ts";

export interface SignalAbort extends Disposable {
  readonly signal: AbortSignal;
  /** Does what the first signal does. */
  readonly abort: () => void;
}

/**
 * The first signal stops the load and lets the run save what it has; the second ends the process at once, which loses
 * nothing that was saved: namespaces die with the process, and every finished trial is committed.
 */
export function abortOnSignals(terminal: Terminal): SignalAbort {
  const controller = new AbortController();
  const listening = onStopSignals((name) => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    terminal.say(`\n${name}: stopping the load and saving what there is. Again: end now.`);
    controller.abort();
  });
  return {
    signal: controller.signal,
    abort: () => controller.abort(),
    [Symbol.dispose]: () => listening[Symbol.dispose](),
  };
}
