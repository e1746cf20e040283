import { expect, test } from "vitest";
import { chooseWorkers } from "../../src/worker/choose-workers.ts";
import { aWorkload, closed, open } from "../fixtures/a-workload.ts";

const OPEN = open(100);

test.each([
  { what: "one processor", workload: { arrival: OPEN }, processors: 1, expected: 1 },
  {
    what: "two, one of which is the target's",
    workload: { arrival: OPEN },
    processors: 2,
    expected: 1,
  },
  { what: "many processors", workload: { arrival: OPEN }, processors: 64, expected: 4 },
  {
    what: "fewer connections than processors",
    workload: { arrival: closed(2) },
    processors: 8,
    expected: 2,
  },
  {
    what: "more sources than processors",
    workload: { arrival: OPEN, sources: 6 },
    processors: 2,
    expected: 6,
  },
  {
    what: "a number asked for",
    workload: { arrival: OPEN, workers: 9 },
    processors: 2,
    expected: 9,
  },
  {
    what: "fewer asked for than sources",
    workload: { sources: 3, workers: 2 },
    processors: 2,
    expected: 3,
  },
])("$what: $expected", ({ workload, processors, expected }) => {
  expect(chooseWorkers(aWorkload(workload), processors)).toBe(expected);
});
