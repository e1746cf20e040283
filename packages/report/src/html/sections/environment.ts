import { collectFacts, listVaryingFacts, type StoredRun } from "@churnlab/store";
import { h } from "preact";
import { DataTable, Fold } from "../parts/data-table.ts";
import type { Section } from "../parts/section.ts";
import type { ReportData } from "../report-data.ts";

/** Where the run ran, and in what its trials differ without the scenario asking for it. */
export function environmentSection({ run }: Pick<ReportData, "run">): Section | null {
  const facts = Object.entries(collectFacts(run.trialList));
  if (facts.length === 0) return null;
  const differences = findDifferences(run);
  return {
    id: "environment",
    title: "Environment",
    lead:
      differences.length === 0
        ? "All trials ran in the same environment, but for what the scenario varies."
        : "The trials did not all run in the same environment.",
    body: [
      differences.length === 0
        ? null
        : h(DataTable, {
            caption: "What differs between trials although the scenario does not ask for it",
            columns: [{ title: "fact" }, { title: "values" }],
            rows: differences.map(([key, value]) => [h("code", null, key), value]),
          }),
      h(
        Fold,
        { title: `Show all ${facts.length} facts` },
        h(DataTable, {
          caption: "Facts of the environment",
          columns: [{ title: "fact" }, { title: "value" }],
          rows: facts.map(([key, value]) => [h("code", null, key), value.replaceAll("\t", " ")]),
        }),
      ),
    ],
  };
}

function findDifferences({ resolved, trialList }: StoredRun): [string, string][] {
  const byKey = new Map<string, Set<string>>();
  for (const trial of trialList) {
    for (const [key, value] of Object.entries(collectFacts([trial]))) {
      byKey.set(key, (byKey.get(key) ?? new Set()).add(value));
    }
  }
  const varying = new Set(listVaryingFacts(resolved, byKey.keys()));
  return [...byKey].flatMap(([key, values]): [string, string][] =>
    values.size > 1 && !varying.has(key) ? [[key, [...values].toSorted().join(" | ")]] : [],
  );
}
