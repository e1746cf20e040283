import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { claimSpool } from "../../src/agent/claim-spool.ts";
import { fenceFile } from "../../src/agent/kept-fence.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "churnlab-claim-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("a spool is one process's at a time, for each agent in it, and free again once that lets go", () => {
  const owner = { directory, agent: "a" };
  const held = claimSpool(owner);
  expect(() => claimSpool(owner)).toThrow(
    expect.objectContaining({
      code: "E_FLEET",
      message: expect.stringMatching(/^Another agent is called a: /),
    }),
  );
  claimSpool({ directory, agent: "b" })[Symbol.dispose]();
  held[Symbol.dispose]();
  claimSpool(owner)[Symbol.dispose]();
});

test("a spool whose process was killed is free at once", async () => {
  const file = path.join(directory, "lock-a");
  const hold = `import { lockFile } from "@churnlab/linux"; lockFile(${JSON.stringify(file)}); setInterval(() => {}, 1000);`;
  const args = ["--conditions=@churnlab/source", "--input-type=module", "--eval", hold];
  const other = spawn(process.execPath, args, { cwd: import.meta.dirname, stdio: "ignore" });
  const isTaken = (): boolean => {
    try {
      claimSpool({ directory, agent: "a" })[Symbol.dispose]();
      return false;
    } catch {
      return true;
    }
  };
  await expect.poll(isTaken, { timeout: 10_000 }).toBe(true);
  other.kill("SIGKILL");
  await once(other, "exit");
  expect(isTaken()).toBe(false);
});

test("what a killed process of the agent was writing is removed, and nothing of another agent", () => {
  const fenceOf = (agent: string): string =>
    `${path.basename(fenceFile(directory, { agent, server: "nats://127.0.0.1", ca: null }))}.draft`;
  const names = [
    ".probe.a.1",
    ".probe.a.1.draft",
    "a.R.1.1.ndjson.draft",
    "undo-a.json.draft",
    fenceOf("a"),
  ];
  const kept = [
    "a.R.1.1.ndjson",
    "undo-a.json",
    ".probe.b.1",
    "b.R.1.1.ndjson.draft",
    fenceOf("b"),
  ];
  for (const name of [...names, ...kept]) writeFileSync(path.join(directory, name), "x");
  claimSpool({ directory, agent: "a" })[Symbol.dispose]();
  expect(readdirSync(directory).toSorted()).toEqual([...kept, "lock-a"].toSorted());
});

test("a lock that is a link is nobody's to follow", () => {
  symlinkSync("/dev/null", path.join(directory, "lock-a"));
  expect(() => claimSpool({ directory, agent: "a" })).toThrow(
    expect.objectContaining({ code: "E_DISK", message: expect.stringContaining("ELOOP") }),
  );
});
