import { describeMetric } from "@churnlab/core";
import type { Database, Statement } from "better-sqlite3";

/** The row ids of metric names, which are added when they are first seen. Valid inside one transaction. */
export class MetricIds {
  readonly #ids = new Map<string, number>();
  readonly #select: Statement<[string], number>;
  readonly #insert: Statement<[string, string, string, string]>;

  constructor(db: Database) {
    this.#select = db.prepare<[string], number>("SELECT id FROM metric WHERE name = ?").pluck();
    this.#insert = db.prepare(
      "INSERT INTO metric (name, unit, better, meaning) VALUES (?, ?, ?, ?)",
    );
  }

  idOf(name: string): number {
    const known = this.#ids.get(name) ?? this.#select.get(name) ?? this.#add(name);
    this.#ids.set(name, known);
    return known;
  }

  /** A sampled gauge has no row in core's table of metrics: it is a plain number of what its name says. */
  #add(name: string): number {
    const described = describeMetric(name);
    const { lastInsertRowid } = this.#insert.run(
      name,
      described?.unit ?? "",
      described?.better ?? "neither",
      described?.meaning ?? "",
    );
    return Number(lastInsertRowid);
  }
}
