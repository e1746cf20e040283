/** `#t=1.2,5.12`: seconds, so that a link shows what its sender saw. */
const PATTERN = /^#t=(-?[\d.]+),(-?[\d.]+)$/;

export function readZoom(): [number, number] | null {
  const found = PATTERN.exec(location.hash);
  if (found === null) return null;
  const range: [number, number] = [Number(found[1]) * 1000, Number(found[2]) * 1000];
  return range.every(Number.isFinite) && range[0] < range[1] ? range : null;
}

export function writeZoom(range: readonly [number, number] | null): void {
  if (range === null && !location.hash.startsWith("#t=")) return;
  const hash =
    range === null ? "#over-time" : `#t=${range.map((ms) => Math.round(ms) / 1000).join(",")}`;
  history.replaceState(null, "", hash);
}
