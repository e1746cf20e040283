import { spawnSync } from "node:child_process";
import path from "node:path";
import { expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");

/** Prints, at the end, every package that was loaded. */
const SPY = `
  import { registerHooks } from "node:module";
  const loaded = new Set();
  registerHooks({ load(url, context, next) {
    loaded.add(url.match(/node_modules\\/\\.pnpm\\/(?:@[^/]+\\+)?([^@/]+)/)?.[1] ?? url.match(/packages\\/(\\w+)\\//)?.[1]);
    return next(url, context);
  } });
  process.on("exit", () => console.error(JSON.stringify([...loaded].filter(Boolean))));`;

it("prints the version without loading anything but the command tree and its words", () => {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [
      "--conditions=@churnlab/source",
      `--import=data:text/javascript,${encodeURIComponent(SPY)}`,
      path.join(root, "packages/cli/src/main.ts"),
      "--version",
    ],
    { encoding: "utf8" },
  );
  expect(status).toBe(0);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect((JSON.parse(stderr) as string[]).toSorted()).toEqual(["cli", "commander", "core"]);
});
