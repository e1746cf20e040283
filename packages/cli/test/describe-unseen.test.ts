import { expect, test } from "vitest";
import { describeUnseen } from "../src/commands/clean.ts";

test("what is left is named with its reason, and with the command that removes it", () => {
  expect(
    describeUnseen([
      { name: "a", owner: "other-namespace" },
      { name: "b", owner: "other-boot" },
    ]),
  ).toEqual([
    expect.stringMatching(/^! left container a: .*another process namespace$/),
    expect.stringMatching(/^! left container b: .*another machine, or on this one before/),
    "  where no such run goes on: churnlab clean --container a --container b",
  ]);
  expect(describeUnseen([])).toEqual([]);
});
