import { ChurnError } from "@churnlab/core";
import { SystemError } from "@churnlab/linux";
import { expect, test } from "vitest";
import { recordError, reviveError } from "../src/error-record.ts";

const cross = (error: unknown): Error =>
  reviveError(structuredClone(recordError(error)), "E_AGENT");

test("an error for people keeps its code, message and hint between threads", () => {
  const revived = cross(new ChurnError("E_TARGET", "nothing listens", { hint: "start it" }));
  expect(revived).toMatchObject({ code: "E_TARGET", message: "nothing listens", hint: "start it" });
});

test.each(["E_OF_ANOTHER_VERSION", "toString", "constructor"])(
  "an error for people whose code is not known here (%s) takes that of the room it crossed",
  (code) => {
    const told = {
      ...recordError(new ChurnError("E_TARGET", "too new", { hint: "update" })),
      code,
    };
    expect(reviveError(told, "E_TESTBED")).toMatchObject({
      code: "E_TESTBED",
      message: "too new",
      hint: "update",
    });
  },
);

test("a code that is the name of what every object has is none", () => {
  expect(recordError(Object.assign(new Error("odd"), { code: "toString" })).code).toBe(null);
});

test("a system call that failed takes the code of the room it crossed, with its stack as the cause", () => {
  const revived = cross(new SystemError("io_uring_enter", 1));
  expect(revived).toMatchObject({ code: "E_AGENT" });
  expect(revived.message).toContain("io_uring_enter: EPERM");
  expect(revived.cause).toContain("SystemError");
});

test("anything else is a bug, and stays one with the stack of its thread", () => {
  const revived = cross(new TypeError("undefined is not a function"));
  expect(revived).not.toBeInstanceOf(ChurnError);
  expect(revived).not.toHaveProperty("code");
  expect(revived.message).toBe("undefined is not a function");
  expect(revived.stack).toContain("TypeError");
  expect(cross("just words")).not.toBeInstanceOf(ChurnError);
});
