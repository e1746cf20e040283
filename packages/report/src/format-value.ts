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

/** Digits after the point of a number of this size, so that it has three digits or more; integers have none. */
function decimalsFor(size: number): number {
  if (size >= 100) return 0;
  if (size >= 10) return 1;
  return size >= 1 ? 2 : 3;
}

/** `3 200`, `256`, `12.3`, `0.312`: groups of three digits, no more decimals than the number can bear. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const decimals = Number.isInteger(value) ? 0 : decimalsFor(Math.abs(value));
  const [whole = "", fraction] = Math.abs(value).toFixed(decimals).split(".");
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, " ");
  const sign = value < 0 && Number(whole + (fraction ?? "")) !== 0 ? "−" : "";
  return sign + (fraction === undefined ? grouped : `${grouped}.${fraction}`);
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

/** `3 trials`, `1 trial` */
export function formatCount(count: number, noun: string): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? "" : "s"}`;
}
