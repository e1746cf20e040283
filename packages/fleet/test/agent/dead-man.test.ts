import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { DeadMan } from "../../src/agent/dead-man.ts";

const PATIENCE_MS = 200;

function watch(nowMs?: () => number) {
  let releases = 0;
  const deadMan = new DeadMan(() => void releases++, PATIENCE_MS, nowMs);
  return { deadMan, releases: () => releases };
}

/** As a frozen process: no timer fires, and nothing is read. */
function freeze(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe("a dead-man's switch", () => {
  it("fires after silence, once", async () => {
    const { releases } = watch();
    await expect.poll(releases, { interval: 5, timeout: 20 * PATIENCE_MS }).toBe(1);
    await sleep(2 * PATIENCE_MS);
    expect(releases()).toBe(1);
  });

  it("fires for a thread that was frozen for too long, whatever it hears before its timers fire, and is not revived", async () => {
    const { deadMan, releases } = watch();
    freeze(PATIENCE_MS + 20);
    deadMan.hear();
    expect(releases()).toBe(1);
    deadMan.hear();
    await sleep(2 * PATIENCE_MS);
    expect(releases()).toBe(1);
  });

  it("counts a time in which the machine was suspended as silence", () => {
    let nowMs = 1000;
    const { deadMan, releases } = watch(() => nowMs);
    nowMs += PATIENCE_MS - 1;
    deadMan.hear();
    expect(deadMan.untilMs).toBe(nowMs + PATIENCE_MS);
    nowMs += PATIENCE_MS - 1;
    deadMan.judge();
    expect(releases()).toBe(0);
    nowMs += 1;
    deadMan.hear();
    expect(releases()).toBe(1);
  });

  it("does not fire for who is heard in time, nor for who needs it no more", async () => {
    let nowMs = 1000;
    const { deadMan, releases } = watch(() => nowMs);
    for (let i = 0; i < 8; i++) {
      nowMs += PATIENCE_MS - 1;
      // Its timers look meanwhile.
      await sleep(PATIENCE_MS / 8);
      deadMan.hear();
    }
    deadMan[Symbol.dispose]();
    nowMs += PATIENCE_MS;
    deadMan.hear();
    deadMan.judge();
    expect(releases()).toBe(0);
  });
});
