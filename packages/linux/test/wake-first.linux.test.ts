import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { wakeFirst } from "../src/wake-first.ts";
import { readPolicy, SCHED_FIFO, SCHED_OTHER } from "./fixtures/read-policy.ts";

const FIXTURE = [
  "--conditions=@churnlab/source",
  new URL("fixtures/wake-first-once.ts", import.meta.url).pathname,
];

test("a thread is woken before others until it says that its wait is over, and again when it waits again", () => {
  for (let wait = 0; wait < 2; wait++) {
    {
      using prompt = wakeFirst();
      expect(prompt.granted).toBe(true);
      expect(readPolicy()).toBe(SCHED_FIFO);
    }
    expect(readPolicy()).toBe(SCHED_OTHER);
  }
});

test("a policy that somebody chose for the thread is kept", () => {
  using _chosen = wakeFirst();
  {
    using prompt = wakeFirst();
    expect(prompt.granted).toBe(false);
  }
  expect(readPolicy()).toBe(SCHED_FIFO);
});

test("without the capability, and without a limit that allows it, nothing changes", () => {
  const nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", "--"];
  const args = ["--rtprio=0:0", "setpriv", ...nobody, process.execPath, ...FIXTURE];
  expect(runOnce("prlimit", args)).toEqual({
    granted: false,
    meanwhile: SCHED_OTHER,
    afterwards: SCHED_OTHER,
  });
});

test("a thread goes back without the capability that let it come", () => {
  expect(runOnce(process.execPath, [...FIXTURE, "unprivileged-back"])).toEqual({
    granted: true,
    meanwhile: SCHED_FIFO,
    afterwards: SCHED_OTHER,
  });
});

function runOnce(command: string, args: readonly string[]): unknown {
  return JSON.parse(execFileSync(command, args, { encoding: "utf8", timeout: 30_000 }));
}
