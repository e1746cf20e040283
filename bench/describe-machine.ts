import { execFileSync } from "node:child_process";
import os from "node:os";

/** What a figure depends on and a reader has to know. */
export interface Machine {
  readonly cpu: string;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly kernel: string;
  readonly node: string;
  /** 1-minute load average at the start: a busy machine measures its neighbours. */
  readonly loadAtStart: number;
}

export function describeMachine(): Machine {
  return {
    cpu: os.cpus()[0]?.model ?? "unknown",
    cpus: os.availableParallelism(),
    memoryMiB: Math.round(os.totalmem() / 2 ** 20),
    kernel: os.release(),
    node: process.versions.node,
    loadAtStart: Number((os.loadavg()[0] ?? 0).toFixed(2)),
  };
}

/** Short hash of the commit, with `+` where the working tree differs from it; "unknown" outside git. */
export function describeCommit(root: string): string {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty=+", "--exclude=*"], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "unknown";
  }
}
