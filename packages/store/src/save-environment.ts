import type { Environment } from "@churnlab/core";
import type { Database } from "better-sqlite3";

/** The row of these facts; equal facts share one. */
export function saveEnvironment(db: Database, { facts }: Environment): number {
  const sorted = Object.entries(facts).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify(Object.fromEntries(sorted));
  db.prepare("INSERT INTO environment (facts) VALUES (?) ON CONFLICT DO NOTHING").run(text);
  return db.prepare("SELECT id FROM environment WHERE facts = ?").pluck().get(text) as number;
}
