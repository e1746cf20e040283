import { distinctSysctls } from "@churnlab/core";
import { type ComponentChildren, h } from "preact";
import { LongTable } from "../parts/data-table.ts";
import { Mark } from "../parts/mark.ts";
import type { Section } from "../parts/section.ts";
import type { ReportData } from "../report-data.ts";

/** What each variant wrote to which kernel, what was there before, and what it read back as. */
export function sysctlSection({ run }: ReportData): Section | null {
  const rows = run.variantList.flatMap(({ name }) => {
    const records = run.trialList
      .filter(({ variant }) => variant === name)
      .flatMap(({ sysctls }) => sysctls);
    return distinctSysctls(records.filter(({ requested }) => requested !== null)).map((record) => [
      h("code", null, record.name),
      name,
      record.role,
      code(record.was),
      code(record.requested ?? ""),
      code(record.effective),
      record.effective === record.requested
        ? h(Mark, { tone: "good" }, "took effect")
        : h(Mark, { tone: "bad" }, "reads back otherwise"),
    ]);
  });
  if (rows.length === 0) return null;
  return {
    id: "sysctls",
    title: "Sysctls",
    lead: "Every one acts on a side: on the host of the role it was given to, and on no other.",
    body: h(LongTable, {
      caption: "Sysctls that the scenario sets",
      columns: ["sysctl", "variant", "role", "was", "requested", "read back", ""].map((title) => ({
        title: title === "" ? h("span", { class: "hidden" }, "effect") : title,
      })),
      rows,
    }),
  };
}

/** The kernel prints a tab between the ends of a range. */
function code(text: string): ComponentChildren {
  return h("code", null, text.replaceAll("\t", " "));
}
