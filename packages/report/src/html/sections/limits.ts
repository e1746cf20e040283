import type { StoredEvent } from "@churnlab/store";
import { type ComponentChildren, h } from "preact";
import { describeEvent, isLimit } from "../../charts/describe-event.ts";
import { LongTable } from "../parts/data-table.ts";
import type { Section } from "../parts/section.ts";
import { words } from "../parts/words.ts";
import type { ReportData } from "../report-data.ts";

/** What ran out in which variant, with the numbers that show it. null where nothing did. */
export function limitsSection({
  run,
  readings,
  firstEvents,
}: Pick<ReportData, "run" | "readings" | "firstEvents">): Section | null {
  const limits = firstEvents.filter(({ kind }) => isLimit(kind));
  if (limits.length === 0) return null;
  const rows = run.variantList.flatMap(({ name }) => {
    const own = limits.filter(({ variant }) => variant === name);
    const trials = run.trialList.filter(({ variant }) => variant === name).length;
    const byKind = Map.groupBy(own, ({ role, kind }) => `${role} ${kind}`);
    return [...byKind.values()].map((group) => rowOf(group, trials));
  });
  return {
    id: "limits",
    title: "What ran out",
    lead: [
      "The resource that bounded a variant, by the kernel's own counters and by errno. A variant that is not here showed none to what was observed.",
      ...tellUnobserved(readings, limits),
    ].join(" "),
    body: h(LongTable, {
      caption: "Limits by variant",
      columns: ["variant", "role", "what ran out", "trials", "shown by, in the first of them"].map(
        (title) => ({ title }),
      ),
      rows,
    }),
  };
}

/** Variants of which there is nothing to look at: that they show no limit says nothing. */
function tellUnobserved(
  readings: ReportData["readings"],
  limits: readonly StoredEvent[],
): string[] {
  const shown = new Set(limits.map(({ variant }) => variant));
  const names = readings
    .filter(({ variant, trials }) => trials.length === 0 && !shown.has(variant))
    .map(({ variant }) => variant);
  return names.length === 0 ? [] : [`Not completed, so not known: ${names.join(", ")}.`];
}

function rowOf(group: readonly StoredEvent[], trials: number): ComponentChildren[] {
  const { variant, role, kind, detail } = group[0] as StoredEvent;
  const { text, why } = describeEvent({ kind, detail });
  return [variant, role, text, `${group.length} of ${trials}`, words(why)];
}
