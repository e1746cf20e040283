import { execFileSync } from "node:child_process";

/** Rows of a query, asked of the sqlite3 program that the system brings, as a user would. */
export function querySqlite(path: string, sql: string): Record<string, unknown>[] {
  const printed = execFileSync("sqlite3", ["-readonly", "-json", "-bail", path], {
    encoding: "utf8",
    input: `${sql};`,
  });
  return printed.trim() === "" ? [] : (JSON.parse(printed) as Record<string, unknown>[]);
}
