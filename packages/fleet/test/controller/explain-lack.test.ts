import { ChurnError } from "@churnlab/core";
import { describe, expect, it } from "vitest";
import { explainLack } from "../../src/controller/explain-lack.ts";
import type { AgentDescription } from "../../src/messages/agent-description.ts";

const LACK = new ChurnError("E_FLEET", "No agent offers a target: a1 (load)", {
  hint: "Start one: churnlab agent --role target",
});
const OWN = [{ name: "a1" } as AgentDescription];
const FOREIGN = [
  { name: "z1", version: "9.9.9" },
  { name: "z2", version: "9.9.9" },
];

describe("what a trial lacks", () => {
  it("is said, with the command that helps, also beside an agent of another version", () => {
    expect(explainLack(LACK, { agents: OWN, foreign: FOREIGN }, "0.1.0")).toMatchObject({
      code: "E_FLEET",
      message: expect.stringMatching(
        /^No agent offers a target: a1 \(load\)\. The agent z1 is churnlab 9\.9\.9, and 1 more are .*0\.1\.0/,
      ),
      hint: "Start one: churnlab agent --role target",
    });
  });

  it("is the version, where no agent of the controller's own answers", () => {
    expect(explainLack(LACK, { agents: [], foreign: FOREIGN }, "0.1.0")).toMatchObject({
      code: "E_FLEET_VERSION",
      hint: "Install the same version on both.",
    });
  });

  it("is as it is where all are of one version", () => {
    expect(explainLack(LACK, { agents: OWN, foreign: [] }, "0.1.0")).toBe(LACK);
  });
});
