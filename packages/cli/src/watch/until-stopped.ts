import { onStopSignals } from "../on-stop-signals.ts";

const CTRL_C = "\u0003";

export interface Stop extends Disposable {
  readonly signal: AbortSignal;
}

/** Aborted by `q`, Ctrl-C or a signal: the normal end of what goes on until somebody has seen enough. */
export function untilStopped(): Stop {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  const onKey = (key: string): void => {
    if (key === "q" || key === "Q" || key === CTRL_C) stop();
  };
  const { stdin } = process;
  const isScreen = stdin.isTTY && process.stdout.isTTY;
  const listening = onStopSignals(stop);
  if (isScreen) {
    stdin.setRawMode(true).setEncoding("utf8").on("data", onKey).resume();
  }
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      listening[Symbol.dispose]();
      if (isScreen) stdin.off("data", onKey).setRawMode(false).pause();
    },
  };
}
