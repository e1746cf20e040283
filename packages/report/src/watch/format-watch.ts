import type { WatchedName } from "@churnlab/core";
import { nameEnd } from "@churnlab/core/name-end";
import { wrapText } from "@churnlab/core/wrap-text";
import { formatClock, formatNumber, formatValue } from "../format-value.ts";
import { drawBar } from "../text/draw-bar.ts";
import { fitLine } from "../text/fit-line.ts";
import { type Column, layoutTable } from "../text/layout-table.ts";
import type { Style } from "../text/style.ts";
import { RATE_WINDOW_MS_MIN } from "./rates.ts";
import type { WatchDocument, WatchedDestination } from "./watch-document.ts";

export interface WatchLayout {
  readonly style: Style;
  readonly columns: number;
  /** Listeners shown, the fullest; Infinity for all. */
  readonly listeners?: number;
}

const LISTENERS_SHOWN = 4;
const BAR_CELLS = 10;
const LABEL_COLUMNS = 11;
/** From this share on a number is drawn as bad, not as a doubt. */
const NEARLY_FULL = 0.9;

/** One reading as a screen; every line fits into the columns. */
export function formatWatchScreen(seen: WatchDocument, layout: WatchLayout): string[] {
  const { style, columns } = layout;
  const lines = [
    style.strong(nameHost(seen.host)) +
      style.quiet(`   ${seen.at.slice(0, 19).replace("T", " ")} UTC${describeWindow(seen)}`),
    row("range", describeRange(seen)),
    "",
    ...formatDestinations(seen, style),
    "",
    row("TIME_WAIT", describeTimeWait(seen)),
    row("sockets", describeStates(seen.sockets)),
    ...formatListeners(seen, layout),
    ...rowsOf("resets", describeResets(seen), seen),
    ...(seen.conntrack === null ? [] : rowsOf("conntrack", describeConntrack(seen), seen)),
  ];
  return [
    ...lines.map((line) => fitLine(line, columns)),
    ...formatAdvice(seen, columns, style),
    ...seen.notes.flatMap((note) =>
      wrapText(note, "note       ", columns).map((line) => style.quiet(line)),
    ),
  ];
}

/** The same in one line, for a log. */
export function formatWatchLine(seen: WatchDocument): string {
  const { timeWait, listen, resets, conntrack } = seen;
  const [busiest] = seen.destinations;
  const destination =
    busiest === undefined
      ? "no outbound sockets"
      : `${nameEnd(busiest.destination, busiest.destinationPort)} ${formatNumber(busiest.ports)} ports` +
        `${busiest.share === null ? "" : ` (${formatValue(busiest.share, "share")})`} ${OUTLOOK_WORDS[busiest.outlook.kind]}${describeOutlook(busiest, seen)}`;
  return [
    seen.at.slice(11, 19),
    `TIME_WAIT ${formatNumber(timeWait.count)} ${signed(timeWait.growthPerS)}`,
    destination,
    `overflows ${tellRate(listen.overflowsPerS, seen)}`,
    `drops ${tellRate(listen.dropsPerS, seen)}`,
    `resets sent ${tellRate(resets.sentPerS, seen)} received ${tellRate(resets.receivedPerS, seen)}`,
    ...(conntrack === null ? [] : [`conntrack ${formatNumber(conntrack.entries)}`]),
  ].join("  ");
}

/** What stands before an outlook where no column's title says it. */
const OUTLOOK_WORDS: Readonly<Record<WatchedDestination["outlook"]["kind"], string>> = {
  exhausted: "exhausted ",
  exhausts: "exhausted ",
  "levels-off": "exhausted ",
  "not-growing": "",
  unknown: "outlook ",
};

function row(label: string, text: string): string {
  return label.padEnd(LABEL_COLUMNS) + text;
}

/** Side by side, or below each other where each has its total too. */
function rowsOf(label: string, texts: readonly string[], seen: WatchDocument): string[] {
  if (!isShort(seen)) return [row(label, texts.join("   "))];
  return texts.map((text, index) => row(index === 0 ? label : "", text));
}

