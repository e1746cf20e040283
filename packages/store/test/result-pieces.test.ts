import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openStore, type Store } from "../src/index.ts";
import { completed, start, TemporaryDirectory, trialOf } from "./made-run.ts";
import { querySqlite } from "./query-sqlite.ts";

const PIECES = [0, 1, 2].map((piece) => ({ trial: 0, attempt: 100_001, agent: "a1", piece }));
const LATE = PIECES.map((id) => ({ ...id, attempt: 200_001, text: `{"seq":${id.piece}}` }));

let directory: TemporaryDirectory;
let store: Store;
let run: string;

beforeEach(() => {
  directory = new TemporaryDirectory();
  store = openStore(directory.file("runs.db"), { mode: "write" });
  run = store.startRun(start);
});
afterEach(() => {
  store.close();
  directory[Symbol.dispose]();
});

const save = (attempt: number): void => {
  store.saveAttempt(run, { trial: trialOf(0), outcome: completed(), attempt, pieces: PIECES });
};

describe("pieces of an agent's results", () => {
  test("are in the database with the attempt that they are part of", () => {
    expect(store.hasPiece(run, PIECES[2] as (typeof PIECES)[0])).toBe(false);
    save(1);
    for (const piece of PIECES) expect(store.hasPiece(run, piece)).toBe(true);
    const rows = querySqlite(store.path, "SELECT piece, stored_with, late FROM v_result_piece");
    expect(rows).toEqual([0, 1, 2].map((piece) => ({ piece, stored_with: 1, late: null })));
  });

  test("are stored once: an attempt that is made of the same ones is refused, whole, also by a later process", () => {
    save(1);
    expect(() => save(2)).toThrow(/UNIQUE|constraint/i);
    store.close();
    store = openStore(directory.file("runs.db"), { mode: "write" });
    expect(() => save(2)).toThrow(/UNIQUE|constraint/i);
    expect(store.loadRun(run).earlierAttempts).toHaveLength(0);
    expect(store.loadTrial(run, 0).attempt).toBe(1);
  });

  test("that came late are kept once, as they were sent", () => {
    expect(store.lastFleetAttempt(run)).toBe(0);
    store.keepLatePieces(run, LATE);
    store.keepLatePieces(run, LATE);
    expect(store.lastFleetAttempt(run)).toBe(200_001);
    const rows = querySqlite(store.path, "SELECT stored_with, late FROM v_result_piece");
    expect(rows).toEqual(LATE.map(({ text }) => ({ stored_with: null, late: text })));
  });
});
