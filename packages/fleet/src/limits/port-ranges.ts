const PORT_MAX = 65_535;

/** From `first` to `last`, both included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Reads `80` or `8000-8999`; null when the text is neither, or outside 1..65535. */
export function parsePortRange(text: string): PortRange | null {
  const [, firstText, lastText] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  if (firstText === undefined) return null;
  const first = Number(firstText);
  const last = Number(lastText ?? firstText);
  return first >= 1 && first <= last && last <= PORT_MAX ? { first, last } : null;
}

export function isInPortRanges(port: number, ranges: readonly PortRange[]): boolean {
  return ranges.some(({ first, last }) => port >= first && port <= last);
}
