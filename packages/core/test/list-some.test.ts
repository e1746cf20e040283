import { expect, test } from "vitest";
import { listSome } from "../src/list-some.ts";

test.each([
  [0, ""],
  [1, "n1"],
  [8, "n1, n2, n3, n4, n5, n6, n7, n8"],
  [9, "n1, n2, n3, n4, n5, n6, n7, n8 and 1 more"],
])("of %d names are listed the first eight, and how many more there are", (count, listed) => {
  expect(listSome(Array.from({ length: count }, (_, i) => `n${i + 1}`))).toBe(listed);
});
