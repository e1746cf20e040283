import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { APPLICATION_ID, openStore, SCHEMA_VERSION } from "../src/index.ts";
import { completed, start, TemporaryDirectory, trialOf } from "./made-run.ts";
import { querySqlite } from "./query-sqlite.ts";

const page = readFileSync(new URL("../../../docs/database.md", import.meta.url), "utf8");

describe("docs/database.md", () => {
  const directory = new TemporaryDirectory();
  const path = directory.file("runs.db");

  beforeAll(() => {
    using store = openStore(path, { mode: "write" });
    store.saveAttempt(store.startRun(start), {
      trial: trialOf(0),
      outcome: completed(),
      attempt: 1,
    });
  });
  afterAll(() => directory[Symbol.dispose]());

  test("lists every view with its columns", () => {
    const found = querySqlite(
      path,
      `SELECT m.name AS view, group_concat(c.name, ' ') AS columns
       FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c WHERE m.type = 'view' GROUP BY m.name`,
    );
    const written = [...page.matchAll(/^\| `(v_\w+)` \|[^|]*\| (.*) \|$/gm)].map(
      ([, view, columns = ""]) => ({ view, columns: columns.replaceAll("`", "") }),
    );
    expect(written).toHaveLength(found.length);
    expect(written).toEqual(expect.arrayContaining(found));
  });

  test("has the numbers of the header", () => {
    expect(page).toContain(`\`PRAGMA application_id\` is ${APPLICATION_ID}`);
    expect(page).toMatch(new RegExp(`schema, now ${SCHEMA_VERSION}\\.`));
  });

  test("has examples that run", () => {
    const [, examples = ""] = /```sql\n(.*?)```/s.exec(page) ?? [];
    const statements = examples.split(";").filter((statement) => statement.trim() !== "");
    expect(statements).toHaveLength(4);
    for (const statement of statements) expect(() => querySqlite(path, statement)).not.toThrow();
    const overTime = statements.find((statement) => statement.includes("v_sample")) ?? "";
    expect(querySqlite(path, overTime)).toMatchObject([
      { variant: "baseline", trial_id: 0, s: -0.199875, value: 0 },
      { variant: "baseline", trial_id: 0, s: 0.200125, value: 80 },
    ]);
  });
});
