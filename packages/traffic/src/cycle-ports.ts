import type { PortRange } from "@churnlab/linux";

/**
 * The local ports of bind mode `port`, in turn and for ever: each worker of a namespace has every `of`-th port of the range, so
 * no two choose the same. A worker without any port of its own shares the first.
 */
export function cyclePorts(
  { low, high }: Pick<PortRange, "low" | "high">,
  { index, of }: { readonly index: number; readonly of: number },
): () => number {
  const start = low + index <= high ? low + index : low;
  let next = start;
  return () => {
    const port = next;
    next = next + of <= high ? next + of : start;
    return port;
  };
}
