/** Ctrl-C, an end that was asked for, and a terminal that is gone (signal(7)). */
const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Calls for every signal that asks this process to end, until it is disposed. */
export function onStopSignals(listener: (name: NodeJS.Signals) => void): Disposable {
  for (const name of STOP_SIGNALS) process.on(name, listener);
  return {
    [Symbol.dispose]() {
      for (const name of STOP_SIGNALS) process.off(name, listener);
    },
  };
}
