import { EXIT, type ExitCode } from "./exit-codes.ts";

/** What the end of a process by a signal means to the person who started it. */
export interface SignalEnd {
  readonly exit: ExitCode;
  /** null: they sent it themselves. */
  readonly message: string | null;
  readonly fix: string | null;
}

const INTERRUPTIONS: ReadonlySet<NodeJS.Signals> = new Set(["SIGINT", "SIGTERM", "SIGHUP"]);

const FIXES: Partial<Record<NodeJS.Signals, string>> = {
  SIGKILL:
    "If nobody killed it, the kernel did for want of memory: `journalctl -k | grep -i oom` says so. `churnlab run --resume last` goes on.",
  SIGXCPU: "Raise the limit on CPU time: ulimit -t.",
  SIGXFSZ: "Raise the limit on the size of files: ulimit -f.",
  SIGSYS: "A seccomp filter refused a system call: run outside the container, or allow it there.",
};

const REPORT =
  "Please report it with the output of `churnlab doctor --json`. `churnlab run --resume last` goes on.";

/** An interruption is 130; every other signal is an end that nobody asked for, and says what to do. */
export function explainSignal(signal: NodeJS.Signals): SignalEnd {
  if (INTERRUPTIONS.has(signal)) return { exit: EXIT.interrupted, message: null, fix: null };
  return {
    exit: EXIT.bug,
    message: `The process that did the work was ended by ${signal}. Every trial that had ended is kept.`,
    fix: FIXES[signal] ?? REPORT,
  };
}
