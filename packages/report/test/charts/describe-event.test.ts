import { expect, it } from "vitest";
import { describeEvent } from "../../src/charts/describe-event.ts";

it.each([
  ["ports.half", { used: 1041, range: 2048 }, "half of the local ports are in use: 1 041 of 2 048"],
  [
    "ports.exhausted",
    { errno: "EADDRNOTAVAIL", step: "connect", count: 1152 },
    "no local port is left: first EADDRNOTAVAIL at connect(), 1 152 in all",
  ],
  [
    "ports.busy",
    { errno: "EADDRINUSE", step: "bind", count: 3 },
    "a chosen local port is still taken: first EADDRINUSE at bind(), 3 in all",
  ],
  [
    "ports.refused",
    { errno: "EADDRNOTAVAIL", step: "connect" },
    "the kernel finds no local port: first EADDRNOTAVAIL at connect()",
  ],
  [
    "connect-cliff",
    { portUsePercent: 58, beforeUs: 130, afterUs: 10_700 },
    "connect() takes 10.7 ms instead of 130 µs, at 58 % of the local ports",
  ],
  [
    "rst.sent",
    { reason: "NO_SOCKET", state: "CLOSE", words: "nothing listens" },
    "the kernel sends a RST in CLOSE, reason NO_SOCKET",
  ],
  [
    "rst.received",
    { state: "ESTABLISHED", sourcePort: 40_000, destination: "198.18.0.1", destinationPort: 80 },
    "a RST from 198.18.0.1:80 ends a connection in ESTABLISHED",
  ],
  [
    "ports.tuples-left-off",
    { kept: 100, leftOff: 412 },
    "the port budget of 412 more destinations was not kept, beside 100",
  ],
  ["something-new", { a: 1, b: "two", c: [3] }, "something-new: a 1, b two, c [3]"],
  ["bare", {}, "bare"],
])("%s in words", (kind, detail, text) => {
  expect(describeEvent({ kind, detail }).text).toBe(text);
});

it("an event whose detail is not what it should be is still told", () => {
  for (const kind of [
    "ports.half",
    "ports.exhausted",
    "ports.busy",
    "ports.refused",
    "connect-cliff",
    "rst",
    "rst.sent",
    "rst.received",
    "ports.tuples-left-off",
    "retries-paced",
  ]) {
    expect(describeEvent({ kind, detail: { used: "x", errno: {}, beforeUs: null } }).text).toMatch(
      /\w/,
    );
  }
});
