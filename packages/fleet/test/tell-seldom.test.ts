import { expect, test } from "vitest";
import { tellSeldom } from "../src/tell-seldom.ts";

test("of a thousand alike the first, the tenth, the hundredth and the last are told of", () => {
  const told: string[] = [];
  const tell = tellSeldom((line) => told.push(line));
  for (let i = 0; i < 1000; i++) tell("it came");
  expect(told).toEqual([
    "it came",
    "it came (the 10th such)",
    "it came (the 100th such)",
    "it came (the 1000th such)",
  ]);
});
