import { spawnSync } from "node:child_process";
import path from "node:path";
import { type Benchmark, rowOfRounds } from "./benchmark.ts";

const root = path.resolve(import.meta.dirname, "..");
const ROUNDS = 31;

/** Ways to reach the command, by the id of their row. */
const COMMANDS = {
  "version.bin": [path.join(root, "node_modules/.bin/churnlab"), "--version"],
  "version.direct": [
    process.execPath,
    path.join(root, "packages/cli/bin/churnlab.mjs"),
    "--version",
  ],
  "node.empty": [process.execPath, "-e", "0"],
} as const;

/** `churnlab --version` from start to exit, as a shell sees it; `node.empty` is the floor beneath it. */
export const bench: Benchmark = {
  name: "startup",
  description: "churnlab --version, from start to exit",
  run: async ({ rounds = ROUNDS }) => {
    const timesMs = new Map<string, number[]>();
    for (let round = 0; round < rounds; round++) {
      for (const [id, command] of Object.entries(COMMANDS)) {
        timesMs.set(id, [...(timesMs.get(id) ?? []), measureMs(command)]);
      }
    }
    return [...timesMs].map(([id, times]) =>
      rowOfRounds(
        { id, unit: "ms", target: id.startsWith("version") ? { max: 150 } : null },
        times,
      ),
    );
  },
};

function measureMs([program, ...args]: readonly [string, ...string[]]): number {
  const startedMs = performance.now();
  const { status } = spawnSync(program, args, { stdio: "ignore" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}`);
  return performance.now() - startedMs;
}
