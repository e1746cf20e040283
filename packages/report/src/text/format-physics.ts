import { wrapText } from "@churnlab/core";
import type { StoredRun } from "@churnlab/store";
import { describePhysics } from "../describe-physics.ts";
import { tabulateGrades } from "../tabulate-grades.ts";
import { layoutTable } from "./layout-table.ts";
import { proseColumns, type Style } from "./style.ts";

/** What the ports of each variant did and whether the port model predicted it: what one trial is enough to claim. */
export function formatPhysics(run: StoredRun, style: Style): string[] {
  const sentences = describePhysics(run).flatMap((sentence) =>
    wrapText(sentence, "", proseColumns(style)),
  );
  const table = tabulateGrades(run, style);
  if (table === null) return sentences;
  const columns = table.titles.map((title) => ({ title, align: "left" }) as const);
  return [...sentences, ...layoutTable(columns, table.rows, style.columns)];
}
