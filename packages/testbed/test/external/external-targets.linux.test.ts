import { parseScenario, planTrials } from "@churnlab/core";
import { afterEach, describe, expect, it } from "vitest";
import { checkExternal } from "../../src/external/check-external.ts";
import { ExternalTargets } from "../../src/external/external-targets.ts";
import { ExternalTestbed } from "../../src/external/external-testbed.ts";
import { findExternalTarget } from "../../src/external/find-external-target.ts";

const scenario = parseScenario(
  `version: 1
name: moving
testbed: external
target: { url: "http://moving.test:8080/a" }
workload: { kind: short-lived, arrival: { model: open, rate: 100/s } }
phases: { measure: 1s }
replicates: 2
variants: [{ name: only }]`,
  "test.yaml",
);
const trials = planTrials(scenario).trials;

/** A name server whose answer is another address of loopback each time; fails at first if told so. */
function movingTargets({ failures = 0 } = {}): { targets: ExternalTargets; asked: () => number } {
  let asked = 0;
  const targets = new ExternalTargets(async (url) => {
    asked += 1;
    if (asked <= failures) throw new Error("no answer");
    return {
      ...(await findExternalTarget("http://127.0.0.1:8080/a")),
      url,
      host: `127.0.0.${asked}`,
    };
  });
  return { targets, asked: () => asked };
}

const GO = new AbortController().signal;
let testbed: ExternalTestbed;
afterEach(() => testbed?.close());

describe("a host whose name gets another address meanwhile", () => {
  it("is loaded in every trial at the address that was shown", async () => {
    const { targets, asked } = movingTargets();
    const check = { allowed: false, targets };
    const lines = await checkExternal([scenario], check);
    expect(lines[0]).toContain("(127.0.0.1 port 8080)");
    testbed = new ExternalTestbed(check);
    expect(trials).toHaveLength(2);
    for (const trial of trials) {
      await using world = await testbed.build(trial, GO);
      expect(world.target.address.host).toBe("127.0.0.1");
      expect(world.environment.facts["target.server"]).toContain("(127.0.0.1)");
    }
    expect(asked()).toBe(1);
  });

  it("is looked up again where it had no address", async () => {
    const { targets } = movingTargets({ failures: 1 });
    await expect(targets.find("http://moving.test")).rejects.toThrow("no answer");
    expect(await targets.find("http://moving.test")).toMatchObject({ host: "127.0.0.2" });
  });

  it("is the same for two that ask at once", async () => {
    const { targets } = movingTargets();
    const [one, two] = await Promise.all(["a", "a"].map((url) => targets.find(url)));
    expect(one).toEqual(two);
  });
});
