import { createReader, describeMetric, median } from "@churnlab/core";
import type { StoredTrial } from "@churnlab/store";
import { formatMoment } from "../charts/format-moment.ts";
import { formatCount, formatNumber, formatValue } from "../format-value.ts";
import { isLimitedByGenerator } from "../is-limited-by-generator.ts";
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

const ONSET = "ports.first_exhausted_ms";

function exhaustionTile(data: Pick<ReportData, "run" | "readings">): Tile[] {
  const moments = data.readings.flatMap((reading) =>
    DIALLERS.flatMap((role) => {
      const { values } = readMetric(reading, { role, metric: ONSET });
      const middle = median(values);
      const who = role === "client" ? reading.variant : `${reading.variant}, at the ${role}`;
      return middle.defined ? [{ who, atMs: middle.value }] : [];
    }),
  );
  const [first, ...others] = moments.toSorted((a, b) => a.atMs - b.atMs);
  if (first === undefined) return [calmPortsTile(data)];
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

/** Ports of which no trial says when they ran out: `never` only of trials that would have said so. */
function calmPortsTile({ run, readings }: Pick<ReportData, "run" | "readings">): Tile {
  const label = "ports exhausted";
  const specs = new Map(run.variantList.map(({ name, spec }) => [name, spec]));
  const lookedAt = readings.filter(({ variant, trials }) => {
    const spec = specs.get(variant);
    // A client that chooses its ports itself does not run out of them, but finds one taken.
    if (spec === undefined || spec.workload.bind === "port" || trials.length === 0) return false;
    const roles = spec.topology === "gateway" ? DIALLERS : (["client"] as const);
    return roles.every((role) => {
      const read = createReader({ role, metric: ONSET });
      return trials.every((trial) => read(trial).kind === "never");
    });
  }).length;
  const all = formatCount(readings.length, "variant");
  if (lookedAt === 0) return { label, value: "–", note: "not known of any variant" };
  if (lookedAt < readings.length) {
    return { label, value: "never", note: `in ${lookedAt} of ${all}, not known of the rest` };
  }
  return { label, value: "never", note: "in no variant", tone: "good" };
}

/** Whether a trial got as far as to begin a connection. */
function hasOffered({ measurements }: StoredTrial): boolean {
  return measurements.some(
    ({ role, metric, value }) =>
      role === "client" && metric === "connections.attempted" && value > 0,
  );
}

function failureTile({ run }: ReportData): Tile[] {
  const label = "failed connections";
  const failures = run.trialList.flatMap((trial) => trial.failures);
  const total = failures.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) {
    const offered = run.trialList.filter(hasOffered).length;
    if (offered === 0) return [{ label, value: "–", note: "no trial offered load" }];
    return offered === run.trialList.length
      ? [{ label, value: "0", note: "in all trials", tone: "good" }]
      : [
          {
            label,
            value: "0",
            note: `in ${offered} of ${formatCount(run.trialList.length, "trial")}`,
          },
        ];
  }
  const errnos = [...new Set(failures.map(({ errno }) => errno))];
  return [
    {
      label,
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
  const doubts = run.trialList.filter(isLimitedByGenerator).length;
  const looked = run.trialList.filter(hasOffered).length;
  if (doubts === 0 && looked === 0)
    return { label: "load generator", value: "–", note: "no trial offered load" };
  if (doubts === 0)
    return {
      label: "load generator",
      value: "no sign of a limit",
      note: `in ${formatCount(looked, "trial")}`,
      tone: "good",
    };
  return {
    label: "load generator",
    value: "in doubt",
    note: `in ${formatCount(doubts, "trial")}`,
    tone: "doubt",
  };
}
