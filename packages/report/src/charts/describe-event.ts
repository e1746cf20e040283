import type { TrialEvent } from "@churnlab/core";
import { formatNumber, formatValue } from "../format-value.ts";
import type { Marker } from "./trial-series.ts";

type Detail = TrialEvent["detail"];

/** What happened, why it matters, and how grave it is. */
export type EventWords = Pick<Marker, "text" | "why" | "tone">;

/** What an event says to a person; kinds without words of their own are shown as they are. */
export function describeEvent({ kind, detail }: Pick<TrialEvent, "kind" | "detail">): EventWords {
  if (isLimit(kind)) return describeLimit(kind, detail);
  return KNOWN[kind]?.(detail) ?? { text: describeDetail(kind, detail), why: "", tone: "note" };
}

/** Whether an event names what ran out in a trial. */
export function isLimit(kind: string): boolean {
  return kind.startsWith("limit.");
}

/** `limit.ports`: what ran out, and the numbers that show it. */
function describeLimit(kind: string, { meaning, ...evidence }: Detail): EventWords {
  return {
    text: typeof meaning === "string" ? meaning : kind,
    why: Object.entries(evidence)
      .map(
        ([name, value]) =>
          `${name} ${typeof value === "number" ? formatNumber(value) : inWords(value)}`,
      )
      .join(", "),
    tone: "warning",
  };
}

const KNOWN: Readonly<Record<string, (detail: Detail) => EventWords>> = {
  "ports.half": (detail) => ({
    text: `half of the local ports are in use${ofRange(detail)}`,
    why: "connect() has tried every port of one parity and now searches the rest: it becomes slow",
    tone: "warning",
  }),
  "ports.half.over": (detail) => ({
    text: `less than half of the local ports are in use again${ofRange(detail)}`,
    why: "",
    tone: "note",
  }),
  "ports.nearly-exhausted": (detail) => ({
    text: `nine tenths of the local ports are in use${ofRange(detail)}`,
    why: "at this rate the last one goes soon",
    tone: "warning",
  }),
  "ports.nearly-exhausted.over": (detail) => ({
    text: `less than nine tenths of the local ports are in use again${ofRange(detail)}`,
    why: "",
    tone: "note",
  }),
  "ports.exhausted": ({ errno, step, count }) => ({
    text: `no local port is left: first ${inWords(errno ?? "EADDRNOTAVAIL")} at ${inWords(step ?? "connect")}()${inAll(count)}`,
    why: "nothing more can connect to this destination until a TIME_WAIT ends",
    tone: "failure",
  }),
  "accept.failed": ({ errno }) => ({
    text: `a connection cannot be accepted: ${inWords(errno)}`,
    why: "the server has no descriptor for it, so connections wait in the accept queue or are closed",
    tone: "failure",
  }),
  "ports.busy": ({ errno, step, count }) => ({
    text: `a chosen local port is still taken: first ${inWords(errno ?? "EADDRNOTAVAIL")} at ${inWords(step ?? "connect")}()${inAll(count)}`,
    why: "with bind: port each connection gets the port whose turn it is, and this one is in TIME_WAIT or open",
    tone: "failure",
  }),
  "ports.refused": ({ errno, step, count }) => ({
    text: `the kernel finds no local port: first ${inWords(errno ?? "EADDRNOTAVAIL")} at ${inWords(step ?? "connect")}()${inAll(count)}`,
    why: "no look at the sockets saw the range nearly full, so the cause is unknown",
    tone: "failure",
  }),
  "ports.tuples-left-off": ({ kept, leftOff }) => ({
    text: `the port budget of ${inWords(leftOff)} more destinations was not kept, beside ${inWords(kept)}`,
    why: "those with most ports are kept",
    tone: "note",
  }),
  "ports.free-again": ({ afterMs }) => ({
    text: `a local port is free again${typeof afterMs === "number" ? `, ${formatValue(afterMs, "ms")} after the last was taken` : ""}`,
    why: "the first TIME_WAIT ended, or connections did",
    tone: "note",
  }),
  "connect-cliff": ({ portUsePercent, beforeUs, afterUs }) => ({
    text: `connect() takes ${time(afterUs)} instead of ${time(beforeUs)}, at ${inWords(portUsePercent)} % of the local ports`,
    why: "the search for a free port becomes long before connect() fails",
    tone: "warning",
  }),
  "retries-paced": ({ errno, gapMs }) => ({
    text: `after ${inWords(errno)} a worker of the closed loop waits ${inWords(gapMs)} ms before it tries again`,
    why: "so failures per second say how many workers wait, not what the kernel can refuse",
    tone: "note",
  }),
  rst: ({ direction, source, sourcePort, destination, destinationPort }) => ({
    text: `RST ${inWords(direction)}: ${inWords(source)}:${inWords(sourcePort)} to ${inWords(destination)}:${inWords(destinationPort)}`,
    why: "",
    tone: "warning",
  }),
  "rst.received": ({ state, destination, destinationPort }) => ({
    text: `a RST from ${inWords(destination)}:${inWords(destinationPort)} ends a connection${typeof state === "string" ? ` in ${state}` : ""}`,
    why: "",
    tone: "warning",
  }),
  "rst.sent": ({ reason, state, words }) => ({
    text: `the kernel sends a RST in ${inWords(state)}, reason ${inWords(reason)}`,
    why: typeof words === "string" ? words : "",
    tone: "warning",
  }),
};

function ofRange({ used, range }: Detail): string {
  if (typeof used !== "number" || typeof range !== "number") return "";
  return `: ${formatNumber(used)} of ${formatNumber(range)}`;
}

function inAll(count: unknown): string {
  return typeof count === "number" ? `, ${formatNumber(count)} in all` : "";
}

function time(us: unknown): string {
  return typeof us === "number" ? formatValue(us, "us") : inWords(us);
}

function describeDetail(kind: string, detail: Detail): string {
  const words = Object.entries(detail).map(([name, value]) => `${name} ${inWords(value)}`);
  return words.length === 0 ? kind : `${kind}: ${words.join(", ")}`;
}

function inWords(value: unknown): string {
  if (typeof value === "string" || typeof value === "number") return String(value);
  return JSON.stringify(value) ?? "?";
}
