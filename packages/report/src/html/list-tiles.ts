import { describeMetric, median } from "@churnlab/core";
import { formatMoment } from "../charts/format-moment.ts";
import { formatCount, formatNumber, formatValue } from "../format-value.ts";
import { formatTrials } from "../text/format-run-list.ts";
import { readMetric } from "../variant-readings.ts";
import type { Tile } from "./parts/tiles.ts";
import type { ReportData } from "./report-data.ts";
import { capacityMetric, readCapacity } from "./sections/capacity.ts";

/** What a reader wants to know first. */
export function listTiles(data: ReportData): Tile[] {
  return [
    trialsTile(data),
    ...bestTile(data),
    ...exhaustionTile(data),
    ...failureTile(data),
    ...timeWaitTile(data),
    harnessTile(data),
  ];
}

function trialsTile({ run }: ReportData): Tile {
  const isWhole = run.trials.completed === run.plannedTrials;
  return {
    label: "trials",
    value: formatTrials(run),
    note: `${formatCount(run.variantList.length, "variant")} × ${formatCount(run.resolved.replicates, "replicate")}`,
    ...(isWhole ? {} : { tone: "doubt" as const }),
  };
}

function bestTile(data: ReportData): Tile[] {
  const key = capacityMetric(data);
  const rows = readCapacity(data, key).filter(({ median: middle }) => middle !== null);
  const best = rows.toSorted((a, b) => (b.median ?? 0) - (a.median ?? 0))[0];
  if (best === undefined) return [];
  const unit = describeMetric(key.metric)?.unit ?? "";
  const label = rows.length === 1 ? "rate" : "highest rate";
  return [{ label, value: formatValue(best.median, unit), note: best.variant }];
}

/** Roles that open connections, and so run out of ports: a target does as a gateway. */
const DIALLERS = ["client", "target"] as const;

function exhaustionTile({ readings }: ReportData): Tile[] {
  const moments = readings.flatMap((reading) =>
    DIALLERS.flatMap((role) => {
      const { values } = readMetric(reading, { role, metric: "ports.first_exhausted_ms" });
      const middle = median(values);
      const who = role === "client" ? reading.variant : `${reading.variant}, at the ${role}`;
      return middle.defined ? [{ who, atMs: middle.value }] : [];
    }),
  );
  const [first, ...others] = moments.toSorted((a, b) => a.atMs - b.atMs);
  if (first === undefined)
    return [{ label: "ports exhausted", value: "never", note: "in no variant", tone: "good" }];
  const more = others.length === 0 ? "" : ` and ${formatNumber(others.length)} more`;
  return [
    {
      label: "ports exhausted",
      value: formatMoment(first.atMs),
      note: `${first.who}${more}`,
      tone: "bad",
    },
  ];
}

function failureTile({ run }: ReportData): Tile[] {
  const failures = run.trialList.flatMap((trial) => trial.failures);
  const total = failures.reduce((sum, { count }) => sum + count, 0);
  if (total === 0)
    return [{ label: "failed connections", value: "0", note: "in all trials", tone: "good" }];
  const errnos = [...new Set(failures.map(({ errno }) => errno))];
  return [
    {
      label: "failed connections",
      value: formatNumber(total),
      note: errnos.join(", "),
      tone: "bad",
    },
  ];
}

function timeWaitTile({ run }: ReportData): Tile[] {
  const peaks = run.trialList.flatMap(({ variant, measurements }) =>
    measurements.flatMap(({ role, metric, value }) =>
      metric === "time_wait.peak" ? [{ variant, role, value }] : [],
    ),
  );
  const highest = peaks.toSorted((a, b) => b.value - a.value)[0];
  if (highest === undefined) return [];
  return [
    {
      label: "TIME_WAIT peak",
      value: formatNumber(highest.value),
      note: `${highest.variant}, ${highest.role}`,
    },
  ];
}

function harnessTile({ run }: ReportData): Tile {
  const doubts = run.trialList.filter(({ warnings }) =>
    warnings.some(({ code }) => code.startsWith("W_GENERATOR") || code === "W_OFFERED_SHORT"),
  ).length;
  if (doubts === 0)
    return {
      label: "load generator",
      value: "not the limit",
      note: "in any trial",
      tone: "good",
    };
  return {
    label: "load generator",
    value: "in doubt",
    note: `in ${formatCount(doubts, "trial")}`,
    tone: "doubt",
  };
}
