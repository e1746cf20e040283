/** From an eighth to seven eighths of a cell. */
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar of `width` cells, filled to a share of 0..1 in steps of an eighth of a cell. */
export function drawBar(share: number, width: number, empty: "░" | " " = " "): string {
  const bounded = Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0;
  const eighths = Math.round(bounded * width * 8);
  const filled = "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
  return filled + empty.repeat(width - filled.length);
}
