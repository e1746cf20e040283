import type { PortCensus } from "@churnlab/linux";

/** What a table of destinations does not show. `range`: ports that connect() may choose from, null where it is not seen. */
export function describeCensus(
  census: Pick<PortCensus, "busiest" | "describeOmitted" | "portsUsed">,
  range: { readonly usable: number } | null,
): string[] {
  return [census.describeOmitted(), describeBoundPool(census, range)].filter(
    (note) => note !== null,
  );
}

/**
 * Which socket had its port from bind(address, 0), the kernel does not tell; the note is for whoever has such a pool, once
 * half of the range is gone and no single destination shows it.
 */
function describeBoundPool(
  census: Pick<PortCensus, "busiest" | "portsUsed">,
  range: { readonly usable: number } | null,
): string | null {
  const used = census.portsUsed;
  if (range === null || used <= range.usable / 2) return null;
  if (used === census.busiest(1)[0]?.ports) return null;
  return (
    `${used} of ${range.usable} local ports are in use towards all destinations together: bind(address, 0) before ` +
    "connect() finds none of them free, whatever the forecast of one destination says"
  );
}
