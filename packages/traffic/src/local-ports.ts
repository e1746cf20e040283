import { readFileSync } from "node:fs";

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** The range of the calling thread's network namespace (ip-sysctl: ip_local_port_range). */
export function readLocalPortRange(): PortRange {
  const [first = 0, last = 0] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8")
    .trim()
    .split(/\s+/)
    .map(Number);
  return { first, last };
}

/**
 * The local ports of bind mode `port`, in turn and for ever: each worker of a namespace has every `of`-th port of the range, so
 * no two choose the same. A worker without any port of its own shares the first.
 */
export function cyclePorts(
  { first, last }: PortRange,
  { index, of }: { readonly index: number; readonly of: number },
): () => number {
  const start = first + index <= last ? first + index : first;
  let next = start;
  return () => {
    const port = next;
    next = next + of <= last ? next + of : start;
    return port;
  };
}
