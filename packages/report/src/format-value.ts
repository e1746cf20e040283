import { formatNumber } from "@churnlab/core/format-number";

export { formatCount, formatNumber } from "@churnlab/core/format-number";

/** What a number is multiplied with before it is shown, and what stands behind it. */
export interface Scale {
  readonly factor: number;
  readonly suffix: string;
}

/** How a number is shown to people, everywhere. Machine formats print numbers as they are stored. */
export function formatValue(value: number | null, unit: string): string {
  if (value === null) return "–";
  if (!Number.isFinite(value)) return String(value);
  const { factor, suffix } = chooseScale(value, unit);
  return formatNumber(value * factor) + suffix;
}

/** `312 µs`, `12.3 ms`, `5.12 s`: times in the largest unit that leaves a whole part of this value. */
export function chooseScale(value: number, unit: string): Scale {
  switch (unit) {
    case "us":
      return chooseTimeScale(value, 1);
    case "ms":
      return chooseTimeScale(value * US_PER_MS, US_PER_MS);
    case "share":
      return { factor: 100, suffix: " %" };
    case "/s":
      return { factor: 1, suffix: "/s" };
    default:
      return { factor: 1, suffix: "" };
  }
}

const US_PER_MS = 1000;
const US_PER_S = 1_000_000;

function chooseTimeScale(us: number, usPerUnit: number): Scale {
  const size = Math.abs(us);
  if (size < US_PER_MS) return { factor: usPerUnit, suffix: " µs" };
  if (size < US_PER_S) return { factor: usPerUnit / US_PER_MS, suffix: " ms" };
  return { factor: usPerUnit / US_PER_S, suffix: " s" };
}

/** `00:44`, `1:02:05`. */
export function formatClock(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, seconds] = [
    Math.floor(total / 3600),
    Math.floor(total / 60) % 60,
    total % 60,
  ];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds)}` : `${pad(minutes)}:${pad(seconds)}`;
}

function pad(part: number): string {
  return String(part).padStart(2, "0");
}

/** `2026-11-22 12:03 UTC` */
export function formatTime(unixMs: number): string {
  return `${new Date(unixMs).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
