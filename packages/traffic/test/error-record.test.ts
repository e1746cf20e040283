import { ChurnError } from "@churnlab/core";
import { expect, test } from "vitest";
import { recordError, reviveError } from "../src/error-record.ts";

const cross = (error: unknown): ChurnError =>
  reviveError(structuredClone(recordError(error)), "E_AGENT");

test("an error for people keeps its code, message and hint between threads", () => {
  const revived = cross(new ChurnError("E_TARGET", "nothing listens", { hint: "start it" }));
  expect(revived).toMatchObject({ code: "E_TARGET", message: "nothing listens", hint: "start it" });
});

test("any other failure takes the code of the room it crossed, with its stack as the cause", () => {
  const revived = cross(new TypeError("undefined is not a function"));
  expect(revived).toMatchObject({ code: "E_AGENT", message: "undefined is not a function" });
  expect(revived.cause).toContain("TypeError");
  expect(cross("just words")).toMatchObject({ code: "E_AGENT", message: "just words" });
});
