import type { TrialEvent } from "@churnlab/core";
import { formatNumber } from "../format-value.ts";
import type { Marker } from "./trial-series.ts";

type Words = Pick<Marker, "text" | "why" | "tone">;

const KNOWN: Readonly<Record<string, Words>> = {
  "ports.half": {
    text: "half of the local ports are in use",
    why: "connect() has tried every port of one parity and now searches the rest: it becomes slow",
    tone: "warning",
  },
  "ports.half.over": {
    text: "less than half of the local ports are in use again",
    why: "",
    tone: "note",
  },
  "ports.nearly-exhausted": {
    text: "nine tenths of the local ports are in use",
    why: "at this rate the last one goes soon",
    tone: "warning",
  },
  "ports.nearly-exhausted.over": {
    text: "less than nine tenths of the local ports are in use again",
    why: "",
    tone: "note",
  },
  "ports.exhausted": {
    text: "no local port is left",
    why: "connect() fails with EADDRNOTAVAIL until a TIME_WAIT ends",
    tone: "failure",
  },
};

/** What an event says to a person; kinds without words of their own are shown as they are. */
export function describeEvent({ kind, detail }: Pick<TrialEvent, "kind" | "detail">): Words {
  const known = KNOWN[kind];
  const { used, range } = detail;
  if (known !== undefined && typeof used === "number" && typeof range === "number") {
    return { ...known, text: `${known.text}: ${formatNumber(used)} of ${formatNumber(range)}` };
  }
  return known ?? { text: describeDetail(kind, detail), why: "", tone: "note" };
}

function describeDetail(kind: string, detail: TrialEvent["detail"]): string {
  const words = Object.entries(detail).map(([name, value]) => `${name} ${inWords(value)}`);
  return words.length === 0 ? kind : `${kind}: ${words.join(", ")}`;
}

function inWords(value: unknown): string {
  return typeof value === "string" || typeof value === "number"
    ? String(value)
    : JSON.stringify(value);
}
