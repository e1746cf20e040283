/** The cost of connect() while a share of the port range was taken. */
export interface ConnectCostPoint {
  /** Of the range that was taken, 0 to 100. */
  readonly percent: number;
  /** Calls. */
  readonly count: number;
  readonly meanUs: number;
}

export interface ConnectCostBand {
  /** Percent of the range, with its lower end and without its upper one, but 100. */
  readonly from: number;
  readonly to: number;
}

/** Quarters of the range. */
export const CONNECT_COST_BANDS: readonly ConnectCostBand[] = [
  { from: 0, to: 25 },
  { from: 25, to: 50 },
  { from: 50, to: 75 },
  { from: 75, to: 100 },
];

export interface ConnectCostSummary {
  readonly calls: number;
  /** The mean of all calls in each of `CONNECT_COST_BANDS`; null where there was none. */
  readonly meansUs: readonly (number | null)[];
}

/** Each point counts for as many calls as it stands for: the mean of a band is that of its calls. */
export function summariseConnectCost(points: readonly ConnectCostPoint[]): ConnectCostSummary {
  return {
    calls: countCalls(points),
    meansUs: CONNECT_COST_BANDS.map(({ from, to }) => {
      const isIn = (percent: number): boolean => percent >= from && (percent < to || to === 100);
      return meanUs(points.filter(({ percent }) => isIn(percent)));
    }),
  };
}

function countCalls(points: readonly ConnectCostPoint[]): number {
  return points.reduce((sum, { count }) => sum + count, 0);
}

function meanUs(points: readonly ConnectCostPoint[]): number | null {
  const calls = countCalls(points);
  if (calls === 0) return null;
  return points.reduce((sum, { count, meanUs: mean }) => sum + count * mean, 0) / calls;
}
