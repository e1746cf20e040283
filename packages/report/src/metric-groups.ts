import { LATENCY_METRICS } from "@churnlab/core";

/**
 * The groups of a table, in their order, and the metrics of each that are shown without being asked for. They answer
 * the questions of design: how many connections, why not more, what TIME_WAIT and ports did, and at what price.
 */
const GROUPS: readonly {
  readonly title: string;
  readonly all: RegExp;
  readonly headline: RegExp;
}[] = [
  {
    title: "connections",
    all: /^(connections|requests)\./,
    headline: /^(connections\.(attempted|succeeded|failed|dropped|rate)|requests\.(failed|rate))$/,
  },
  { title: "failures by errno", all: /^failures\./, headline: /^failures\./ },
  {
    title: "TIME_WAIT and ports",
    all: /^(time_wait|ports|conntrack)\.|^tcpext\.(TW|TCPTimeWaitOverflow$)/,
    headline:
      /^(time_wait\.(peak|plateau)|ports\.(range|used_peak|first_exhausted_ms)|conntrack\.(peak|dropped)|tcpext\.(TWRecycled|TCPTimeWaitOverflow))$/,
  },
  {
    title: "resets, queues and loss",
    all: /^(rst|accept_queue|accept_failures|syn_recv)\.|^tcp(ext)?\.(Listen|TCPReqQFull|RetransSegs|TCPSynRetrans|TCPTimeouts|TCPAbort)/,
    headline:
      /^(rst\.(sent|received)(_rate_peak)?|rst\.reason\..+|(accept_queue|syn_recv)\.peak|accept_failures\..+|tcp\.RetransSegs|tcpext\.(ListenOverflows|ListenDrops|TCPReqQFullDrop|TCPTimeouts))$/,
  },
  {
    title: "latency",
    all: /^latency\./,
    headline: /^latency\.(connect|request|total)\.(p50|p99)$/,
  },
  { title: "CPU", all: /^cpu\./, headline: /^cpu\.us_per_(connection|request)$/ },
  { title: "harness", all: /^sampler\./, headline: /(?!)/ },
  { title: "kernel counters", all: /^tcp(ext)?\./, headline: /(?!)/ },
];

/** The metrics of the shortest table, of those above. Names alone decide, so that no number can choose what is judged. */
const KEY_METRICS =
  /^(connections\.(succeeded|failed|dropped|rate)|requests\.(failed|rate)|failures\..+|time_wait\.peak|ports\.first_exhausted_ms|conntrack\.(peak|dropped)|tcpext\.(TWRecycled|TCPTimeWaitOverflow|ListenOverflows|TCPReqQFullDrop|TCPTimeouts)|tcp\.RetransSegs|rst\.(sent|received)|latency\.(connect|total)\.p(50|99)|cpu\.us_per_request)$/;

/** Headlines that say again, or in part, what one of the short list says. */
const SHADOWS =
  /^(connections\.attempted|requests\.rate|time_wait\.plateau|ports\.(range|used_peak)|latency\.request\.|cpu\.us_per_connection|tcpext\.ListenDrops)/;

const MAIN_METRICS = /^(connections\.(succeeded|rate)|requests\.rate)$/;

const OTHER = "other";

interface Placed {
  readonly title: string;
  readonly isHeadline: boolean;
}

/** Names are few and asked for thousands of times. */
const placed = new Map<string, Placed>();

function placeOf(metric: string): Placed {
  let place = placed.get(metric);
  if (place === undefined) {
    const title = GROUPS.find(({ all }) => all.test(metric))?.title ?? OTHER;
    place = { title, isHeadline: GROUPS.some(({ headline }) => headline.test(metric)) };
    placed.set(metric, place);
  }
  return place;
}

/** Whether a metric is shown without being asked for, if it is not zero throughout. */
export function isHeadline(metric: string): boolean {
  return placeOf(metric).isHeadline;
}

export function isKeyMetric(metric: string): boolean {
  return KEY_METRICS.test(metric);
}

/** Whether a metric moves with one of the short list, so that a difference in it is no news. */
export function isShadow(metric: string): boolean {
  return SHADOWS.test(metric);
}

/** Whether a metric is shown even where all variants agree on it. */
export function isMainMetric(metric: string): boolean {
  return MAIN_METRICS.test(metric);
}

export interface MetricGroup<T> {
  readonly title: string;
  readonly members: readonly T[];
}

/** Items by the group of their metric, in the order of the groups; the quantiles of one latency stand together. */
export function groupMetrics<T>(
  items: readonly T[],
  metricOf: (item: T) => string,
): MetricGroup<T>[] {
  const byTitle = Map.groupBy(items, (item) => placeOf(metricOf(item)).title);
  return [...GROUPS.map(({ title }) => title), OTHER].flatMap((title) => {
    const members = byTitle.get(title) ?? [];
    if (members.length === 0) return [];
    const inOrder = members.toSorted(
      (a, b) => placeOfLatency(metricOf(a)) - placeOfLatency(metricOf(b)),
    );
    return [{ title, members: inOrder }];
  });
}

function placeOfLatency(metric: string): number {
  return LATENCY_METRICS.findIndex((latency) => metric.startsWith(`latency.${latency}.`));
}
