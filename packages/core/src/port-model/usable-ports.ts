/** The default of ip_local_port_range in a new namespace. */
const DEFAULT_RANGE = "32768 60999";

/** Ports that connect() may choose: ip_local_port_range less ip_local_reserved_ports. */
export function countUsablePorts(settings: Readonly<Record<string, string>>): number {
  const [low = 0, high = 0] = numbersOf(
    settings["net.ipv4.ip_local_port_range"] ?? DEFAULT_RANGE,
    /\s+/,
  );
  const reserved = settings["net.ipv4.ip_local_reserved_ports"] ?? "";
  return high - low + 1 - countReservedPorts(reserved, { low, high });
}

/** How many ports of a list such as `8080,9000-9100` lie in a range; ports that are listed twice count once. */
export function countReservedPorts(
  list: string,
  { low, high }: { readonly low: number; readonly high: number },
): number {
  const spans = list
    .split(",")
    .filter((part) => part.trim() !== "")
    .map((part) => {
      const [first = 0, last = first] = numbersOf(part, "-");
      return [Math.max(first, low), Math.min(last, high)] as const;
    })
    .toSorted(([a], [b]) => a - b);
  let count = 0;
  let counted = low - 1;
  for (const [first, last] of spans) {
    count += Math.max(0, last - Math.max(first - 1, counted));
    counted = Math.max(counted, last);
  }
  return count;
}

function numbersOf(text: string, separator: string | RegExp): number[] {
  return text.trim().split(separator).map(Number);
}
