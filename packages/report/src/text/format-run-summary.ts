import { distinctSysctls, nameMetric, type SysctlRecord } from "@churnlab/core";
import type { StoredRun, StoredVariant } from "@churnlab/store";
import { formatCount, formatValue } from "../format-value.ts";
import { listFailures } from "../list-failures.ts";
import { groupMetrics } from "../metric-groups.ts";
import { buildRunOverview } from "../overview.ts";
import { listRunMetrics, readMetric, readVariants } from "../variant-readings.ts";
import { formatForecast } from "./format-forecast.ts";
import type { FormatOptions } from "./format-options.ts";
import { formatPeaks } from "./format-peaks.ts";
import { formatPhysics } from "./format-physics.ts";
import { formatReading } from "./format-reading.ts";
import { formatGoingOn, formatRunHeader } from "./format-run-header.ts";
import { formatTrialNotes } from "./format-trial-notes.ts";
import { layoutOverview } from "./layout-overview.ts";
import { layoutTable, type TableRow } from "./layout-table.ts";
import { PLAIN_STYLE, type Style } from "./style.ts";

/** Everything of one run on a screen: what was varied, how the trials ended, what they measured. */
export function formatRunSummary(run: StoredRun, options: FormatOptions = {}): string {
  const style = options.style ?? PLAIN_STYLE;
  const sections = [
    [
      formatRunHeader(run, style),
      ...formatGoingOn(run, style),
      ...formatTags(run),
      ...formatClosers(run),
    ],
    formatTrialNotes(run, style),
    formatSysctls(run, style),
    ...(options.all
      ? [formatForecast(run, style), formatMeasurements(run, style)]
      : [formatPhysics(run, style), layoutMedians(run, style)]),
    options.peaks === undefined
      ? []
      : formatPeaks(options.peaks, { all: options.all ?? false, style }),
    formatFailures(run, style),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

function formatTags({ tags }: StoredRun): string[] {
  const list = Object.entries(tags).map(([name, value]) => `${name}=${value}`);
  return list.length === 0 ? [] : [list.join("  ")];
}

/** Whose kernel entered TIME_WAIT: the first thing to know of connections that a foreign server may close. */
function formatClosers({ trialList }: StoredRun): string[] {
  const seen = trialList.flatMap(({ closer }) => (closer === null ? [] : [closer]));
  const counts = [...Map.groupBy(seen, (closer) => closer)].map(
    ([closer, trials]) => `${closer} in ${formatCount(trials.length, "trial")}`,
  );
  return counts.length === 0
    ? []
    : [`closed first, by TIME_WAIT of both kernels: ${counts.join(", ")}`];
}

/** What each variant asked for, and whether it took effect. */
function formatSysctls(run: StoredRun, { columns }: Style): string[] {
  const rows = run.variantList.flatMap((variant): TableRow[] => {
    const records = readSysctls(run, variant);
    return records.map(({ role, name, was, requested, effective }, i) => [
      i === 0 ? variant.name : "",
      role,
      name,
      oneSpaced(was),
      oneSpaced(requested ?? ""),
      `${oneSpaced(effective) === oneSpaced(requested ?? "") ? "✓" : "✗"} ${oneSpaced(effective)}`,
    ]);
  });
  if (rows.length === 0) return [];
  const titles = ["variant", "role", "sysctl", "was", "requested", "read back"];
  return layoutTable(
    titles.map((title) => ({ title, align: "left" })),
    rows,
    columns,
  );
}

/** The kernel prints the parts of a value with tabs between them. */
function oneSpaced(value: string): string {
  return value.trim().replaceAll(/\s+/g, " ");
}

/** The sysctls that the variant's trials wrote; one line where all trials agree. */
function readSysctls(run: StoredRun, variant: StoredVariant): SysctlRecord[] {
  const records = run.trialList
    .filter((trial) => trial.variant === variant.name)
    .flatMap(({ sysctls }) => sysctls)
    .filter(({ requested }) => requested !== null);
  return distinctSysctls(records);
}

function layoutMedians(run: StoredRun, style: Style): string[] {
  if (run.trials.completed === 0) return [NOTHING_MEASURED];
  return layoutOverview(buildRunOverview(run), style);
}

const NOTHING_MEASURED = "no completed trial";

/** Every metric with every replicate, by group. */
function formatMeasurements(run: StoredRun, { columns }: Style): string[] {
  const variants = readVariants(run);
  const keys = listRunMetrics(run);
  if (keys.length === 0) return [NOTHING_MEASURED];
  const rows = groupMetrics(keys, ({ metric }) => metric).flatMap(({ title, members }) => [
    { heading: title },
    ...members.map((key) => [
      `  ${nameMetric(key)}`,
      ...variants.map((variant) =>
        formatReading(key.metric, readMetric(variant, key), { all: true }),
      ),
    ]),
  ]);
  const names = variants.map(({ variant }) => ({ title: variant, align: "right" }) as const);
  return layoutTable([{ title: "median (replicates)", align: "left" }, ...names], rows, columns);
}

/** When which failure began, in each variant. */
function formatFailures(run: StoredRun, { columns }: Style): string[] {
  const rows = listFailures(run).map(
    ({ variant, step, errno, count, firstMs, lastMs }): TableRow => [
      variant,
      step,
      errno,
      formatValue(count, ""),
      formatValue(firstMs, "ms"),
      formatValue(lastMs, "ms"),
    ],
  );
  if (rows.length === 0) return [];
  return layoutTable(
    [
      { title: "failures, all trials", align: "left" },
      { title: "step", align: "left" },
      { title: "errno", align: "left" },
      { title: "count", align: "right" },
      { title: "first", align: "right" },
      { title: "last", align: "right" },
    ],
    rows,
    columns,
  );
}
