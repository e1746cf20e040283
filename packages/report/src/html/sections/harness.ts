import { describeMetric, maxOf } from "@churnlab/core";
import { h } from "preact";
import { formatHarness } from "../../text/format-harness.ts";
import { PLAIN_STYLE } from "../../text/style.ts";
import { readMetric } from "../../variant-readings.ts";
import { DataTable } from "../parts/data-table.ts";
import type { Section } from "../parts/section.ts";
import { Value } from "../parts/value.ts";
import type { ReportData } from "../report-data.ts";

const METRICS = [
  "cpu.share_max",
  "cpu.us_per_connection",
  "connections.dropped",
  "latency.schedule.p99",
  "latency.schedule.max",
  "sampler.cpu_share",
  "sampler.missed",
] as const;

/** Whether the load generator or the sampler stood in the way of what was measured. */
export function harnessSection({ run, readings }: ReportData): Section | null {
  const measured = METRICS.filter((metric) =>
    readings.some((reading) => readMetric(reading, { role: "client", metric }).values.length > 0),
  );
  if (measured.length === 0) return null;
  return {
    id: "harness",
    title: "Health of the harness",
    lead: formatHarness(run, PLAIN_STYLE)
      .join(" ")
      .replace(/^harness: /, "At worst: "),
    body: h(DataTable, {
      caption: "The highest value over the completed trials of each variant",
      columns: [
        { title: "variant" },
        ...measured.map((metric) => ({ title: h("code", null, metric), align: "right" as const })),
      ],
      rows: readings.map((reading) => [
        reading.variant,
        ...measured.map((metric) => {
          const { values } = readMetric(reading, { role: "client", metric });
          const unit = describeMetric(metric)?.unit ?? "";
          return h(Value, { value: values.length === 0 ? null : maxOf(values), unit });
        }),
      ]),
    }),
  };
}
