import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { type Benchmark, rowOfRounds } from "./benchmark.ts";

const root = path.resolve(import.meta.dirname, "..");

/**
 * `npm run quickstart` in a fresh clone of the committed state: first with what it downloads at hand but nothing
 * installed or built, then once more.
 */
export const bench: Benchmark = {
  name: "quickstart",
  description: "npm run quickstart in a fresh clone, first and second run",
  run: async ({ rounds = 1, log }) => {
    const firstS: number[] = [];
    const againS: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const folder = mkdtempSync(path.join(os.tmpdir(), "churnlab-quickstart-"));
      try {
        execFileSync("git", ["clone", "--quiet", root, folder], { stdio: "ignore" });
        cpSync(path.join(root, ".cache/pnpm"), path.join(folder, ".cache/pnpm"), {
          recursive: true,
        });
        warmNpmCache(folder);
        const hostBefore = readHost();
        firstS.push(quickstartS(folder));
        againS.push(quickstartS(folder));
        checkUntouched(folder, hostBefore);
      } finally {
        rmSync(folder, { recursive: true });
      }
      log(
        `round ${round + 1} of ${rounds}: ${firstS.at(-1)?.toFixed(1)} s, then ${againS.at(-1)?.toFixed(1)} s`,
      );
    }
    return [
      rowOfRounds({ id: "quickstart.first", unit: "s", target: { max: 90 } }, firstS),
      rowOfRounds({ id: "quickstart.again", unit: "s", target: { max: 60 } }, againS),
    ];
  },
};

/** The environment of somebody who has just cloned: no pinned Node in PATH, nothing of this process's npm. */
function strangerEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("npm_"));
  const PATH = (process.env.PATH ?? "")
    .split(path.delimiter)
    .filter((folder) => !folder.includes("node_modules"))
    .join(path.delimiter);
  return { ...Object.fromEntries(kept), PATH };
}

/** Puts the pinned pnpm into the clone's npm cache, as a download would. */
function warmNpmCache(folder: string): void {
  const env = { ...strangerEnvironment(), npm_config_cache: path.join(folder, ".cache/npm") };
  execFileSync("npx", ["--yes", `pnpm@${pnpmVersion()}`, "--version"], {
    cwd: folder,
    env,
    stdio: "ignore",
  });
}

function pnpmVersion(): string {
  return execFileSync(path.join(root, "node_modules/.bin/pnpm"), ["--version"], {
    encoding: "utf8",
  }).trim();
}

/** What a quickstart may not change: sysctls of the host, and its network devices. */
function readHost(): string {
  const sysctls = execFileSync("sysctl", ["-a"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const kept = sysctls.split("\n").filter((line) => /^net\.(ipv4|core)\./.test(line));
  return [...kept, ...readdirSync("/sys/class/net")].join("\n");
}

function checkUntouched(folder: string, hostBefore: string): void {
  const status = execFileSync("git", ["status", "--porcelain"], { cwd: folder, encoding: "utf8" });
  if (status !== "") throw new Error(`the clone has changed: ${status}`);
  if (readHost() !== hostBefore) throw new Error("the host has changed");
}

function quickstartS(folder: string): number {
  const startedMs = performance.now();
  const { status, stderr } = spawnSync("npm", ["run", "quickstart"], {
    cwd: folder,
    env: strangerEnvironment(),
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
  });
  if (status !== 0) throw new Error(`quickstart ended with ${status}: ${stderr.slice(-2000)}`);
  return (performance.now() - startedMs) / 1000;
}
