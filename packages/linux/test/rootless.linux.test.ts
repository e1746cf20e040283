import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import {
  findReentryObstacle,
  needsReentry,
  REENTERED_VARIABLE,
  reenterCommand,
} from "../src/rootless.ts";

const FIXTURE = new URL("fixtures/rootless-exchange.ts", import.meta.url).pathname;

/** Runs the fixture as the user nobody, under what `before` puts before it. */
function runAsNobody(before: readonly string[] = [], env: Record<string, string> = {}) {
  const nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", "--"];
  const node = [process.execPath, "--conditions=@churnlab/source", FIXTURE];
  return spawnSync("setpriv", [...nobody, ...before, ...node], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], ...env },
    timeout: 30_000,
  });
}

describe("without root", () => {
  test("two hosts are made, tuned, joined and observed through a user namespace", () => {
    const child = runAsNobody();
    expect(child.stderr).toBe("");
    expect(JSON.parse(child.stdout)).toEqual({
      received: "ping",
      tcpTwReuse: "1",
      resets: { sent: 0, received: 1 },
      attemptFails: 1,
      states: { ESTABLISHED: 1 },
    });
  });

  test("a second re-entry is refused rather than tried for ever", () => {
    const child = runAsNobody([], { [REENTERED_VARIABLE]: "1" });
    expect(child.status).not.toBe(0);
    expect(child.stderr).toContain("E_CAPABILITY");
  });

  test("a user namespace that does not own its network is noticed before a thread is lost in a new one", () => {
    const child = runAsNobody(["unshare", "--user", "--map-root-user", "--"], {
      [REENTERED_VARIABLE]: "1",
    });
    expect(child.signal).toBeNull();
    expect(child.stderr).toContain("E_CAPABILITY");
    expect(child.stderr).toContain("unshare --user --map-root-user --net");
  });
});

describe("as root", () => {
  test("no re-entry is needed, and none would meet an obstacle", () => {
    expect(needsReentry()).toBe(false);
    expect(findReentryObstacle()).toBeUndefined();
  });

  test("the command keeps the program, its arguments and the options of Node", () => {
    const { command, args, env } = reenterCommand([
      process.execPath,
      "/x/main.js",
      "run",
      "a.yaml",
    ]);
    expect(command).toBe("unshare");
    expect(args.slice(-3)).toEqual(["/x/main.js", "run", "a.yaml"]);
    expect(args).toContain(process.execPath);
    expect(env).toEqual({ [REENTERED_VARIABLE]: "1" });
  });
});
