import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ChurnError, parseScenario, type Testbed } from "@churnlab/core";
import { LiveFeed } from "@churnlab/report";
import { openStore } from "@churnlab/store";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeTestbed } from "../../control/test/fakes/fake-world.ts";
import { followRuns } from "../src/follow-run.ts";
import { runScenario } from "../src/run-scenario.ts";
import { listen } from "./fakes/listening-terminal.ts";

const SCENARIO = `
version: 1
name: unserved
workload: { kind: short-lived, closer: client, arrival: { model: open, rate: 10/s } }
phases: { measure: 1s }
variants: [{ name: a }, { name: b }]
replicates: 1
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "churnlab-unserved-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Serves so many trials, and then none any more. */
function servingTestbed(trials: number): Testbed {
  const fake = new FakeTestbed();
  let built = 0;
  return {
    build: async () => {
      built += 1;
      if (built > trials) throw new ChurnError("E_FLEET", "a1 is missing");
      return fake.build();
    },
    close: async () => {},
  };
}

describe("a run whose fleet cannot serve it to its end", () => {
  it("has its reports of what there is, and says by which command that very run goes on", async () => {
    using store = openStore(path.join(folder, "lab.db"), { mode: "write" });
    const testbed = servingTestbed(1);
    const report = path.join(folder, "report.html");
    const feed = new LiveFeed();
    const told: string[] = [];
    feed.listen(({ type }) => told.push(type));
    const session = {
      store,
      terminal: listen(),
      testbeds: {
        of: () => testbed,
        begin: async () => {},
        [Symbol.asyncDispose]: async () => {},
      },
      signal: new AbortController().signal,
      json: false,
      quiet: true,
      placeFlags: ["--fleet", "my fleet/controller.yaml"],
      gateModel: false,
      reporters: [{ format: "html", file: report } as const],
      follower: followRuns(store, []),
      feed,
    };
    const job = { scenario: parseScenario(SCENARIO, "u.yaml"), file: "u.yaml", resumes: null };
    const ended: unknown = await runScenario(job, session).catch((error: unknown) => error);
    const [run] = store.listRuns();
    expect(run).toMatchObject({ state: "failed", trials: { aborted: 1 } });
    expect(ended).toMatchObject({
      code: "E_FLEET",
      message: "a1 is missing",
      hint: expect.stringContaining(
        `churnlab run --resume ${store.path}#${run?.runId} --fleet 'my fleet/controller.yaml'`,
      ),
    });
    expect(readFileSync(report, "utf8")).toContain(run?.runId);
    expect(told.at(-1)).toBe("end");
  });
});
