import { rateOfGrowth } from "../charts/rate-of-growth.ts";
import { formatNumber, formatValue } from "../format-value.ts";
import type { Tile } from "../html/parts/tiles.ts";
import type { LiveState } from "./live-state.ts";

/** Fewer free ports than this share of the range are worth a warning. */
const FREE_SHARE_LOW = 0.15;

/** The numbers of this moment. */
export function listLiveTiles(state: LiveState): Tile[] {
  const timeWait = state.latest("client.time_wait");
  const failed = state.latest("client.connections.failed");
  return [
    rateTile(state),
    { label: "TIME_WAIT", value: timeWait === null ? "–" : formatNumber(timeWait), note: "client" },
    freePortsTile(state),
    {
      label: "failed",
      value: formatValue(failed, ""),
      note: "connections of this trial",
      ...((failed ?? 0) > 0 ? { tone: "bad" as const } : {}),
    },
    ...errnoTiles(state),
    resetsTile(state),
    ...latencyTiles(state),
  ];
}

/** Resets of the sides that are seen: those of a foreign target are not. */
function resetsTile(state: LiveState): Tile {
  const seen = (["client", "target"] as const).flatMap((role) => {
    const count = state.latest(`${role}.tcp.OutRsts`);
    return count === null ? [] : [{ role, count }];
  });
  const label = "RST sent";
  if (seen.length === 0) return { label, value: "–", note: "not seen yet" };
  const total = seen.reduce((sum, { count }) => sum + count, 0);
  return { label, value: formatNumber(total), note: seen.map(({ role }) => role).join(" and ") };
}

/** The errno that failed most; the chart has the others. */
function errnoTiles(state: LiveState): Tile[] {
  const prefix = "client.failures.";
  const counts = state
    .keys()
    .filter((key) => key.startsWith(prefix))
    .map((key) => ({ errno: key.slice(prefix.length), count: state.latest(key) ?? 0 }))
    .toSorted((a, b) => b.count - a.count);
  const [most, ...others] = counts;
  if (most === undefined || most.count === 0) return [];
  const note = others.length === 0 ? "all failures" : `other errnos: ${others.length}`;
  return [{ label: most.errno, value: formatNumber(most.count), note, tone: "bad" }];
}

/** Of the last second; of fewer than 100 connections the highest is what there is. */
function latencyTiles(state: LiveState): Tile[] {
  const p99 = state.latest("client.latency.connect.p99");
  const value = p99 ?? state.latest("client.latency.connect.max");
  if (value === null) return [];
  const label = p99 === null ? "connect() max" : "connect() p99";
  return [{ label, value: formatValue(value, "us"), note: "in the last second" }];
}

function rateTile(state: LiveState): Tile {
  const trial = state.toTrialSeries();
  const isByRequest = trial?.offered?.unit === "requests";
  const counts = trial?.series.get(
    isByRequest ? "client.requests.succeeded" : "client.connections.succeeded",
  );
  const rate = counts === undefined ? undefined : rateOfGrowth(counts).mean;
  const now = rate?.[rate.length - 1];
  const offered = trial?.offered?.corners[0]?.perS;
  return {
    label: "achieved",
    value: now === undefined ? "–" : formatValue(Math.round(now), "/s"),
    note:
      offered === undefined
        ? "as fast as the answers come"
        : `offered ${formatValue(offered, "/s")}`,
  };
}

/** What the range has left, by the sockets that are open or in TIME_WAIT: a dump of the ports themselves is too rare. */
function freePortsTile(state: LiveState): Tile {
  const range = state.latest("client.ports.range") ?? state.head.trial?.ports ?? null;
  const [waiting, open] = [state.latest("client.time_wait"), state.latest("client.tcp.inuse")];
  if (range === null || waiting === null || open === null) {
    return { label: "free ports", value: "–", note: "not seen yet" };
  }
  const ports = range * (state.head.trial?.sources ?? 1);
  const taken = waiting + open;
  const free = Math.max(0, ports - taken);
  const tone = free === 0 ? "bad" : free < FREE_SHARE_LOW * ports ? "doubt" : null;
  return {
    label: "free ports",
    value: formatNumber(free),
    note: `${formatValue(ports === 0 ? 0 : free / ports, "share")} of ${formatNumber(ports)}`,
    ...(tone === null ? {} : { tone }),
  };
}