/** How long the rates are over, which one look and the first screen have too short for any. */
function describeWindow({ windowMs }: WatchDocument): string {
  return windowMs > 0 ? `   over the last ${formatWindow(windowMs)}` : "";
}

function formatWindow(ms: number): string {
  return ms < RATE_WINDOW_MS_MIN ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function isShort({ windowMs }: WatchDocument): boolean {
  return windowMs > 0 && windowMs < RATE_WINDOW_MS_MIN;
}

/** Over a short window what was counted: there "0/s" would be claimed of anything below some per second. */
function tellRate(rate: number | null, seen: WatchDocument, total: number | null = null): string {
  const inAll = total === null ? "" : `, ${formatNumber(total)} in all`;
  if (rate === null || !isShort(seen)) return perS(rate);
  const count = Math.round((rate * seen.windowMs) / 1000);
  const counted = count === 0 ? "none" : formatNumber(count);
  return `${counted} in ${formatWindow(seen.windowMs)}${inAll}`;
}

const KINDS: Readonly<Record<WatchedName["kind"], string>> = {
  own: "this host",
  process: "process",
  namespace: "namespace",
  container: "container",
};

function nameHost({ kind, name }: WatchedName): string {
  return kind === "own" ? `${KINDS.own} (${name})` : `${KINDS[kind]} ${name}`;
}

function describeRange({ portRange, destinations }: WatchDocument): string {
  if (portRange === null) return "not known";
  const { low, high, usable } = portRange;
  const source = findOnlySource(destinations);
  const from = source === null ? "" : ` from ${source}`;
  return `${low} to ${high}, ${formatNumber(usable)} ports for connect()${from}`;
}

/** Said once, not in every line, where all sockets are from one address. */
function findOnlySource(destinations: WatchDocument["destinations"]): string | null {
  const [source = null, ...others] = new Set(destinations.map((each) => each.source));
  return others.length === 0 ? source : null;
}

const DESTINATION_COLUMNS: readonly Column[] = [
  { title: "destination", align: "left" },
  { title: "from", align: "left" },
  { title: "ports", align: "right" },
  { title: "of range", align: "right" },
  { title: "", align: "left" },
  { title: "TIME_WAIT", align: "right" },
  { title: "new", align: "right" },
  { title: "50 %", align: "right" },
  { title: "exhausted", align: "left" },
];

function formatDestinations(seen: WatchDocument, style: Style): string[] {
  if (seen.destinations.length === 0) return ["no sockets on ports of the range"];
  const isOneSource = findOnlySource(seen.destinations) !== null;
  const columns = DESTINATION_COLUMNS.map((column) =>
    column.title === "from" && isOneSource ? { ...column, title: "" } : column,
  );
  const rows = seen.destinations.map((each) => [
    nameEnd(each.destination, each.destinationPort),
    isOneSource ? "" : each.source,
    formatNumber(each.ports),
    each.share === null ? "–" : paint(formatValue(each.share, "share"), each.share, style),
    each.share === null ? "" : drawBar(each.share, BAR_CELLS, "░"),
    formatNumber(each.states["TIME_WAIT"] ?? 0),
    perS(each.newPerS),
    describeCliff(each),
    describeOutlook(each, seen),
  ]);
  return layoutTable(columns, rows);
}

function paint(text: string, share: number, style: Style): string {
  if (share >= NEARLY_FULL) return style.bad(text);
  return share >= 0.5 ? style.doubt(text) : text;
}

function describeCliff({ cliffInMs, outlook }: WatchedDestination): string {
  if (outlook.kind === "unknown") return "–";
  if (cliffInMs === null) return "never";
  return cliffInMs === 0 ? "past" : `in ${formatWait(cliffInMs)}`;
}

function describeOutlook({ outlook, reusable }: WatchedDestination, seen: WatchDocument): string {
  const reuse = reusable > 0 ? `, ${formatNumber(reusable)} reusable` : "";
  switch (outlook.kind) {
    case "exhausted":
      return `now${reuse}`;
    case "exhausts":
      return `in ${formatWait(outlook.inMs)}${reuse}`;
    case "levels-off": {
      const usable = seen.portRange?.usable ?? 0;
      return `never: levels off at ${formatValue(outlook.ports / usable, "share")}${reuse}`;
    }
    case "not-growing":
      return `not growing${reuse}`;
    case "unknown":
      return "not known";
  }
}

/** A forecast is no stop-watch: seconds below a minute, then minutes and seconds. */
function formatWait(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 60_000 ? `${Math.round(ms / 1000)} s` : formatClock(ms);
}

function describeTimeWait(seen: WatchDocument): string {
  const { count, max, share, newPerS, growthPerS, refusedPerS } = seen.timeWait;
  const bound =
    max === null ? "" : ` of ${formatNumber(max)} (${formatValue(share ?? 0, "share")})`;
  return [
    formatNumber(count) + bound,
    `new ${perS(newPerS)}`,
    `net ${signed(growthPerS)}`,
    ...(refusedPerS !== null && refusedPerS > 0 ? [`refused ${tellRate(refusedPerS, seen)}`] : []),
  ].join("   ");
}

function describeStates(states: WatchDocument["sockets"]): string {
  const named = Object.entries(states).filter(([state]) => state !== "TIME_WAIT");
  if (named.length === 0) return "none but TIME_WAIT";
  return named.map(([state, count]) => `${state} ${formatNumber(count)}`).join("   ");
}

function formatListeners(
  seen: WatchDocument,
  { listeners = LISTENERS_SHOWN }: WatchLayout,
): string[] {
  const { overflowsPerS, dropsPerS, synQueueFullPerS } = seen.listen;
  const shown = seen.listeners.slice(0, listeners).map(({ address, port, depth, limit }) => {
    const of = limit === null ? "" : `/${formatNumber(limit)}`;
    return `${nameEnd(address, port)} ${formatNumber(depth)}${of}`;
  });
  const more = seen.listeners.length - shown.length;
  const queues = shown.length === 0 ? "nothing listens" : shown.join("   ");
  const rates = [
    `overflows ${tellRate(overflowsPerS, seen, seen.totals.overflows)}`,
    `drops ${tellRate(dropsPerS, seen, seen.totals.drops)}`,
    `SYN queue full ${tellRate(synQueueFullPerS, seen)}`,
  ];
  const listen = row("listen", more > 0 ? `${queues}   and ${more} more` : queues);
  return [listen, ...rowsOf("", rates, seen)];
}

function describeResets(seen: WatchDocument): string[] {
  const { sentPerS, receivedPerS, connectionsResetPerS } = seen.resets;
  return [
    `sent ${tellRate(sentPerS, seen, seen.totals.resetsSent)}`,
    `received ${tellRate(receivedPerS, seen)}`,
    `connections reset ${tellRate(connectionsResetPerS, seen, seen.totals.connectionsReset)}`,
  ];
}

function describeConntrack(seen: WatchDocument): string[] {
  if (seen.conntrack === null) return [];
  const { entries, max, share, droppedPerS, evictedPerS } = seen.conntrack;
  const bound =
    max === null ? "" : ` of ${formatNumber(max)} (${formatValue(share ?? 0, "share")})`;
  return [
    `${formatNumber(entries)} entries${bound}`,
    `dropped ${tellRate(droppedPerS, seen, seen.totals.trackingDrops)}`,
    ...(evictedPerS !== null && evictedPerS > 0 ? [`evicted ${tellRate(evictedPerS, seen)}`] : []),
  ];
}

function formatAdvice({ advice }: WatchDocument, columns: number, style: Style): string[] {
  if (advice.length === 0) return [];
  const sentences = advice.flatMap(({ sentences: each }) => each);
  return [
    "",
    style.strong("what would help"),
    ...sentences.flatMap((sentence) => wrapText(sentence, "  - ", columns)),
  ];
}

function perS(rate: number | null): string {
  return rate === null
    ? "–"
    : formatValue(rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate), "/s");
}

function signed(rate: number | null): string {
  return rate !== null && rate > 0 ? `+${perS(rate)}` : perS(rate);
}
