import { describe, expect, test } from "vitest";
import { explainSignal } from "../src/explain-signal.ts";

describe("a process that ended by a signal", () => {
  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("was interrupted by %s", (signal) => {
    expect(explainSignal(signal)).toEqual({ exit: 130, message: null, fix: null });
  });

  test.each([
    ["SIGKILL", /oom.*--resume/],
    ["SIGSEGV", /report it.*--resume/],
    ["SIGABRT", /report it/],
    ["SIGSYS", /seccomp/],
  ] as const)("did not end as asked with %s: 1, the signal's name, and what to do", (...row) => {
    const [signal, fix] = row;
    const end = explainSignal(signal);
    expect(end.exit).toBe(1);
    expect(end.message).toContain(signal);
    expect(end.fix).toMatch(fix);
  });
});
