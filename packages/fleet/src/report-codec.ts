import { createHash } from "node:crypto";
import { ChurnError, LATENCY_METRICS, type ShardReport } from "@churnlab/core";
import { z } from "zod";
import {
  type PackedHistogram,
  packedHistogramSchema,
  packHistogram,
  unpackHistogram,
} from "./histogram-codec.ts";
import { decodeMessage } from "./message-codec.ts";
import { PART_CHARACTERS, PARTS_MAX, type ResultTotals } from "./messages/result-piece.ts";

type PackedReport = Omit<ShardReport, "histograms"> & {
  readonly histograms: readonly PackedHistogram[];
};

const ledgerSchema = z.looseObject({ attempted: z.int().nonnegative() });
const tallySchema = z.object({ connections: ledgerSchema, requests: ledgerSchema });

/** What the totals are judged by, and what takes memory; the rest is of one version on both sides. */
const reportSchema = z.looseObject({
  agent: z.string(),
  tally: tallySchema,
  warmUp: tallySchema,
  failures: z.array(z.looseObject({})),
  histograms: z.array(packedHistogramSchema).max(LATENCY_METRICS.length),
  events: z.array(z.looseObject({})),
  warnings: z.array(z.looseObject({})),
}) as unknown as z.ZodType<PackedReport>;

/** A report as JSON, in parts that fit a message; joined they are the whole. Throws `E_AGENT` for one of too many. */
export function splitReport(report: ShardReport): { parts: string[]; totals: ResultTotals } {
  const packed: PackedReport = { ...report, histograms: report.histograms.map(packHistogram) };
  const text = JSON.stringify(packed);
  const count = Math.ceil(text.length / PART_CHARACTERS);
  if (count > PARTS_MAX) {
    throw new ChurnError("E_AGENT", `A report of ${text.length} characters is too long to be sent`);
  }
  const parts = Array.from({ length: count }, (_, i) =>
    text.slice(i * PART_CHARACTERS, (i + 1) * PART_CHARACTERS),
  );
  return { parts, totals: totalsOf(report, text, count) };
}

function totalsOf(
  report: Pick<ShardReport, "tally" | "warmUp">,
  text: string,
  parts: number,
): ResultTotals {
  const { tally, warmUp } = report;
  return {
    parts,
    characters: text.length,
    sha256: createHash("sha256").update(text).digest("hex"),
    attempted: tally.connections.attempted + warmUp.connections.attempted,
  };
}

/** The report of all its parts, or in which way they do not add up to the totals. */
export function joinReport(parts: readonly string[], totals: ResultTotals): ShardReport | string {
  const text = parts.join("");
  if (parts.length !== totals.parts) return `${parts.length} of ${totals.parts} parts came`;
  const sha256 = createHash("sha256").update(text).digest("hex");
  if (text.length !== totals.characters || sha256 !== totals.sha256) {
    return "the parts are not those that were sent";
  }
  const report = readReport(text);
  if (report === null) return "they are no report";
  const seen = totalsOf(report, text, parts.length).attempted;
  if (seen === totals.attempted) return report;
  return `it tells of ${seen} connections, and its totals of ${totals.attempted}`;
}

/** null: an agent that says it is one has sent something else. */
function readReport(text: string): ShardReport | null {
  try {
    const packed = decodeMessage(text, reportSchema);
    return { ...packed, histograms: packed.histograms.map(unpackHistogram) };
  } catch {
    return null;
  }
}
