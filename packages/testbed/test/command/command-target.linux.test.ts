import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  createNetworkNamespace,
  type NetworkNamespace,
  openCounters,
  readBootId,
} from "@churnlab/linux";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { withFreeDescriptors } from "../../../linux/test/fixtures/starve-descriptors.ts";
import { cleanCommandDirectories } from "../../src/command/command-directory.ts";
import { type CommandOptions, CommandTarget } from "../../src/command/command-target.ts";
import { listSession } from "../../src/command/process-session.ts";

const LISTEN = `require("node:net").createServer().listen(+process.env.TARGET_PORT)`;
const GO = new AbortController().signal;

let namespace: NetworkNamespace;
/** Where directories of programs are made, here and in harnesses that are started. */
let scratch: string;
beforeAll(() => {
  namespace = createNetworkNamespace();
  scratch = mkdtempSync(path.join(tmpdir(), "churnlab-test-"));
  vi.stubEnv("TMPDIR", scratch);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(scratch, { recursive: true });
  namespace.close();
});

function optionsOf(command: readonly string[], rest: Partial<CommandOptions> = {}): CommandOptions {
  const spec = { command, port: 8080, env: {} };
  return { namespace, host: "0.0.0.0", spec, upstream: null, ...rest };
}

const node = (code: string): readonly string[] => [process.execPath, "-e", code];

describe("a program as target", () => {
  it("runs inside the namespace, is never connected to, and is gone when stopped", async () => {
    using counters = openCounters(namespace);
    const code = `console.log("dir", process.env.TARGET_DIR, process.pid); ${LISTEN}`;
    const target = await CommandTarget.start(optionsOf(node(code)), GO);
    expect(target.ended()).toBeNull();
    expect(counters.read().counters["tcp.PassiveOpens"]).toBe(0);
    expect(counters.read().gauges["tcp.inuse"] ?? 0).toBeLessThanOrEqual(1);
    const [, directory = "", pid = ""] = /dir (\S+) (\d+)/.exec(target.readLog()) ?? [];
    expect(existsSync(directory)).toBe(true);
    await target.stop();
    expect(existsSync(directory)).toBe(false);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(target.ended()).toBeNull();
  });

  it("is ended with all it started, although nobody in it heeds SIGTERM", async () => {
    const code = `process.on("SIGTERM", () => {}); console.log("pid", process.pid);
      require("node:child_process").spawn("sleep", ["600"]); ${LISTEN}`;
    const target = await CommandTarget.start(optionsOf(node(code)), GO);
    const pid = Number(/pid (\d+)/.exec(target.readLog())?.[1]);
    expect(listSession(pid).length).toBe(2);
    await target.stop();
    expect(listSession(pid)).toEqual([]);
  });

  it("says how a program ended in the middle", async () => {
    const code = `console.log("pid", process.pid); process.on("SIGUSR2", () => process.exit(7)); ${LISTEN}`;
    const target = await CommandTarget.start(optionsOf(node(code)), GO);
    expect(target.ended()).toBeNull();
    process.kill(Number(/pid (\d+)/.exec(target.readLog())?.[1]), "SIGUSR2");
    await expect.poll(() => target.ended()).toMatch(/ended with status 7$/);
    await target.stop();
  });

  it.each([
    ["no-such-program-anywhere", /no program no-such-program-anywhere/],
    ["./no/such/path", /no program/],
  ])("refuses %s before it starts anything", async (program, message) => {
    await expect(CommandTarget.start(optionsOf([program]), GO)).rejects.toMatchObject({
      code: "E_TARGET",
      message: expect.stringMatching(message),
      hint: expect.any(String),
    });
  });

  it("shows the last lines of a program that ends at once", async () => {
    const code = `for (let i = 0; i < 9; i++) console.error("line " + i); process.exitCode = 3`;
    await expect(CommandTarget.start(optionsOf(node(code)), GO)).rejects.toMatchObject({
      code: "E_TARGET",
      message: expect.stringMatching(/port 8080: .*ended with status 3.*line 4\n.*line 8$/s),
    });
  });

  it("says what listens instead of the port that never opens", async () => {
    const code = `require("node:net").createServer().listen(9090, "0.0.0.0")`;
    await expect(
      CommandTarget.start(optionsOf(node(code), { patienceMs: 2000 }), GO),
    ).rejects.toMatchObject({
      code: "E_TARGET",
      message: expect.stringMatching(
        /does not listen .* port 8080 after 2 s; .*0\.0\.0\.0 port 9090/,
      ),
      hint: expect.stringContaining("target.port"),
    });
  });

  it("stops waiting when the run is interrupted", async () => {
    const interrupted = AbortSignal.timeout(50);
    const started = CommandTarget.start(optionsOf(["sleep", "600"]), interrupted);
    await expect(started).rejects.toMatchObject({ name: "TimeoutError" });
  });

  it("that cannot be started at all leaves neither its directory nor a descriptor", async () => {
    const countDescriptors = (): number => readdirSync("/proc/self/fd").length;
    const before = countDescriptors();
    // More than a program may be given (execve(2), E2BIG).
    const env = { LARGE: "x".repeat(4_000_000) };
    const spec = { command: node(LISTEN), port: 8080, env };
    await expect(CommandTarget.start(optionsOf([], { spec }), GO)).rejects.toMatchObject({
      code: "E2BIG",
    });
    expect(readdirSync(scratch)).toEqual([]);
    expect(countDescriptors()).toBe(before);
    const starved = withFreeDescriptors(3, () => CommandTarget.start(optionsOf(node(LISTEN)), GO));
    await expect(starved).rejects.toMatchObject({ code: "EMFILE" });
    expect(countDescriptors()).toBe(before);
  });

  it("ends by itself when the harness is killed, and its directory is cleaned then, not before", async () => {
    const harness = path.join(import.meta.dirname, "../fixtures/start-and-wait.ts");
    const child = spawn(process.execPath, ["--conditions=@churnlab/source", harness], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const pid = Number(line.toString());
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    expect(cleanCommandDirectories()).toEqual({ removed: [], kept: [], unseen: [] });
    child.kill("SIGKILL");
    await once(child, "exit");
    await expect.poll(() => listSession(pid)).toEqual([]);
    const left = readdirSync(scratch).map((name) => path.join(scratch, name));
    expect(left).toHaveLength(1);
    const [mine = ""] = left;
    // Another machine's, on a disk that both have: its processes have the same numbers.
    const boot = readBootId().slice(0, 8);
    const elsewhere = mine.replace(boot, boot === "0".repeat(8) ? "1".repeat(8) : "0".repeat(8));
    mkdirSync(elsewhere);
    const cleaned = cleanCommandDirectories();
    expect(cleaned).toEqual({ removed: left, kept: [], unseen: [elsewhere] });
    expect(existsSync(elsewhere)).toBe(true);
  });
});
