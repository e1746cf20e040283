import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openStore } from "@churnlab/store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXPORT_FORMATS } from "../../packages/cli/src/report-formats.ts";
import { type MakeRunOptions, makeRun } from "../../packages/report/test/fixtures/make-run.ts";
import { TWO_SECONDS } from "../../packages/report/test/fixtures/scenarios.ts";
import { type Ended, Workplace } from "../cli/churnlab.ts";

const TWO_VARIANTS = `${TWO_SECONDS}
variants: [ { name: before }, { name: after } ]
gates: [ { metric: client.connections.rate, against: baseline, worseBy: 3% } ]
`;

const place = new Workplace();
afterAll(() => place[Symbol.dispose]());

const inPlace = (name: string): string => path.join(place.folder, name);

/** Every command that judges or passes on what a database has. */
const READERS: readonly (readonly [name: string, args: readonly string[]])[] = [
  ["compare", ["compare", "last"]],
  ["gate", ["gate", "last"]],
  ["history", ["history"]],
  ["export", ["export", "last", "--format", "csv"]],
  ["show", ["show", "last"]],
  ["runs", ["runs"]],
];

let runId = "";

beforeAll(() => {
  using store = openStore(inPlace("runs.db"), { mode: "write" });
  runId = makeRun(store, TWO_VARIANTS);
});

describe("a database that is none of ours, or broken", () => {
  const broken = [
    ["damaged or cut short", makeTruncated],
    ["not a SQLite database", makeText],
    ["another program", makeForeign],
  ] as const;

  it.each(READERS)("is refused by %s with 2, and left alone", async (_, args) => {
    const refused = await Promise.all(
      broken.map(async ([words, make]) => {
        const file = make();
        const before = readFileSync(file);
        const { code, stdout, stderr } = await place.run([...args, "--db", file]);
        const isUntouched = readFileSync(file).equals(before);
        return { code, stdout, isUntouched, says: stderr.includes(words), stderr };
      }),
    );
    for (const each of refused) {
      expect(each).toMatchObject({ code: 2, stdout: "", isUntouched: true, says: true });
      expect(each.stderr).toContain("E_DATABASE");
      expect(each.stderr).not.toContain("bug");
    }
  });
});

function makeTruncated(): string {
  const file = inPlace("truncated.db");
  writeFileSync(file, readFileSync(inPlace("runs.db")));
  truncateSync(file, Math.floor(statSync(file).size / 2));
  return file;
}

function makeText(): string {
  return place.write("text.db", "not a database\n".repeat(100));
}

function makeForeign(): string {
  const file = inPlace("foreign.db");
  using db = new DatabaseSync(file);
  db.exec("CREATE TABLE IF NOT EXISTS theirs (a)");
  return file;
}

describe("a database that another process holds for itself alone", () => {
  it("is waited for, then refused with 2 and a hint", async () => {
    writeFileSync(inPlace("held.db"), readFileSync(inPlace("runs.db")));
    using holder = new DatabaseSync(inPlace("held.db"));
    holder.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    const { code, stderr } = await place.run(["compare", "last", "--db", "held.db"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("is locked by another process")]);
  });
});

describe("a run that is not there", () => {
  it.each([
    ["an id that is nearly one", () => `${runId.slice(0, -1)}~`, () => `Did you mean ${runId}?`],
    ["a word that is nearly one", () => "lst", () => "Did you mean last?"],
    ["one before the first", () => "last~7", () => "There is no last~7"],
  ])("is refused with 2 and what there is: %s", async (_, typed, told) => {
    for (const command of [["compare"], ["gate"], ["export", "--format", "json"]]) {
      const { code, stderr } = await place.run([...command, typed(), "--db", "runs.db"]);
      expect(code).toBe(2);
      expect(stderr).toContain("E_RUN_UNKNOWN");
      expect(stderr).toContain(told());
    }
  });
});

describe("a run of which one trial counts", () => {
  const bounded = TWO_SECONDS.replace("replicates: 1", "replicates: 12").concat(
    "gates: [ { metric: client.connections.rate, min: 1 } ]\n",
  );
  const gate = async (name: string, options: MakeRunOptions): Promise<Ended> => {
    {
      using store = openStore(inPlace(name), { mode: "write" });
      makeRun(store, bounded, options);
    }
    return place.run(["gate", "last", "--db", name]);
  };

  it("ends with 4 and says why, although its gate passed", async () => {
    const one = await gate("one-of-12.db", {
      outcomeOf: ({ id }, completed) =>
        id === 1
          ? completed
          : { state: "invalid", reason: "the generator was the limit", record: completed.record },
    });
    expect(one.stdout).toMatch(/✓ pass/);
    expect(one.stdout).toMatch(/11 of 12 trials do not count \(11 invalid\): the generator was/);
    expect(one.code).toBe(4);
  });

  it("as far as it went ends with 4 while it goes on", async () => {
    const running = await gate("going-on.db", { runningAfter: 1 });
    expect(running.stdout).toMatch(/1 of 12 trials/);
    expect(running.code).toBe(4);
  });

  it("of all that were planned ends with 0", async () => {
    expect((await gate("whole.db", {})).code).toBe(0);
  });
});

describe("a baseline of another workload", () => {
  it("gives no verdict and ends with 5, unless what differs is allowed", async () => {
    {
      using store = openStore(inPlace("rates.db"), { mode: "write" });
      makeRun(store, TWO_VARIANTS.replace("rate: 100/s", "rate: 50/s"));
      makeRun(store, TWO_VARIANTS);
    }
    const exported = await place.run(["show", "last~1", "--db", "rates.db", "--json"]);
    place.write("slow.json", exported.stdout);
    for (const baseline of ["slow.json", "last~1"]) {
      const args = ["gate", "last", "--db", "rates.db", "--baseline", baseline];
      const refused = await place.run(args);
      expect([refused.code, refused.stdout]).toEqual([
        5,
        expect.stringMatching(/! not comparable .*not of the same scenario .*arrival\.ratePerS/),
      ]);
      const allowed = await place.run([...args, "--allow-diff", "scenario.workload.arrival"]);
      expect(allowed.code).toBe(0);
      expect(allowed.stdout).not.toMatch(/invalid|not comparable/);
    }
  });
});

describe("a run without a valid trial", () => {
  beforeAll(() => {
    using store = openStore(inPlace("invalid.db"), { mode: "write" });
    makeRun(store, TWO_VARIANTS, {
      outcomeOf: (_, { record }) => {
        return { state: "invalid", reason: "the generator was the limit", record };
      },
    });
  });

  it("claims nothing, and is no verdict for --strict", async () => {
    const { code, stdout } = await place.run(["compare", "last", "--db", "invalid.db", "--strict"]);
    expect(code).toBe(5);
    expect(stdout).toContain("no completed trial");
    expect(stdout).not.toMatch(/BETTER|WORSE/);
  });

  it("has not passed its gates", async () => {
    const { code, stdout } = await place.run(["gate", "last", "--db", "invalid.db"]);
    expect(code).toBe(4);
    expect(stdout).toMatch(/! invalid/);
  });

  it.each(EXPORT_FORMATS)("is exported as %s all the same", async (format) => {
    const args = ["export", "last", "--db", "invalid.db", "--format", format];
    const { code, stdout, stderr } = await place.run(args);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).not.toMatch(/NaN|undefined/);
  });
});
