import { describe, expect, test } from "vitest";
import { gradePrediction } from "../src/grade-prediction.ts";

const time = { role: "client", metric: "ports.first_exhausted_ms" } as const;
const rate = { role: "client", metric: "connections.rate" } as const;
const gauge = { role: "client", metric: "time_wait.plateau" } as const;
const overflow = { role: "client", metric: "tcpext.TCPTimeWaitOverflow" } as const;
const value = (observed: number) => ({ kind: "value", value: observed }) as const;

describe("a prediction of the port model", () => {
  test.each([
    // 1000 ports at 20/s are exhausted after 50 s; from then on 1000 ports per 60 s of TIME_WAIT succeed.
    ["first failure at C/r, seen at 50.05 s", time, 50_000, 50_050, "agrees"],
    ["first failure 4 % late", time, 50_000, 52_000, "disagrees"],
    ["long-run success rate", rate, 1000 / 60, 16.68, "agrees"],
    ["a rate 3 % off is the last to agree", rate, 100, 103, "agrees"],
    ["a rate 3.1 % off", rate, 100, 103.1, "disagrees"],
    ["a gauge 4.9 % off", gauge, 1000, 1049, "agrees"],
    ["a gauge 5.1 % off", gauge, 1000, 949, "disagrees"],
    ["TIME_WAIT overflow count", overflow, 11_600, 11_600, "agrees"],
    ["overflow where none may be", overflow, 0, 1, "disagrees"],
    ["no overflow where none may be", overflow, 0, 0, "agrees"],
  ] as const)("%s", (...[, key, predicted, observed, kind]) => {
    expect(gradePrediction({ ...key, value: predicted }, value(observed)).kind).toBe(kind);
  });

  test("that an event never happens is broken by its happening, and the other way round", () => {
    const never = { ...time, value: "never" } as const;
    expect(gradePrediction(never, { kind: "never" })).toMatchObject({
      kind: "agrees",
      deviation: null,
    });
    expect(gradePrediction(never, value(49_000)).kind).toBe("disagrees");
    expect(gradePrediction({ ...time, value: 50_000 }, { kind: "never" }).kind).toBe("disagrees");
  });

  test("is not graded when nothing was measured, or a broken number", () => {
    const prediction = { ...rate, value: 100 };
    expect(gradePrediction(prediction, { kind: "absent" }).kind).toBe("not-measured");
    expect(gradePrediction(prediction, value(Number.NaN)).kind).toBe("not-measured");
  });

  test("must itself be a number from 0 up", () => {
    for (const predicted of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
      expect(() => gradePrediction({ ...rate, value: predicted }, value(1))).toThrow(RangeError);
    }
  });

  test("never gives a deviation that is not finite", () => {
    const grade = gradePrediction({ ...rate, value: 1e-300 }, value(1e300));
    expect(grade).toMatchObject({ kind: "disagrees", deviation: null });
  });
});
