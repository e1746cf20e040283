import { describe, expect, it } from "vitest";
import { countTests } from "../count-tests.mjs";

const file = (name: string, statuses: readonly string[], status = "passed") => ({
  name: `/clone/${name}`,
  status,
  assertionResults: statuses.map((each) => ({ status: each })),
});

const mixed = {
  success: false,
  testResults: [
    file("packages/core/test/tally.test.ts", ["passed", "passed", "skipped"]),
    file("packages/linux/test/netns.linux.test.ts", ["passed", "pending"]),
    file("e2e/run.test.ts", ["passed", "failed"], "failed"),
  ],
};

describe("countTests", () => {
  it("counts each tier and the whole", () => {
    const { total, tiers } = countTests(mixed);
    expect(total).toEqual({ passed: 4, failed: 1, skipped: 2 });
    expect(Object.fromEntries(tiers)).toEqual({
      unit: { passed: 2, failed: 0, skipped: 1 },
      linux: { passed: 1, failed: 0, skipped: 1 },
      e2e: { passed: 1, failed: 1, skipped: 0 },
    });
  });

  it("counts a skipped test as a failure where skipping is forbidden", () => {
    expect(countTests(mixed, { noSkip: true }).total).toEqual({ passed: 4, failed: 3, skipped: 0 });
  });

  it("counts a file that could not be loaded as one failure", () => {
    const report = {
      success: false,
      testResults: [file("packages/core/test/a.test.ts", [], "failed")],
    };
    expect(countTests(report).total).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  it("counts a run that failed outside its tests as one failure", () => {
    const report = {
      success: false,
      testResults: [file("packages/core/test/a.test.ts", ["passed"])],
    };
    expect(countTests(report).total).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  it("counts a run without a report as one failure", () => {
    expect(countTests(undefined).total).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});
