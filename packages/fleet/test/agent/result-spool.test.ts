import { mkdtempSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ChurnError } from "@churnlab/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KeptResults } from "../../src/agent/kept-results.ts";
import { piecesOfFailure, ResultSpool, type SpoolOrigin } from "../../src/agent/result-spool.ts";
import type { ResultPiece } from "../../src/messages/result-piece.ts";

const DAY_MS = 24 * 3600 * 1000;

function originOf(over: Partial<SpoolOrigin> & { attempt?: number } = {}): SpoolOrigin {
  const { attempt = 1, ...rest } = over;
  return { run: "RUN-1", agent: "a", key: { trial: 0, attempt }, ...rest };
}

let directory: string;
let spool: ResultSpool;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "churnlab-spool-"));
  spool = new ResultSpool(directory);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function put(origin: SpoolOrigin): readonly ResultPiece[] {
  const pieces = piecesOfFailure(origin, new ChurnError("E_TARGET", "why"));
  spool.append(origin, pieces);
  return pieces;
}

describe("the spool", () => {
  it("gives back what was written, a failure too, until it is removed", () => {
    const pieces = put(originOf());
    expect(pieces).toMatchObject([{ kind: "failure", code: "E_TARGET", message: "why" }]);
    expect(new ResultSpool(directory).read(originOf())).toEqual(pieces);
    spool.remove(originOf());
    expect(spool.list("a")).toEqual([]);
  });

  it("keeps agents apart whose names begin alike", () => {
    put(originOf());
    put(originOf({ agent: "a-RUN" }));
    expect(spool.list("a")).toEqual([originOf()]);
    expect(spool.list("a-RUN")).toEqual([originOf({ agent: "a-RUN" })]);
  });

  it("is not misled by what else lies there", () => {
    writeFileSync(path.join(directory, "undo-a.json"), "{}");
    writeFileSync(path.join(directory, "a.RUN.0.1.ndjson.draft"), "{");
    expect(spool.list("a")).toEqual([]);
  });

  it("removes what nobody has asked for in a week, and what is more than may be kept, the oldest first", () => {
    const [old, large, fresh] = [1, 2, 3].map((attempt) => originOf({ attempt })) as [
      SpoolOrigin,
      SpoolOrigin,
      SpoolOrigin,
    ];
    const nowMs = Date.now();
    for (const [origin, days] of [[old, 8] as const, [large, 2] as const, [fresh, 1] as const]) {
      put(origin);
      utimesSync(spool.fileOf(origin), nowMs / 1000, (nowMs - days * DAY_MS) / 1000);
    }
    expect(spool.sweep("a", nowMs)).toEqual([old]);
    truncateSync(spool.fileOf(large), 300 * 1024 * 1024); // a hole: it takes no space
    utimesSync(spool.fileOf(large), nowMs / 1000, (nowMs - 2 * DAY_MS) / 1000);
    expect(spool.sweep("a", nowMs)).toEqual([large]);
    expect(spool.list("a")).toEqual([fresh]);
  });
});

describe("results of an earlier process", () => {
  const lines: string[] = [];
  let published: string[];
  const keptFor = (heard: readonly string[]): KeptResults =>
    new KeptResults({
      agent: "a",
      spool,
      isHeard: async (run) => heard.includes(run),
      republish: async (pieces) => {
        published.push(...pieces.map(({ run, key }) => `${run}/${key.attempt}`));
        return pieces.length;
      },
      log: (line) => lines.push(line),
    });

  beforeEach(() => {
    published = [];
    lines.length = 0;
  });

  it("are published again where their run goes on, and stay until the controller has them", async () => {
    put(originOf());
    using kept = keptFor(["RUN-1"]);
    await kept.replayAll();
    expect(published).toEqual(["RUN-1/1"]);
    expect(spool.list("a")).toHaveLength(1);
  });

  it("are kept and told of where nobody runs it, until a controller of it comes", async () => {
    put(originOf());
    using kept = keptFor([]);
    await kept.replayAll();
    expect(published).toEqual([]);
    expect(lines).toEqual([
      expect.stringMatching(/run RUN-1, trial 0, attempt 1 are kept in .*a\.RUN-1/),
    ]);
    await kept.replayRun("RUN-2");
    expect(published).toEqual([]);
    await kept.replayRun("RUN-1");
    expect(published).toEqual(["RUN-1/1"]);
  });

  it("of one attempt are published again for a controller that misses them, and those of no other", async () => {
    put(originOf());
    put(originOf({ run: "RUN-2" }));
    using kept = keptFor([]);
    expect(kept.replayAttempt(originOf({ key: { trial: 0, attempt: 9 } }))).toBe(false);
    expect(kept.replayAttempt(originOf())).toBe(true);
    await expect.poll(() => published).toEqual(["RUN-1/1"]);
    expect(spool.list("a")).toHaveLength(2);
  });

  it("that nobody asked for in a week are removed while the agent lives, before the next attempt", async () => {
    put(originOf());
    put(originOf({ run: "RUN-2" }));
    using kept = keptFor([]);
    await kept.replayAll();
    const weekAgoS = Date.now() / 1000 - (8 * DAY_MS) / 1000;
    utimesSync(spool.fileOf(originOf()), weekAgoS, weekAgoS);
    await kept.replayRun("RUN-3");
    expect(spool.list("a")).toEqual([originOf({ run: "RUN-2" })]);
    expect(lines.at(-1)).toMatch(/run RUN-1, trial 0, attempt 1 were asked for by nobody: removed/);
  });

  it("that cannot be read are told of, and stop no other", async () => {
    put(originOf());
    put(originOf({ attempt: 2 }));
    writeFileSync(spool.fileOf(originOf()), "{");
    using kept = keptFor(["RUN-1"]);
    await kept.replayAll();
    expect(lines.join("\n")).toMatch(/attempt 1 cannot be read/);
    expect(published).toEqual(["RUN-1/2"]);
  });
});
