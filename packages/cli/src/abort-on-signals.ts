import { EXIT } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

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
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    terminal.say(`\n${name}: stopping the load and saving what there is. Again: end now.`);
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    abort: () => controller.abort(),
    [Symbol.dispose]() {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}
