import { spawn } from "node:child_process";
import { chmodSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Workplace } from "../cli/churnlab.ts";
import { parseDocuments, WatchedHosts } from "./watched-hosts.ts";

const CLI = path.resolve(import.meta.dirname, "../../packages/cli/bin/churnlab.mjs");

let work: Workplace;
let watched: WatchedHosts;

beforeEach(() => {
  work = new Workplace();
  watched = new WatchedHosts();
});

afterEach(() => {
  watched[Symbol.dispose]();
  work[Symbol.dispose]();
});

describe("a container", () => {
  /** A container engine that knows one container, as far as its command line goes. */
  function installEngine(pid: string, name = "docker"): readonly string[] {
    const file = work.write(
      name,
      `#!/bin/sh
      for name; do :; done
      test "$name" = web && echo ${pid} && exit
      echo "Error: No such container: $name" >&2
      exit 1`,
    );
    chmodSync(file, 0o755);
    return ["env", `PATH=${work.folder}:${process.env["PATH"] ?? ""}`];
  }

  test("is the namespace of its first process", async () => {
    const prefix = installEngine(watched.pid);
    const args = ["watch", "--container", "web", "--once", "--json"];
    const { code, stdout } = await work.run(args, { prefix });
    expect(code).toBe(0);
    const [seen] = parseDocuments(stdout);
    expect(seen?.host).toEqual({ kind: "container", name: "web" });
    // The namespace was made for the test, so nothing listens there.
    expect(seen?.listeners).toEqual([]);
  });

  test("that stops while it is watched is said to have ended, after what was seen", async () => {
    const prefix = installEngine(watched.pid);
    const args = ["watch", "--container", "web", "--interval", "250ms"];
    const running = work.start(args, { prefix });
    await new Promise((resolve) => running.child.stdout?.once("data", resolve));
    await watched.endResident();
    const { code, stdout, stderr } = await running.ended;
    expect([code, stderr]).toEqual([4, expect.stringContaining("The container web has ended")]);
    expect(stderr).toContain("E_HOST_GONE");
    expect(stdout).toContain("TIME_WAIT 0");
  });

  test("that does not run, or is not known, is refused with what the engine says", async () => {
    const prefix = installEngine("0");
    const stopped = await work.run(["watch", "--container", "web"], { prefix });
    expect([stopped.code, stopped.stderr]).toEqual([3, expect.stringContaining("not running")]);
    const unknown = await work.run(["watch", "--container", "--help-me"], { prefix });
    expect([unknown.code, unknown.stderr]).toEqual([
      3,
      expect.stringContaining("named --help-me (docker: no such container"),
    ]);
  });

  test("is looked for at the engine that CHURNLAB_CONTAINER_ENGINE names", async () => {
    const [env, PATH] = installEngine(watched.pid, "lima");
    const prefix = [env ?? "", PATH ?? "", "CHURNLAB_CONTAINER_ENGINE=lima"];
    const args = ["watch", "--container", "web", "--once", "--json"];
    const { code, stdout } = await work.run(args, { prefix });
    expect(code).toBe(0);
    expect(parseDocuments(stdout)[0]?.host).toEqual({ kind: "container", name: "web" });
  });

  test("without an engine asks for a process instead", async () => {
    const prefix = ["env", `PATH=${path.dirname(process.execPath)}`];
    const { code, stderr } = await work.run(["watch", "--container", "web"], { prefix });
    expect([code, stderr]).toEqual([3, expect.stringContaining("E_TOOL_MISSING")]);
  });
});

test("a namespace is found by the name that `ip netns` gave it", async () => {
  // In a mount namespace of its own, so that the name is nobody else's.
  const script =
    'mount -t tmpfs none /run && ip netns add web && ip netns exec web ip link set lo up && exec "$@"';
  const prefix = ["unshare", "--mount", "sh", "-ec", script, "sh"];
  const { code, stdout, stderr } = await work.run(["watch", "--netns", "web", "--once", "--json"], {
    prefix,
  });
  expect([code, stderr]).toEqual([0, ""]);
  const [seen] = parseDocuments(stdout);
  expect(seen).toMatchObject({
    host: { kind: "namespace", name: "web" },
    portRange: { usable: 28_232 },
    sockets: {},
  });
});

test("on a screen the picture is drawn again until q ends it, and the terminal is as before", async () => {
  const command = `stty rows 40 cols 120; ${process.execPath} ${CLI} watch --pid ${watched.pid} --interval 250ms; stty -a`;
  const env = { ...process.env, TERM: "xterm", NO_COLOR: undefined, CI: undefined };
  const child = spawn("script", ["-qec", command, "/dev/null"], { env, stdio: "pipe" });
  let shown = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const before = shown.split("q ends").length;
    shown += text;
    if (before <= 3 && shown.split("q ends").length > 3) child.stdin.write("q");
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  expect(code).toBe(0);
  expect(shown).toContain(`process ${watched.pid}`);
  // Drawn over itself: lines are erased before they are written again.
  expect(shown).toContain("\u001B[2K");
  expect(shown).toMatch(/[^-]icanon[^]*[^-]echo /);
  expect(shown).toContain("\u001B[?25h");
});
