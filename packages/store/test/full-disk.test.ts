import { describe, expect, test } from "vitest";
import { loadSqlite } from "../src/load-sqlite.ts";
import { migrate } from "../src/migrations.ts";
import { SqliteStore } from "../src/sqlite-store.ts";
import { completed, start, TemporaryDirectory, trialOf } from "./made-run.ts";

const manySamples = Array.from({ length: 50_000 }, (_, i) => {
  return { role: "client", metric: "time_wait", tMs: i, value: i } as const;
});

describe("a full disk", () => {
  test("loses the trial that does not fit and nothing before it", () => {
    using directory = new TemporaryDirectory();
    const Sqlite = loadSqlite();
    const db = new Sqlite(directory.file("runs.db"));
    db.pragma("journal_mode = WAL");
    migrate(db);
    db.pragma("max_page_count = 80");
    using store = new SqliteStore(db);
    const runId = store.startRun(start);
    store.saveAttempt(runId, { trial: trialOf(0), outcome: completed(), attempt: 1 });

    expect(() =>
      store.saveAttempt(runId, {
        trial: trialOf(1),
        outcome: completed({ samples: manySamples }),
        attempt: 1,
      }),
    ).toThrow(
      expect.objectContaining({ code: "E_DISK", message: expect.stringContaining("No space") }),
    );
    expect(store.loadRun(runId).trialList.map(({ trialId }) => trialId)).toEqual([0]);

    // A trial that fits is still saved, and the run can end.
    store.saveAttempt(runId, { trial: trialOf(2), outcome: completed(), attempt: 1 });
    store.finishRun(runId, "failed");
    expect(store.loadRun(runId)).toMatchObject({ state: "failed", trials: { completed: 2 } });
  });
});
