import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Ended, Workplace } from "../cli/churnlab.ts";
import { failedGates } from "./list-alarms.ts";
import { readDocument } from "./read-document.ts";
import { runJudged, runOnce } from "./run-judged.ts";
import { HALVED_BACKLOG, HALVED_PORTS } from "./scenarios.ts";

const RUN_MS = 120_000;

const place = new Workplace();
afterAll(() => place[Symbol.dispose]());

describe("a limit that was halved", () => {
  it("of the backlog fails the gate on overflows, with as many as no longer fit", async () => {
    const result = await runJudged(place, { name: "backlog", scenario: HALVED_BACKLOG });
    expect(failedGates(result)).toEqual(["after: target.tcpext.ListenOverflows"]);
    expect((await place.run(["gate", "last", "--db", "backlog.db"])).code).toBe(99);
  });

  it("of ports fails the gate on EADDRNOTAVAIL, with as many as no longer fit", async () => {
    const result = await runJudged(place, { name: "ports", scenario: HALVED_PORTS });
    expect(failedGates(result)).toEqual(["after: client.failures.EADDRNOTAVAIL"]);
    const { code, stdout } = await place.run(["gate", "last", "--db", "ports.db"]);
    expect(code).toBe(99);
    expect(stdout).toMatch(/✗ fail .*EADDRNOTAVAIL ≤ 0 +50, must be at most 0/);
  });

  it("cannot be decided by statistics in one trial, which --strict says with 5", async () => {
    const compared = await place.run(["compare", "last", "--db", "ports.db", "--strict"]);
    expect(compared.code).toBe(5);
    expect(compared.stdout).toContain(
      "1 block: medians only; an interval needs 5, a claim 8 or more",
    );
  });

  it("shows in the history of the metric, which fails nothing", async () => {
    await runJudged(place, { name: "ports", scenario: HALVED_PORTS, flags: ["--only", "after"] });
    const args = ["history", "client.failures.EADDRNOTAVAIL", "--variant", "after"];
    const { code, stdout } = await place.run([...args, "--db", "ports.db"]);
    expect(code).toBe(0);
    expect(stdout.split("\n").filter((line) => / 50 /.test(line))).toHaveLength(2);
    const json = await place.run([...args, "--db", "ports.db", "--json"]);
    const { runs } = readDocument("history", json.stdout);
    expect(runs.map(({ value }) => value)).toEqual([50, 50]);
  });
});

describe("replicates: auto", () => {
  it(
    "ends at a look, as a run that is complete",
    async () => {
      const flags = ["--replicates", "auto", "--set", "phases.measure=200ms"];
      const { run: ran } = await runOnce(place, { name: "auto", scenario: HALVED_PORTS, flags });
      expect([16, 24, 32]).toContain(ran.trials.length);
      expect(ran).toMatchObject({ state: "completed", plannedTrials: ran.trials.length });
    },
    RUN_MS,
  );
});

describe("a run that goes on", () => {
  it("can be read, compared and judged by what it has so far", async () => {
    const file = place.write("goes-on.yaml", HALVED_PORTS.replace("measure: 500ms", "measure: 5s"));
    const started = place.start(["run", file, "--db", "goes-on.db"]);
    await started.shows("trial 2/2");
    const shown = await place.run(["show", "last", "--db", "goes-on.db"]);
    expect(shown.code).toBe(0);
    expect(shown.stdout).toContain("1 of 2 trials  ● running");
    const compared = await place.run(["compare", "last", "--db", "goes-on.db"]);
    expect(compared.code).toBe(0);
    expect(compared.stdout).toContain("after against before: one side has no completed trial.");
    const judged = await place.run(["gate", "last", "--db", "goes-on.db", "--strict"]);
    expect(judged.stdout).toMatch(/! invalid .*no trial of this variant completed/);
    started.child.kill("SIGINT");
    expect((await started.ended).code).toBe(130);
  });
});

describe("what is not there", () => {
  it("is refused with 2 and the nearest that is", async () => {
    const name = "client.connections.rat";
    const metric = await place.run(["compare", "last", "--db", "ports.db", "--metric", name]);
    expect(metric.code).toBe(2);
    expect(metric.stderr).toContain("Did you mean client.connections.rate?");
    const history = await place.run(["history", "client.conections.rate", "--db", "ports.db"]);
    expect(history.code).toBe(2);
    expect(history.stderr).toContain("Did you mean client.connections.rate?");
    const other = await place.run(["compare", "nothing", "--db", "ports.db"]);
    expect(other.code).toBe(2);
  });
});

describe("churnlab new", () => {
  it("writes a scenario that is valid as it is, and keeps a file that exists", async () => {
    const args = ["new", "mine.yaml", "--template", "port-range"];
    expect((await place.run(args)).code).toBe(0);
    expect((await place.run(["validate", "mine.yaml"])).code).toBe(0);
    writeFileSync(path.join(place.folder, "mine.yaml"), "mine");
    const refused = await place.run(args);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("--force");
    expect((await place.run([...args, "--force"])).code).toBe(0);
    expect((await place.run(["validate", "mine.yaml"])).code).toBe(0);
  });
});

describe("formats", () => {
  it("of a comparison go to stdout, with nothing else", async () => {
    const compare = (format: string): Promise<Ended> =>
      place.run(["compare", "last~1", "--db", "ports.db", "--format", format]);
    expect((await compare("csv")).stdout).toMatch(/^run_id,baseline,variant,role,metric,n,/);
    expect((await compare("markdown")).stdout).toMatch(/^### halved-ports$/m);
    expect((await compare("xml")).code).toBe(2);
  });

  it("of samples come a line each, the same on stdout and in a file", async () => {
    const args = ["export", "last", "--db", "ports.db", "--format", "ndjson"];
    const { code, stdout } = await place.run(args);
    expect(code).toBe(0);
    const types = stdout
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as Typed).type);
    expect(new Set(types)).toEqual(
      new Set(["run", "trial", "measurement", "failure", "event", "sample", "gate", "end"]),
    );
    const written = await place.run([...args, "-o", "samples.ndjson"]);
    expect(written).toMatchObject({ code: 0, stdout: "" });
    expect((await place.run([...args, "-o", "nowhere/x"])).code).toBe(2);
  });
});

interface Typed {
  readonly type: string;
}
