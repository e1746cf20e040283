import { createReader, ROLES, type Role, type TrialSpec } from "@churnlab/core";
import { type ComponentChildren, h } from "preact";
import { formatMoment } from "../../charts/format-moment.ts";
import { listFailures } from "../../list-failures.ts";
import { listRunMetrics, readMetric } from "../../variant-readings.ts";
import { LongTable } from "../parts/data-table.ts";
import type { Section } from "../parts/section.ts";
import { Value } from "../parts/value.ts";
import type { ReportData } from "../report-data.ts";

/** Which connections failed and why, and who reset whom for which reason. */
export function failuresSection(data: ReportData): Section | null {
  const tables = [failureTable(data), resetTable(data)].filter((table) => table !== null);
  if (tables.length === 0) {
    if (data.run.trials.completed === 0) return null;
    return {
      id: "failures",
      title: "Failures and resets",
      body: h("p", null, `No connection failed. ${tellNoResets(data)}`),
    };
  }
  return {
    id: "failures",
    title: "Failures and resets",
    lead: "Failed connections by the step and errno they ended with, and resets by the kernel that sent them.",
    body: tables,
  };
}

/** Whose resets were counted, and were none. */
function tellNoResets({ run, readings }: Pick<ReportData, "run" | "readings">): string {
  const roles = ROLES.filter((role) => run.variantList.some(({ spec }) => hasRole(spec, role)));
  const seen = roles.filter((role) =>
    readings.every(({ trials }) => {
      const read = createReader({ role, metric: "rst.sent" });
      return trials.every((trial) => read(trial).kind === "value");
    }),
  );
  if (seen.length === roles.length) return "No reset was sent.";
  const unseen = roles.filter((role) => !seen.includes(role));
  const told = seen.length === 0 ? "" : `No reset was sent by the ${seen.join(" and the ")}. `;
  return `${told}Those of the ${unseen.join(" and the ")} were not seen.`;
}

function hasRole({ topology }: TrialSpec, role: Role): boolean {
  return role !== "upstream" || topology === "gateway";
}

function failureTable({ run }: ReportData): ComponentChildren {
  const rows = listFailures(run).map((each) => [
    each.variant,
    h("code", null, `${each.step}()`),
    h("code", null, each.errno),
    h(Value, { value: each.count }),
    `${each.trials} of ${each.of}`,
    formatMoment(each.firstMs),
    formatMoment(each.lastMs),
  ]);
  if (rows.length === 0) return null;
  return h(LongTable, {
    caption: "Failed connections by errno, all trials added up",
    columns: [
      { title: "variant" },
      { title: "step" },
      { title: "errno" },
      { title: "connections", align: "right" },
      { title: "trials", align: "right" },
      { title: "first", align: "right" },
      { title: "last", align: "right" },
    ],
    rows,
  });
}

const REASON = "rst.reason.";

function resetTable({ run, readings }: ReportData): ComponentChildren {
  const keys = listRunMetrics(run).filter(
    ({ metric }) => metric === "rst.sent" || metric === "rst.received" || metric.startsWith(REASON),
  );
  const rows = readings.flatMap((reading) =>
    keys.flatMap((key) => {
      const { values } = readMetric(reading, key);
      const total = values.reduce((sum, value) => sum + value, 0);
      if (total === 0) return [];
      return [
        [
          reading.variant,
          wordsOf(key),
          h(Value, { value: total }),
          `${values.filter((value) => value > 0).length} of ${values.length}`,
        ],
      ];
    }),
  );
  if (rows.length === 0) return null;
  return h(LongTable, {
    caption: "Resets by side and reason, completed trials added up",
    columns: [
      { title: "variant" },
      { title: "resets" },
      { title: "segments", align: "right" },
      { title: "trials", align: "right" },
    ],
    rows,
  });
}

function wordsOf({
  role,
  metric,
}: {
  readonly role: Role;
  readonly metric: string;
}): ComponentChildren {
  if (metric === "rst.sent") return `sent by the ${role}`;
  if (metric === "rst.received") return `seen arriving at the ${role}`;
  return [`sent by the ${role}, reason `, h("code", null, metric.slice(REASON.length))];
}
