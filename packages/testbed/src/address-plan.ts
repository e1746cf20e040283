/**
 * Addresses of a trial's hosts, from the ranges reserved for benchmarks (RFC 2544 and RFC 5180). Namespaces are private,
 * so every trial uses the same ones.
 */
export const TARGET_ADDRESS = "198.18.0.1";
export const UPSTREAM_ADDRESS = "198.18.0.2";

/** The address of client number `index` (0-based): 198.19.0.1, 198.19.0.2, … */
export function clientAddress(index: number): string {
  const host = index + 1;
  return `198.19.${host >> 8}.${host & 255}`;
}
