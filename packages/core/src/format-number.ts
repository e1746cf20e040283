/** Nearer to 0 than this is 0 but for the arithmetic's last digits. */
const ZERO = 1e-9;

/**
 * `3 200`, `256`, `12.3`, `0.312`, `0.0004`: groups of three digits, three digits or more, and no more decimals than the
 * number can bear. How people are shown a number, everywhere; machine formats print it as it is stored.
 */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const [whole = "", fraction] = Math.abs(value).toFixed(decimalsOf(value)).split(".");
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, " ");
  const sign = value < 0 && Number(`${whole}.${fraction ?? ""}`) !== 0 ? "−" : "";
  return sign + (fraction === undefined ? grouped : `${grouped}.${fraction}`);
}

/** Digits after the point of a number of this size; integers have none. */
function decimalsOf(value: number): number {
  const size = Math.abs(value);
  if (Number.isInteger(value) || size >= 100 || size < ZERO) return 0;
  if (size >= 10) return 1;
  if (size >= 1) return 2;
  // A small number is not nothing: its first digit is shown.
  return size >= 0.001 ? 3 : Math.ceil(-Math.log10(size) - ZERO);
}

/** Numbers that are told beside each other: with all their digits where different ones would read alike. */
export function formatApart(values: readonly number[]): string[] {
  const texts = values.map(formatNumber);
  return new Set(texts).size === new Set(values).size ? texts : values.map(String);
}

/** `3 trials`, `1 trial` */
export function formatCount(count: number, noun: string): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? "" : "s"}`;
}
