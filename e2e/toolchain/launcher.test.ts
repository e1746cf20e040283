import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { isNodeNewEnough } from "../../packages/cli/bin/pinned-node.mjs";

const root = path.resolve(import.meta.dirname, "../..");
let clone: string;

beforeEach(() => {
  clone = mkdtempSync(path.join(root, ".cache/launcher-"));
  cpSync(path.join(root, "packages/cli/bin"), path.join(clone, "packages/cli/bin"), {
    recursive: true,
  });
});
afterEach(() => rmSync(clone, { recursive: true }));

/** Stands for the built command: says who runs it, then does what its first argument tells. */
const MAIN = `
const [what, detail] = process.argv.slice(2);
if (what === "exit") process.exitCode = Number(detail);
if (what === "wait") {
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => { console.log(signal); process.exit(130); });
  setTimeout(() => {}, 30_000);
}
console.log(JSON.stringify({ pid: process.pid, args: process.argv.slice(2) }));
if (what === "die") process.kill(process.pid, "SIGKILL");
`;

function build() {
  mkdirSync(path.join(clone, "packages/cli/dist"), { recursive: true });
  writeFileSync(path.join(clone, "packages/cli/dist/main.js"), MAIN);
}

/** The launcher's way under an old Node: itself again, under the pinned one. */
function startThroughStandIn(args: readonly string[]): ChildProcess {
  const launcher = path.join(clone, "packages/cli/bin/churnlab.mjs");
  const parent = `
    import { standInFor } from ${JSON.stringify(path.join(clone, "packages/cli/bin/pinned-node.mjs"))};
    process.exitCode = await standInFor(process.execPath, ${JSON.stringify([launcher, ...args])});`;
  return spawn(process.execPath, ["--input-type=module", "-e", parent], {
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function finish(
  child: ChildProcess,
): Promise<{ code: number | null; signal: string | null; out: string; err: string }> {
  let [out, err] = ["", ""];
  child.stdout?.on("data", (chunk) => (out += String(chunk)));
  child.stderr?.on("data", (chunk) => (err += String(chunk)));
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  return { code, signal, out, err };
}

const runLauncher = (args: readonly string[]) =>
  finish(
    spawn(process.execPath, [path.join(clone, "packages/cli/bin/churnlab.mjs"), ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    }),
  );

it("knows which Node can run churnlab", () => {
  expect(["18.20.4", "20.20.2", "22.14.0", "24.0.0", "26.1.0"].map(isNodeNewEnough)).toEqual([
    false,
    false,
    false,
    true,
    true,
  ]);
});

it("says what to do, with the exit code of a failed preflight, before anything is built", async () => {
  const { code, err, out } = await runLauncher(["--version"]);
  expect(code).toBe(3);
  expect(out).toBe("");
  expect(err).toContain(`fix: cd ${clone} && npm run build`);
});

it("passes arguments and the exit code through", async () => {
  build();
  const { code, out } = await runLauncher(["exit", "99", "--set", "a=b c"]);
  expect(code).toBe(99);
  expect(JSON.parse(out).args).toEqual(["exit", "99", "--set", "a=b c"]);
});

it("runs under the pinned Node in the place of an older one, with the same exit code", async () => {
  build();
  const { code, out } = await finish(startThroughStandIn(["exit", "5"]));
  expect(code).toBe(5);
  expect(JSON.parse(out).args).toEqual(["exit", "5"]);
});

it("ends by the signal that ended the command", async () => {
  build();
  const { signal } = await finish(startThroughStandIn(["die"]));
  expect(signal).toBe("SIGKILL");
});

it.each(["SIGINT", "SIGTERM"] as const)(
  "hands %s to the command once and waits for its end",
  async (signal) => {
    build();
    const child = startThroughStandIn(["wait"]);
    const finished = finish(child);
    await once(child.stdout ?? child, "data");
    child.kill(signal);
    const { code, out } = await finished;
    expect(code).toBe(130);
    expect(out.trim().split("\n").slice(1)).toEqual([signal]);
  },
);

it("leaves no command behind when the launcher is killed outright", async () => {
  build();
  const child = startThroughStandIn(["wait"]);
  // The command holds the other end of stdout, so this ends only when the command has ended.
  const finished = finish(child);
  await once(child.stdout ?? child, "data");
  child.kill("SIGKILL");
  const { signal, out } = await finished;
  expect(signal).toBe("SIGKILL");
  expect(out.trim().split("\n").slice(1)).toEqual(["SIGTERM"]);
});

it("finds the pinned Node of its own workspace only", async () => {
  const { findPinnedNode } = await import("../../packages/cli/bin/pinned-node.mjs");
  expect(findPinnedNode(clone)).toBeUndefined();
  const folder = path.join(clone, `node_modules/node-linux-${process.arch}/bin`);
  mkdirSync(folder, { recursive: true });
  symlinkSync(process.execPath, path.join(folder, "node"));
  expect(findPinnedNode(clone)).toBe(path.join(folder, "node"));
});
