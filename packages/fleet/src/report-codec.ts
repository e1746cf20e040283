import { createHash } from "node:crypto";
import type { ShardReport } from "@churnlab/core";
import { fromPlainHistogram, type PlainHistogram, toPlainHistogram } from "./histogram-codec.ts";
import type { ResultTotals } from "./messages/result-piece.ts";

/** Characters of a part: well below the server's 1 MiB, also where every one is escaped. */
const PART_CHARACTERS = 128 * 1024;

/** A report as JSON, in parts that fit a message; joined they are the whole. */
export function splitReport(report: ShardReport): { parts: string[]; totals: ResultTotals } {
  const histograms = report.histograms.map(toPlainHistogram);
  const text = JSON.stringify({ ...report, histograms });
  const count = Math.ceil(text.length / PART_CHARACTERS);
  const parts = Array.from({ length: count }, (_, i) =>
    text.slice(i * PART_CHARACTERS, (i + 1) * PART_CHARACTERS),
  );
  return { parts, totals: totalsOf(report, text, count) };
}

function totalsOf(report: ShardReport, text: string, parts: number): ResultTotals {
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
  const plain = JSON.parse(text) as Omit<ShardReport, "histograms"> & {
    readonly histograms: readonly PlainHistogram[];
  };
  const report: ShardReport = {
    ...plain,
    histograms: plain.histograms.map(fromPlainHistogram),
  };
  const seen = totalsOf(report, text, parts.length).attempted;
  if (seen === totals.attempted) return report;
  return `it tells of ${seen} connections, and its totals of ${totals.attempted}`;
}
