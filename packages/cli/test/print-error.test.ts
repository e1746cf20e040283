import { ChurnError, ERROR_CODES, type ErrorCode } from "@churnlab/core";
import { expect, test } from "vitest";
import { EXIT } from "../src/exit-codes.ts";
import { printError } from "../src/print-error.ts";
import { listen } from "./fakes/listening-terminal.ts";

test("what nobody foresaw is a bug: status 1, with the stack to report", () => {
  const terminal = listen();
  expect(printError(new TypeError("x is undefined"), terminal)).toBe(EXIT.bug);
  expect(terminal.said[0]).toContain("This is a bug in churnlab");
  expect(terminal.said[1]).toMatch(/TypeError: x is undefined\n +at /);
});

test.each(Object.keys(ERROR_CODES) as ErrorCode[])(
  "%s ends with the status of its table",
  (code) => {
    const terminal = listen();
    expect(printError(new ChurnError(code, "what happened", { hint: "do this" }), terminal)).toBe(
      ERROR_CODES[code].exit,
    );
    expect(terminal.said).toEqual([`✗ what happened  (${code})`, "  fix: do this"]);
  },
);

test("what went wrong first is told, not what closing made of it", () => {
  const terminal = listen();
  const first = new ChurnError("E_DISK", "the disk is full");
  expect(printError(new SuppressedError(new Error("close"), first), terminal)).toBe(EXIT.broken);
});
